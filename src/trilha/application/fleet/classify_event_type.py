"""Somebody says what an event type means to the organisation, or takes that back."""

import msgspec

from trilha.application.answering_once import answered_before, keep_answer
from trilha.application.fleet.queries import EventTypeView, event_type_view
from trilha.application.ports import Clock, FleetUnitOfWork, IdempotencyScope, IdSource, UnitsOfWork
from trilha.domain.fleet import Classification, EventType, EventTypeClassified, reclassified, reclassify
from trilha.domain.kernel import EventTypeId, NotFound, OrganisationId


class ClassifyEventTypeCommand(msgspec.Struct, frozen=True, kw_only=True):
    """`classification` is the organisation's own word, None for that of the stock table."""

    organisation_id: OrganisationId
    event_type_id: EventTypeId
    classification: Classification | None
    changed_by: str
    reason: str | None = None
    scope: IdempotencyScope | None = None


class ClassifyEventType:
    """Reports follow at once, those of past times too. Saying what was said before changes nothing."""

    def __init__(self, *, units: UnitsOfWork[FleetUnitOfWork], clock: Clock, ids: IdSource) -> None:
        self._units = units
        self._clock = clock
        self._ids = ids

    async def __call__(self, command: ClassifyEventTypeCommand) -> EventTypeView:
        """Raises NotFound, InvalidValue, and Conflict if the type was changed at the same moment."""
        now = self._clock.now()
        async with self._units(command.organisation_id) as unit:
            answer = await answered_before(unit.idempotency, command.scope, EventTypeView)
            if answer is not None:
                return answer
            result = event_type_view(await self._decide(unit, command))
            await keep_answer(unit.idempotency, command.scope, result, now)
            await unit.commit()
        return result

    async def _decide(self, unit: FleetUnitOfWork, command: ClassifyEventTypeCommand) -> EventType:
        overrides = await unit.master_data.classifications()
        event_type = (await unit.master_data.known("event_types")).get(command.event_type_id)
        if not isinstance(event_type, EventType):
            raise NotFound("event type", command.event_type_id)
        change = reclassify(
            event_type,
            command.classification,
            overrides,
            change_id=self._ids.new(),
            changed_by=command.changed_by,
            now=self._clock.now(),
            reason=command.reason,
        )
        if overrides.get(event_type.id) is not command.classification:
            # kept where it changes nothing, too: the stock table may be another one some day
            await unit.master_data.classify(event_type.id, command.classification)
        if change is None:
            return event_type
        await unit.master_data.add_change(change)
        await unit.master_data.save("event_types", [reclassified(event_type, change)])
        unit.record(EventTypeClassified.of(change))
        return reclassified(event_type, change)
