"""A small budget of calls, shared by all workers: a queue and a log of calls in tables."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from trilha.adapters.postgres import system
from trilha.adapters.postgres.pools import Connection, Pool
from trilha.application.ports import Clock, Priority, RateLimit
from trilha.application.rate_limiting import MARGIN, Granted, earliest_call

ALIVE_FOR: Final = timedelta(seconds=10)
"""A waiter that has not shown itself for so long, by the database's clock, is dead and in nobody's way."""
_SHOW_EVERY_S: Final = ALIVE_FOR.total_seconds() / 3
_LOOK_AGAIN: Final = timedelta(milliseconds=50)


class PostgresRateLimiter:
    """See RateLimiter. Every decision is one short transaction under a lock on the key; nobody waits inside one."""

    def __init__(self, system_pool: Pool, clock: Clock, limits: Sequence[RateLimit]) -> None:
        self._pool = system_pool
        self._clock = clock
        self._limits = tuple(limits)
        self._longest = max((limit.window for limit in limits), default=timedelta(0)) + 2 * MARGIN

    async def acquire(self, key: str, priority: Priority) -> None:
        """Wait for a call to be free."""
        place: int | None = None
        try:
            while True:
                place, look_again_at = await self._ask(key, priority, place)
                if look_again_at is None:
                    return
                await self._sleep(look_again_at)
        except BaseException:
            if place is not None:
                await system.changed(self._pool, "delete from rate_waiters where id = %s", (place,))
            raise

    async def _sleep(self, until: datetime) -> None:
        """Until the moment has come, but no longer than the others take us for alive."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._clock.sleep_until(until), _SHOW_EVERY_S)

    async def pause(self, key: str, until: datetime) -> None:
        """Grant nobody a call before `until`."""
        await system.changed(
            self._pool,
            "insert into rate_keys as k (key, paused_until) values (%s, %s) on conflict (key) do update "
            "set paused_until = greatest(k.paused_until, excluded.paused_until)",
            (key, until),
        )

    async def used(self, key: str) -> dict[str, int]:
        """Calls used in each window."""
        now = self._clock.now()
        found = await system.rows(
            self._pool, "select granted_at from rate_calls where key = %s and granted_at <= %s", (key, now)
        )
        return {
            f"{limit.window.total_seconds():.0f}": sum(now - granted < limit.window for (granted,) in found)
            for limit in self._limits
        }

    async def _ask(self, key: str, priority: Priority, place: int | None) -> tuple[int, datetime | None]:
        async with system.transaction(self._pool) as connection:
            paused_until = await _lock(connection, key)
            now = self._clock.now()
            place = await _show(connection, key, priority, place)
            granted = await self._granted(connection, key, now)
            moment = earliest_call(granted, self._limits, paused_until, now, priority)
            if await _first(connection, key) == place and moment <= now:
                await connection.execute(
                    "insert into rate_calls (key, granted_at, priority) values (%s, %s, %s)", (key, now, int(priority))
                )
                await connection.execute("delete from rate_waiters where id = %s", (place,))
                return place, None
        return place, max(moment, now + _LOOK_AGAIN)

    async def _granted(self, connection: Connection, key: str, now: datetime) -> list[Granted]:
        await connection.execute(
            "delete from rate_calls where key = %s and granted_at < %s", (key, now - self._longest)
        )
        cursor = await connection.execute(
            "select granted_at, priority from rate_calls where key = %s order by granted_at", (key,)
        )
        return [Granted(at, Priority(priority)) for at, priority in await cursor.fetchall()]


async def _lock(connection: Connection, key: str) -> datetime | None:
    await connection.execute("insert into rate_keys (key) values (%s) on conflict do nothing", (key,))
    cursor = await connection.execute("select paused_until from rate_keys where key = %s for update", (key,))
    found = await cursor.fetchone()
    return found[0] if found else None


async def _show(connection: Connection, key: str, priority: Priority, place: int | None) -> int:
    """Take a place in the queue or show that we still wait; who was thought dead comes back to the same place."""
    if place is None:
        cursor = await connection.execute(
            "insert into rate_waiters (key, priority, alive_until) values (%s, %s, clock_timestamp() + %s) "
            "returning id",
            (key, int(priority), ALIVE_FOR),
        )
    else:
        cursor = await connection.execute(
            "insert into rate_waiters (id, key, priority, alive_until) overriding system value "
            "values (%s, %s, %s, clock_timestamp() + %s) "
            "on conflict (id) do update set alive_until = excluded.alive_until returning id",
            (place, key, int(priority), ALIVE_FOR),
        )
    ((found,),) = await cursor.fetchall()
    return int(found)


async def _first(connection: Connection, key: str) -> int | None:
    await connection.execute("delete from rate_waiters where key = %s and alive_until < clock_timestamp()", (key,))
    cursor = await connection.execute(
        "select id from rate_waiters where key = %s order by priority, id limit 1", (key,)
    )
    found = await cursor.fetchone()
    return found[0] if found else None
