"""Reading over few connections at little cost: many requests share them, each in a transaction of its own.

A pooled connection is taken, waited for and given back for each request; under load that cost more than the rows. Lanes
are connections borrowed from the pool for half an hour. Whatever a lane cannot answer (a lost connection, a changed
schema, somebody's slow statement ahead) is read once more over the pool, as if there were no lanes.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from types import TracebackType
from typing import Any, Final, LiteralString, Self

import psycopg
from psycopg.errors import QueryCanceled
from psycopg.pq.abc import PGresult
from psycopg_pool import PoolClosed, PoolTimeout

from trilha.adapters.postgres.lane import AskElsewhere, Lane
from trilha.adapters.postgres.pipelined import Value, as_text, numbered, read_one
from trilha.adapters.postgres.pools import RECYCLE_S, Pool, forget_lost

LANES: Final = 3
DEEPEST: Final = 64
"""Questions under way in a lane beyond which the pool's own queue, which gives up in time, is the better place."""
TRY_AGAIN_S: Final = 1.0
"""After a connection could not be had."""


class Lanes:
    """Reads over a pool. `async with` it inside the pool's own block; lanes are opened when they are first needed.

    At most a third of the pool's connections become lanes, so a pool of fewer than three has none.
    """

    def __init__(self, pool: Pool, *, count: int = LANES, lifetime_s: float = RECYCLE_S) -> None:
        self._pool = pool
        self._count = min(count, pool.max_size // 3)
        self._lifetime_s = lifetime_s
        self._lanes: list[Lane] = []
        self._opening = False
        self._not_before = 0.0
        self._closing = False
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Nothing is opened yet."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Give every connection back."""
        self._closing = True
        for lane in list(self._lanes):
            lane.close()
        while self._tasks:
            await asyncio.gather(*self._tasks)

    @property
    def opened(self) -> int:
        """Lanes there are now."""
        return len(self._lanes)

    async def read(self, organisation: str, statement: LiteralString, values: Sequence[Value]) -> PGresult:
        """The rows of a statement (`%s` for each value) as its organisation sees them; raises psycopg.Error."""
        lane = self._pick()
        if lane is not None:
            try:
                return await lane.ask(organisation.encode(), numbered(statement), [as_text(value) for value in values])
            except AskElsewhere:
                pass
        return await read_pooled(self._pool, organisation, statement, values)

    def _pick(self) -> Lane | None:
        """The lane with the fewest questions under way; None where the pool is the better choice."""
        if len(self._lanes) < self._count:
            self._open_soon()
        best: Lane | None = None
        least = DEEPEST
        for lane in self._lanes:
            if lane.usable and lane.load < least:
                best, least = lane, lane.load
        return best

    def _open_soon(self) -> None:
        if self._opening or self._closing or asyncio.get_running_loop().time() < self._not_before:
            return
        self._opening = True
        self._start(self._open())

    async def _open(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            connection = await self._pool.getconn()
        except (psycopg.Error, PoolTimeout, PoolClosed):
            self._not_before = loop.time() + TRY_AGAIN_S
            return
        finally:
            self._opening = False
        try:
            lane = Lane(connection, self._closed)
        except psycopg.Error:
            self._not_before = loop.time() + TRY_AGAIN_S
            await connection.close()
            await self._pool.putconn(connection)
            return
        self._lanes.append(lane)
        if self._closing:
            lane.close()
        else:
            loop.call_later(self._lifetime_s, self._retire, lane)

    def _retire(self, lane: Lane) -> None:
        if lane in self._lanes:
            self._lanes.remove(lane)
            lane.retire()

    def _closed(self, lane: Lane) -> None:
        if lane in self._lanes:
            self._lanes.remove(lane)
        self._start(self._pool.putconn(lane.connection))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def read_pooled(pool: Pool, organisation: str, statement: LiteralString, values: Sequence[Value]) -> PGresult:
    """The same over a connection of the pool's, once more where the first was lost; raises psycopg.Error."""
    try:
        async with pool.connection() as connection:
            return await read_one(connection, organisation, statement, values)
    except QueryCanceled:
        # it would take as long again
        raise
    except psycopg.OperationalError:
        # most often a server that was restarted since the connection was used; reading twice harms nobody
        await forget_lost(pool)
        async with pool.connection() as connection:
            return await read_one(connection, organisation, statement, values)
