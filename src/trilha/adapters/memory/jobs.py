"""Recurring work as rows, and the queue that carries it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

import msgspec

from trilha.adapters.memory.database import MemoryDatabase
from trilha.application.ports import JobRow
from trilha.domain.kernel import OrganisationId


class MemoryJobClaim:
    """Due rows in the hands of one scheduler."""

    def __init__(self, due: Sequence[JobRow]) -> None:
        self._due = tuple(due)
        self.rescheduled: list[JobRow] = []

    @property
    def due(self) -> Sequence[JobRow]:
        """Those whose time has come, longest due first."""
        return self._due

    async def reschedule(self, row: JobRow) -> None:
        """Write the row's next time when the block ends."""
        self.rescheduled.append(row)


class MemoryJobs:
    """The table of recurring work."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def ensure(self, rows: Sequence[JobRow]) -> None:
        """Add the rows that are missing."""
        for row in rows:
            self._database.of(row.organisation_id).jobs.setdefault(row.kind, row)

    async def withdraw(self, organisation_id: OrganisationId) -> None:
        """Take all rows of an organisation away, also from a scheduler that has them in its hands."""
        self._database.of(organisation_id).jobs.clear()

    @asynccontextmanager
    async def claim_due(self, now: datetime, limit: int) -> AsyncIterator[MemoryJobClaim]:
        """Take due rows that no other scheduler has in its hands."""
        claim = MemoryJobClaim(self._free(now)[:limit])
        keys = [(row.organisation_id, row.kind) for row in claim.due]
        self._database.claimed_jobs.update(dict.fromkeys(keys))
        wanted: dict[tuple[OrganisationId, str], datetime | None] = {}
        try:
            yield claim
            self._write(claim.rescheduled)
        finally:
            for key in keys:
                wanted[key] = self._database.claimed_jobs.pop(key)
        self._bring_forward(wanted)

    async def all(self, organisation_id: OrganisationId) -> Sequence[JobRow]:
        """The rows of an organisation by kind."""
        return sorted(self._database.of(organisation_id).jobs.values(), key=lambda row: row.kind)

    def _free(self, now: datetime) -> list[JobRow]:
        rows = (row for _, tables in self._database.tables() for row in tables.jobs.values())
        claimed = self._database.claimed_jobs
        due = [row for row in rows if row.next_run_at <= now and (row.organisation_id, row.kind) not in claimed]
        return sorted(due, key=lambda row: (row.next_run_at, row.organisation_id, row.kind))

    def _write(self, rows: Sequence[JobRow]) -> None:
        for row in rows:
            if row.kind in (jobs := self._database.of(row.organisation_id).jobs):
                jobs[row.kind] = row

    def _bring_forward(self, wanted: Mapping[tuple[OrganisationId, str], datetime | None]) -> None:
        for (organisation_id, kind), to in wanted.items():
            jobs = self._database.of(organisation_id).jobs
            if to is not None and kind in jobs:
                jobs[kind] = msgspec.structs.replace(jobs[kind], next_run_at=min(to, jobs[kind].next_run_at))


class QueuedTask(msgspec.Struct, frozen=True):
    """A task by name with its arguments."""

    task: str
    arguments: Mapping[str, str]


class MemoryTaskQueue:
    """Keeps tasks in order until somebody takes them."""

    def __init__(self) -> None:
        self._tasks: list[QueuedTask] = []

    async def enqueue(self, task: str, arguments: Mapping[str, str]) -> None:
        """Keep a task."""
        self._tasks.append(QueuedTask(task, dict(arguments)))

    def take(self) -> QueuedTask | None:
        """The oldest task, taken out."""
        return self._tasks.pop(0) if self._tasks else None

    def __len__(self) -> int:
        """How many wait."""
        return len(self._tasks)
