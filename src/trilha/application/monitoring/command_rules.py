"""A person says what to be told about."""

from uuid import UUID

import msgspec

from trilha.application.answering_once import answered_before, keep_answer
from trilha.application.monitoring.views import AlertRuleView, rule_view
from trilha.application.ports import Clock, IdempotencyScope, IdSource, MonitoringUnitOfWork, UnitsOfWork
from trilha.domain.kernel import InvalidValue, NotFound, OrganisationId, require_unchanged
from trilha.domain.monitoring import FenceCrossing, FenceDwell, RuleContent, change_rule, new_rule


class CreateRuleCommand(msgspec.Struct, frozen=True):
    """A new rule; `scope` makes a repeated request harmless."""

    organisation_id: OrganisationId
    content: RuleContent
    scope: IdempotencyScope | None = None


class CreateRule:
    """Vehicles are watched by it from the next page on; nothing of the past is told."""

    def __init__(self, *, units: UnitsOfWork[MonitoringUnitOfWork], clock: Clock, ids: IdSource) -> None:
        self._units = units
        self._clock = clock
        self._ids = ids

    async def __call__(self, command: CreateRuleCommand) -> AlertRuleView:
        """Raises TooManyRules, and InvalidValue for a geofence that the organisation does not have."""
        now = self._clock.now()
        async with self._units(command.organisation_id) as unit:
            answer = await answered_before(unit.idempotency, command.scope, AlertRuleView)
            if answer is not None:
                return answer
            await _require_fences(unit, command.content)
            others = len(await unit.alert_rules.all())
            rule = new_rule(self._ids.new(), command.content, now, others=others)
            await unit.alert_rules.save(rule)
            result = rule_view(rule)
            await keep_answer(unit.idempotency, command.scope, result, now)
            await unit.commit()
        return result


class ChangeRuleCommand(msgspec.Struct, frozen=True):
    """What a rule is to say from now on; `seen` is the version that was looked at."""

    organisation_id: OrganisationId
    rule_id: UUID
    content: RuleContent
    seen: int | None = None


class ChangeRule:
    """Open alerts stay as the old version told them. Saying the same again changes nothing."""

    def __init__(self, *, units: UnitsOfWork[MonitoringUnitOfWork], clock: Clock) -> None:
        self._units = units
        self._clock = clock

    async def __call__(self, command: ChangeRuleCommand) -> AlertRuleView:
        """Raises NotFound, ConditionKindFixed, Conflict, and InvalidValue as CreateRule does."""
        async with self._units(command.organisation_id) as unit:
            rule = await unit.alert_rules.get(command.rule_id)
            changed = change_rule(rule, command.content, self._clock.now())
            if changed is not rule:
                require_unchanged(command.seen, rule.version)
                await _require_fences(unit, command.content)
                await unit.alert_rules.save(changed)
                await unit.commit()
        return rule_view(changed)


class DeleteRuleCommand(msgspec.Struct, frozen=True):
    """Which rule to forget."""

    organisation_id: OrganisationId
    rule_id: UUID


class DeleteRule:
    """Its alerts stay, with the name it had; those that are open wait for a person, for nothing ends them any more."""

    def __init__(self, *, units: UnitsOfWork[MonitoringUnitOfWork]) -> None:
        self._units = units

    async def __call__(self, command: DeleteRuleCommand) -> None:
        """Raises NotFound."""
        async with self._units(command.organisation_id) as unit:
            await unit.alert_rules.delete(command.rule_id)
            await unit.commit()


async def _require_fences(unit: MonitoringUnitOfWork, content: RuleContent) -> None:
    """A rule that waits for a geofence that is not there would never tell anything, and nobody would notice.

    They are locked until the unit ends, one after the other in the same order everywhere: who deletes one comes before,
    or finds the rule.
    """
    if not isinstance(content.condition, FenceCrossing | FenceDwell):
        return
    for geofence_id in sorted(set(content.condition.geofence_ids)):
        try:
            await unit.geofences.get(geofence_id)
        except NotFound:
            expected = "geofences of the organisation; GET /v1/geofences lists them"
            raise InvalidValue("geofence_ids", str(geofence_id), expected) from None
