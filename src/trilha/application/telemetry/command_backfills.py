"""A person wants a past time brought in, or to know how far that is, or no longer."""

from datetime import datetime
from uuid import UUID

import msgspec

from trilha.application.answering_once import answered_before, keep_answer
from trilha.application.ports import Clock, IdempotencyScope, IdSource, OperationsUnitOfWork, UnitsOfWork
from trilha.application.schedule import FILL_BACKFILLS
from trilha.application.telemetry.views import BackfillView, backfill_view
from trilha.domain.kernel import Conflict, OrganisationId
from trilha.domain.telemetry import (
    BackfillFinished,
    backfill_missing,
    cancel_backfill,
    parse_streams,
    request_backfill,
)


class RequestBackfillCommand(msgspec.Struct, frozen=True):
    """`streams` by name, all feeds where none is named; `scope` makes a repeated request harmless."""

    organisation_id: OrganisationId
    start: datetime
    end: datetime
    streams: tuple[str, ...] = ()
    scope: IdempotencyScope | None = None


class RequestBackfill:
    """Begins within seconds, goes as fast as the source's budget of calls allows behind the streams."""

    def __init__(self, *, units: UnitsOfWork[OperationsUnitOfWork], clock: Clock, ids: IdSource) -> None:
        self._units = units
        self._clock = clock
        self._ids = ids

    async def __call__(self, command: RequestBackfillCommand) -> BackfillView:
        """Raises InvalidValue, BackfillUnderWay, NotFound for an organisation without that job."""
        streams = parse_streams(command.streams)
        now = self._clock.now()
        async with self._units(command.organisation_id) as unit:
            answer = await answered_before(unit.idempotency, command.scope, BackfillView)
            if answer is not None:
                return answer
            others = await unit.backfills.unfinished()
            backfill = request_backfill(self._ids.new(), command.start, command.end, streams, now, others=others)
            try:
                await unit.backfills.save(backfill)
            except Conflict:
                # somebody's wish came at the same moment: it says so, if it is still there
                others = await unit.backfills.unfinished()
                request_backfill(backfill.id, command.start, command.end, streams, now, others=others)
                raise
            await unit.jobs.bring_forward(FILL_BACKFILLS, now)
            result = backfill_view(backfill, now)
            await keep_answer(unit.idempotency, command.scope, result, now)
            await unit.commit()
        return result


class FindBackfill:
    """How one backfill stands."""

    def __init__(self, *, units: UnitsOfWork[OperationsUnitOfWork], clock: Clock) -> None:
        self._units = units
        self._clock = clock

    async def __call__(self, organisation_id: OrganisationId, backfill_id: UUID) -> BackfillView:
        """Raises NotFound."""
        async with self._units(organisation_id) as unit:
            backfill = await unit.backfills.get(backfill_id)
        if backfill is None:
            raise backfill_missing(backfill_id)
        return backfill_view(backfill, self._clock.now())


class CancelBackfillCommand(msgspec.Struct, frozen=True):
    """Which one to stop."""

    organisation_id: OrganisationId
    backfill_id: UUID


class CancelBackfill:
    """What was brought in stays; the window that is just being asked for is dropped. Repeating it is harmless."""

    def __init__(self, *, units: UnitsOfWork[OperationsUnitOfWork], clock: Clock) -> None:
        self._units = units
        self._clock = clock

    async def __call__(self, command: CancelBackfillCommand) -> BackfillView:
        """Raises NotFound, BackfillEnded, and Conflict if a window was committed at the same moment."""
        now = self._clock.now()
        async with self._units(command.organisation_id) as unit:
            backfill = await unit.backfills.get(command.backfill_id)
            if backfill is None:
                raise backfill_missing(command.backfill_id)
            cancelled = cancel_backfill(backfill, now)
            if cancelled is not backfill:
                await unit.backfills.save(cancelled)
                unit.record(BackfillFinished.of(cancelled))
                await unit.commit()
        return backfill_view(cancelled, now)
