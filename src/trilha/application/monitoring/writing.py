"""What came of watching, written down in the unit of work that watched."""

from collections.abc import Mapping, Sequence

from trilha.application.ports import IdSource, MonitoringUnitOfWork
from trilha.domain.kernel import VehicleId
from trilha.domain.monitoring import Fired, Rulebook, Signal, VehicleWatch, Watched, crossed, tell


async def write_down(
    unit: MonitoringUnitOfWork,
    before: Mapping[VehicleId, VehicleWatch],
    watched: Sequence[Watched],
    book: Rulebook,
    ids: IdSource,
) -> None:
    """States that changed, visits, alerts and events. A firing that was noted for the same record before is dropped."""
    changed = [one.state for one in watched if before.get(one.state.vehicle_id) != one.state]
    if changed:
        await unit.watches.save(changed)
    for crossing in (crossing for one in watched for crossing in one.crossings):
        unit.record(crossed(crossing))
    signals = [signal for one in watched for signal in one.signals]
    if signals:
        await _tell(unit, signals, book, ids)


async def _tell(unit: MonitoringUnitOfWork, signals: Sequence[Signal], book: Rulebook, ids: IdSource) -> None:
    fired = [signal for signal in signals if isinstance(signal, Fired)]
    new = {id(signal) for signal in await unit.alerts.note(fired)} if fired else set()
    heeded = [signal for signal in signals if not isinstance(signal, Fired) or id(signal) in new]
    open_alerts = await unit.alerts.open_of({(signal.rule_id, signal.vehicle_id) for signal in heeded})
    told = tell(heeded, book.by_id, open_alerts, ids.new)
    if told.alerts:
        await unit.alerts.save(told.alerts)
    for event in told.events:
        unit.record(event)
