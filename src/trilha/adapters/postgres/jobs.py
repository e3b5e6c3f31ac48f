"""Recurring work as rows."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final

from trilha.adapters.postgres import system
from trilha.adapters.postgres.pools import Connection, Pool
from trilha.adapters.postgres.session import Row
from trilha.application.ports import JobRow
from trilha.domain.kernel import OrganisationId

_COLUMNS: Final = "organisation_id, kind, next_run_at, last_enqueued_at"


class PostgresJobClaim:
    """Due rows that this scheduler has locked; see JobClaim."""

    def __init__(self, connection: Connection, due: Sequence[JobRow]) -> None:
        self._connection = connection
        self._due = due

    @property
    def due(self) -> Sequence[JobRow]:
        """Those whose time has come, the longest overdue first."""
        return self._due

    async def reschedule(self, row: JobRow) -> None:
        """Write the row's next time."""
        await self._connection.execute(
            "update jobs set next_run_at = %s, last_enqueued_at = %s where organisation_id = %s and kind = %s",
            (row.next_run_at, row.last_enqueued_at, row.organisation_id, row.kind),
        )


class PostgresJobs:
    """See Jobs."""

    def __init__(self, system_pool: Pool) -> None:
        self._pool = system_pool

    async def ensure(self, rows: Sequence[JobRow]) -> None:
        """Add the rows that are missing."""
        async with system.transaction(self._pool) as connection:
            for row in rows:
                await connection.execute(
                    f"insert into jobs ({_COLUMNS}) values (%s, %s, %s, %s) on conflict do nothing",
                    (row.organisation_id, row.kind, row.next_run_at, row.last_enqueued_at),
                )

    async def withdraw(self, organisation_id: OrganisationId) -> None:
        """Take all rows of an organisation away; waits for a scheduler that has them in its hands."""
        await system.changed(self._pool, "delete from jobs where organisation_id = %s", (organisation_id,))

    @asynccontextmanager
    async def claim_due(self, now: datetime, limit: int) -> AsyncIterator[PostgresJobClaim]:
        """Lock due rows; what another scheduler has locked is left to it."""
        async with system.transaction(self._pool) as connection:
            cursor = await connection.execute(
                f"select {_COLUMNS} from jobs where next_run_at <= %s "
                "order by next_run_at, organisation_id, kind limit %s for update skip locked",
                (now, limit),
            )
            yield PostgresJobClaim(connection, [_job_of(row) for row in await cursor.fetchall()])

    async def all(self, organisation_id: OrganisationId) -> Sequence[JobRow]:
        """The rows of an organisation, by kind."""
        found = await system.rows(
            self._pool, f"select {_COLUMNS} from jobs where organisation_id = %s order by kind", (organisation_id,)
        )
        return [_job_of(row) for row in found]


def _job_of(row: Row) -> JobRow:
    organisation_id, kind, next_run_at, last_enqueued_at = row
    return JobRow(
        organisation_id=OrganisationId(organisation_id),
        kind=kind,
        next_run_at=next_run_at.astimezone(UTC),
        last_enqueued_at=last_enqueued_at and last_enqueued_at.astimezone(UTC),
    )
