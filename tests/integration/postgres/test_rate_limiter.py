"""What only a queue in tables can suffer: waiters that died without saying so."""

from datetime import timedelta

import psycopg

from trilha.adapters.postgres import Pool, PostgresRateLimiter
from trilha.adapters.system import SystemClock
from trilha.application.ports import Priority, RateLimit
from trilha.testing.contracts.fresh import new_key


async def test_a_waiter_that_died_is_in_nobodys_way(system_pool: Pool, postgres_superuser: psycopg.Connection) -> None:
    limiter, key = PostgresRateLimiter(system_pool, SystemClock(), [RateLimit(2, timedelta(minutes=1))]), new_key()
    await limiter.acquire(key, Priority.DUE_STREAM)
    postgres_superuser.execute(
        "insert into rate_waiters (key, priority, alive_until) values (%s, 0, clock_timestamp() - interval '1 ms')",
        (key,),
    )
    await limiter.acquire(key, Priority.BACKFILL)
    assert await limiter.used(key) == {"60": 2}
    waiting = postgres_superuser.execute("select count(*) from rate_waiters where key = %s", (key,)).fetchone()
    assert waiting == (0,)
