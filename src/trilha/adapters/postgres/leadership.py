"""Who among all processes does what only one should do at a time: relay, schedule.

A session's advisory lock guards the database that the work is done on: it ends with the connection, so a leader that
died is followed at once, and one that lost the database has lost the duty with it.
"""

from typing import Final

import psycopg

from trilha.adapters.postgres.errors import translated
from trilha.adapters.postgres.pools import Connection

_CLASS: Final = 7_241_006


class PostgresLeadership:
    """See the worker's Leadership. One connection of its own, made when the first duty is asked for."""

    def __init__(self, system_url: str) -> None:
        self._url = system_url
        self._connection: Connection | None = None
        self._duties: set[str] = set()

    async def leads(self, duty: str) -> bool:
        """Whether this process has the duty now; takes it if nobody has it. Raises StorageUnavailable."""
        with translated():
            try:
                return await self._leads(duty)
            except psycopg.Error:
                await self.resign()
                raise

    async def resign(self) -> None:
        """Give every duty back."""
        connection, self._connection = self._connection, None
        self._duties.clear()
        if connection is not None:
            await connection.close()

    async def _leads(self, duty: str) -> bool:
        connection = await self._connected()
        if duty in self._duties:
            # the lock lives as long as the connection does, which only a round trip can tell
            await connection.execute("select 1")
            return True
        row = await (
            await connection.execute("select pg_try_advisory_lock(%s, hashtext(%s))", (_CLASS, duty))
        ).fetchone()
        if row is not None and row[0]:
            self._duties.add(duty)
        return duty in self._duties

    async def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._duties.clear()
            self._connection = await psycopg.AsyncConnection.connect(
                self._url, autocommit=True, connect_timeout=5, application_name="trilha leadership"
            )
        return self._connection
