"""Somebody wants fresh data now, not at the next turn."""

from datetime import datetime

import msgspec

from trilha.application.answering_once import answered_before, keep_answer
from trilha.application.ports import Clock, IdempotencyScope, OperationsUnitOfWork, UnitsOfWork
from trilha.application.schedule import job_of
from trilha.domain.kernel import OrganisationId


class RequestSyncCommand(msgspec.Struct, frozen=True):
    """`kinds` are job kinds; `scope` makes a repeated request harmless."""

    organisation_id: OrganisationId
    kinds: tuple[str, ...]
    scope: IdempotencyScope | None = None


class SyncRequested(msgspec.Struct, frozen=True):
    """The jobs were made due at `requested_at`; they show as runs when a worker has begun them."""

    kinds: tuple[str, ...]
    requested_at: datetime


class RequestSync:
    """Makes jobs due now. The scheduler hands them over within a second."""

    def __init__(self, *, units: UnitsOfWork[OperationsUnitOfWork], clock: Clock) -> None:
        self._units = units
        self._clock = clock

    async def __call__(self, command: RequestSyncCommand) -> SyncRequested:
        """Raises InvalidValue for an unknown kind, NotFound for an organisation without that job."""
        for kind in command.kinds:
            job_of(kind)
        now = self._clock.now()
        async with self._units(command.organisation_id) as unit:
            answer = await answered_before(unit.idempotency, command.scope, SyncRequested)
            if answer is not None:
                return answer
            for kind in command.kinds:
                await unit.jobs.bring_forward(kind, now)
            result = SyncRequested(kinds=command.kinds, requested_at=now)
            await keep_answer(unit.idempotency, command.scope, result, now)
            await unit.commit()
        return result
