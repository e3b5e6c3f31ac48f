"""A person says something to an alert: I am on it, or it is over."""

from uuid import UUID

import msgspec

from trilha.application.monitoring.views import AlertView, alert_view
from trilha.application.ports import Clock, MonitoringUnitOfWork, UnitsOfWork
from trilha.domain.kernel import NotFound, OrganisationId
from trilha.domain.monitoring import Alert, Said, VehicleWatch, acknowledge, hush, resolve, settled


class SettleAlertCommand(msgspec.Struct, frozen=True):
    """Which alert, who says it, and what else there is to say."""

    organisation_id: OrganisationId
    alert_id: UUID
    by: str
    note: str | None = None


class AcknowledgeAlert:
    """Somebody is on it. Repeating it is harmless: the first who said so stays."""

    def __init__(self, *, units: UnitsOfWork[MonitoringUnitOfWork], clock: Clock) -> None:
        self._units = units
        self._clock = clock

    async def __call__(self, command: SettleAlertCommand) -> AlertView:
        """Raises NotFound, AlreadyResolved, and InvalidValue for a note that is too long."""
        said = Said(at=self._clock.now(), by=command.by, note=command.note)
        async with self._units(command.organisation_id) as unit:
            before = await _alone_with(unit, command.alert_id)
            after = await _save(unit, before, acknowledge(before, said))
        return alert_view(after)


class ResolveAlert:
    """It is over, and the rule keeps quiet about that vehicle for its cooldown. Repeating it is harmless."""

    def __init__(self, *, units: UnitsOfWork[MonitoringUnitOfWork], clock: Clock) -> None:
        self._units = units
        self._clock = clock

    async def __call__(self, command: SettleAlertCommand) -> AlertView:
        """Raises NotFound, and InvalidValue for a note that is too long."""
        said = Said(at=self._clock.now(), by=command.by, note=command.note)
        async with self._units(command.organisation_id) as unit:
            before = await _alone_with(unit, command.alert_id)
            after = resolve(before, said)
            if after is not before:
                await _hush(unit, after, said)
            after = await _save(unit, before, after)
        return alert_view(after)


async def _alone_with(unit: MonitoringUnitOfWork, alert_id: UUID) -> Alert:
    """The alert, with nobody watching meanwhile: a page that counts on it comes before or after."""
    await unit.watches.load(())
    return await unit.alerts.get(alert_id)


async def _hush(unit: MonitoringUnitOfWork, alert: Alert, said: Said) -> None:
    try:
        rule = await unit.alert_rules.get(alert.rule_id)
    except NotFound:
        return  # deleted since: there is nothing to keep quiet
    known = await unit.watches.load((alert.vehicle_id,))
    state = known.get(alert.vehicle_id) or VehicleWatch(alert.vehicle_id)
    quiet = hush(state, rule, said.at)
    if quiet is not state:
        await unit.watches.save((quiet,))


async def _save(unit: MonitoringUnitOfWork, before: Alert, after: Alert) -> Alert:
    if after is before:
        return before
    after = msgspec.structs.replace(after, version=before.version + 1)
    await unit.alerts.save((after,))
    for event in settled(before, after):
        unit.record(event)
    await unit.commit()
    return after
