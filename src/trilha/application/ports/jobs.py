"""Recurring work as rows, and the queue that carries it to workers."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

import msgspec

from trilha.domain.kernel import OrganisationId


class JobRow(msgspec.Struct, frozen=True):
    """When a kind of work is due next for an organisation."""

    organisation_id: OrganisationId
    kind: str
    next_run_at: datetime
    last_enqueued_at: datetime | None = None


class JobClaim(Protocol):
    """Due rows locked by this scheduler."""

    @property
    def due(self) -> Sequence[JobRow]:
        """Those whose time has come."""
        ...

    async def reschedule(self, row: JobRow) -> None:
        """Write the row's next time."""
        ...


class Jobs(Protocol):
    """The table of recurring work."""

    async def ensure(self, rows: Sequence[JobRow]) -> None:
        """Add the rows that are missing; those that exist keep their time."""
        ...

    async def withdraw(self, organisation_id: OrganisationId) -> None:
        """Take all rows of an organisation away: nothing is done for it until they are ensured again."""
        ...

    def claim_due(self, now: datetime, limit: int) -> AbstractAsyncContextManager[JobClaim]:
        """Lock due rows; they are given back unchanged if the block raises."""
        ...

    async def all(self, organisation_id: OrganisationId) -> Sequence[JobRow]:
        """The rows of an organisation."""
        ...


class JobRequests(Protocol):
    """What a command may do with recurring work, inside its unit of work."""

    async def bring_forward(self, kind: str, to: datetime) -> None:
        """Make the job due at `to` if it is due later; raises NotFound for an unknown kind."""
        ...


class TaskQueue(Protocol):
    """Carries work that may be started again from state; delivered at least once."""

    async def enqueue(self, task: str, arguments: Mapping[str, str]) -> None:
        """Hand over; returns when the queue has stored it."""
        ...
