"""One transaction of one organisation, in as few round trips as its results allow."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, LiteralString

from psycopg import AsyncCursor
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow

from trilha.adapters.postgres.errors import translated
from trilha.adapters.postgres.pools import Connection, Pool, forget_lost
from trilha.domain.kernel import Conflict, OrganisationId

Params = Sequence[Any] | Mapping[str, Any]
Row = tuple[Any, ...]
Statement = tuple[LiteralString, Params]
_WATCH_AGAIN: LiteralString = ""
SET_ORGANISATION = "select set_config('trilha.organisation_id', %s, true)"


class Session:
    """A connection inside a transaction.

    `later` queues what nobody waits for; it travels with the next statement that somebody does wait for, or with the
    commit. So an error of a queued statement comes up there. Not SQLAlchemy: its connections cost more than the
    statements of a page do.
    """

    def __init__(self, pool: Pool, organisation_id: OrganisationId) -> None:
        self._pool = pool
        self._connection: Connection | None = None
        self._unsettled: list[Callable[[], Awaitable[None]]] = []
        self.staged: dict[str, object] = {}
        """The records in the staging table of each feed, the very objects."""
        self._queue: list[Statement] = [
            ("begin", ()),
            (SET_ORGANISATION, (str(organisation_id),)),
        ]

    @property
    def connection(self) -> Connection:
        """The driver's connection, for COPY; flush first."""
        if self._connection is None:
            raise RuntimeError("a unit of work can be used inside its `async with` block only")
        return self._connection

    async def open(self) -> None:
        """Take a connection; nothing is sent yet."""
        with translated():
            self._connection = await self._pool.getconn()

    def later(self, statement: LiteralString, params: Params = ()) -> None:
        """Queue a statement whose result does not matter."""
        self._queue.append((statement, params))

    async def rows(self, statement: LiteralString, params: Params = ()) -> list[Row]:
        """Send the queue and this statement at once; returns its rows."""
        (cursor,) = await self._flush((statement, params))
        return await cursor.fetchall()

    async def changed(self, statement: LiteralString, params: Params = ()) -> int:
        """Send the queue and this statement at once; returns how many rows it wrote."""
        (cursor,) = await self._flush((statement, params))
        return cursor.rowcount

    async def changed_and_rows(
        self, write: LiteralString, read: LiteralString, params: Params
    ) -> tuple[int, list[Row]]:
        """Send the queue and two statements at once; returns how many rows the first wrote, and the second's rows."""
        written, found = await self._flush((write, params), (read, params))
        return written.rowcount, await found.fetchall()

    async def flush(self) -> None:
        """Send the queue."""
        queue, self._queue = self._queue, []
        if queue:
            self._queue = queue[:-1]
            await self._flush(queue[-1])

    def before_commit(self, step: Callable[[], Awaitable[None]]) -> None:
        """Run `step`, which may queue statements that are still being prepared, at the latest before the commit."""
        self._unsettled.append(step)

    async def settle(self) -> None:
        """Run the steps that wait for the commit now."""
        steps, self._unsettled = self._unsettled, []
        for step in steps:
            await step()

    async def commit(self) -> None:
        """Make everything true at once."""
        await self.settle()
        (cursor,) = await self._flush(("commit", ()))
        if cursor.statusmessage != "COMMIT":
            # what the server answers when an error was swallowed on the way
            raise Conflict("nothing was written: a statement of this unit of work had failed before its commit")

    async def close(self) -> None:
        """Roll back what was not committed and give the connection back; the pool replaces a broken one."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            if connection.pgconn.transaction_status in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
                with translated():
                    await connection.execute("rollback")
        finally:
            lost = connection.closed
            await self._pool.putconn(connection)
            if lost:
                await forget_lost(self._pool)

    async def _flush(self, *statements: Statement) -> list[AsyncCursor[TupleRow]]:
        connection = self.connection
        queue, self._queue = self._queue, []
        with translated():
            if not queue and len(statements) == 1:
                return [await connection.execute(*statements[0], prepare=True)]
            async with connection.pipeline():
                for queued in queue:
                    await connection.execute(*queued, prepare=True)
                cursors = [await connection.execute(*statement, prepare=True) for statement in statements]
            if connection.pgconn.transaction_status == TransactionStatus.INTRANS:
                # psycopg ends a pipeline with a flush request, at which the server stops watching for an idle
                # transaction; without this a process that hangs would keep its locks, the lease's too, for ever
                await connection.execute(_WATCH_AGAIN)
            return cursors
