"""What came of watching, written down in the unit of work that watched."""

from collections.abc import Mapping, Sequence

from trilha.application.ports import IdSource, MonitoringUnitOfWork
from trilha.domain.kernel import VehicleId
from trilha.domain.monitoring import (
    Crossing,
    Departure,
    Direction,
    Fired,
    Passage,
    Rulebook,
    Signal,
    VehicleWatch,
    Visit,
    Watched,
    crossed,
    tell,
)


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
    crossings = sorted((crossing for one in watched for crossing in one.crossings), key=lambda one: one.at)
    if crossings:
        await unit.visits.follow([_passage(crossing, ids) for crossing in crossings])
    for crossing in crossings:
        unit.record(crossed(crossing))
    signals = [signal for one in watched for signal in one.signals]
    if signals:
        await _tell(unit, signals, book, ids)


def _passage(crossing: Crossing, ids: IdSource) -> Passage:
    if crossing.direction is Direction.EXIT:
        return Departure(
            geofence_id=crossing.geofence_id,
            vehicle_id=crossing.vehicle_id,
            left_at=crossing.at,
            exit=crossing.place,
        )
    return Visit(
        id=ids.new(),
        geofence_id=crossing.geofence_id,
        vehicle_id=crossing.vehicle_id,
        driver_id=crossing.driver_id,
        entered_at=crossing.at,
        entry=crossing.place,
    )


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
