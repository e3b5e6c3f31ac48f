"""Who among all processes does what only one should do at a time: relay, schedule.

A session's advisory lock guards the database that the work is done on: it ends with the connection, so a leader that
died is followed at once, and one that lost the database has lost the duty with it. One that hangs keeps its connection,
hence the server ends sessions that have stopped asking whether they still lead.
"""

import asyncio
from contextlib import suppress

import psycopg

from trilha.adapters.postgres.errors import translated
from trilha.adapters.postgres.pools import Connection
from trilha.application.ports import StorageUnavailable

_NAMESPACE = 7_241_006
"""First half of the locks' keys, so that they meet no other advisory lock of ours."""
_CONNECT_S = 5
_ANSWER_S = 5.0
_RESIGN_S = 0.5
PATIENCE_S = 15.0
"""A session that nobody has asked anything for so long belongs to a process that hangs: the server ends it."""


class PostgresLeadership:
    """See the worker's Leadership. One connection of its own, opened at the first question; questions queue up on it.

    Needs a direct connection, not one through a pooler in transaction mode.
    """

    def __init__(self, url: str, *, name: str = "leadership", patience_s: float = PATIENCE_S) -> None:
        self._url = url
        self._options = f"-c idle_session_timeout={int(patience_s * 1000)}"
        self._name = name
        self._connection: Connection | None = None
        self._held: set[str] = set()
        self._asking = asyncio.Lock()

    async def leads(self, duty: str) -> bool:
        """Whether this process has the duty now; takes it if nobody has it.

        Raises StorageUnavailable when the database does not answer; every duty is then given up here as well.
        """
        async with self._asking:
            try:
                with translated():
                    async with asyncio.timeout(_ANSWER_S):
                        return await self._asked(duty)
            except TimeoutError as error:
                await self._drop()
                raise StorageUnavailable(f"the database did not answer within {_ANSWER_S:g} s: try again") from error
            except BaseException:
                # a session in doubt must not go on holding what we no longer know we have
                await self._drop()
                raise

    async def resign(self) -> None:
        """Give every duty back; closing the session does it too, but the server notices a little later."""
        async with self._asking:
            if self._connection is not None:
                with suppress(psycopg.Error, TimeoutError):
                    async with asyncio.timeout(_RESIGN_S):
                        await self._connection.execute("select pg_advisory_unlock_all()")
            await self._drop()

    async def _asked(self, duty: str) -> bool:
        connection = await self._opened()
        if duty in self._held:
            await connection.execute("select 1")
            return True
        cursor = await connection.execute("select pg_try_advisory_lock(%s, hashtext(%s))", (_NAMESPACE, duty))
        row = await cursor.fetchone()
        if row is not None and row[0]:
            self._held.add(duty)
        return duty in self._held

    async def _opened(self) -> Connection:
        if self._connection is None:
            self._connection = await psycopg.AsyncConnection.connect(
                self._url,
                autocommit=True,
                application_name=f"trilha {self._name}",
                connect_timeout=_CONNECT_S,
                options=self._options,
            )
        return self._connection

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        self._held.clear()
        if connection is not None:
            with suppress(psycopg.Error):
                await connection.close()
