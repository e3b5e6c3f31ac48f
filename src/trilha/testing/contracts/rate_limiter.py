"""The contract of RateLimiter, on a simulated clock so that a minute takes no time."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trilha.adapters.memory import SimulatedClock
from trilha.application.ports import Clock, Priority, RateLimit, RateLimiter
from trilha.testing.contracts.fresh import eventually, new_key

MakeRateLimiter = Callable[[Sequence[RateLimit], Clock], RateLimiter]
PER_MINUTE = RateLimit(calls=3, window=timedelta(minutes=1))
PER_HOUR = RateLimit(calls=5, window=timedelta(hours=1))


class RateLimiterContract:
    """Needs the fixture `make_rate_limiter` (see MakeRateLimiter): it must wait by the clock it is given."""

    @pytest.fixture
    def clock(self) -> SimulatedClock:
        """The clock that limiters are given; starts anew with each test."""
        return SimulatedClock()

    async def until_done(self, clock: SimulatedClock, waiting: asyncio.Task[None]) -> None:
        """Move the clock from one sleeper to the next until `waiting` is served."""
        while not waiting.done():
            await eventually(lambda: waiting.done() or clock.next_wake is not None, "the limiter to sleep or to grant")
            if not waiting.done() and clock.next_wake is not None:
                clock.advance_to(clock.next_wake)
                await asyncio.sleep(0)
        await waiting

    async def call(
        self, limiter: RateLimiter, clock: SimulatedClock, key: str, priority: Priority = Priority.DUE_STREAM
    ) -> datetime:
        """Make one call; returns when it was granted."""
        await self.until_done(clock, asyncio.ensure_future(limiter.acquire(key, priority)))
        return clock.now()

    async def test_calls_within_the_limit_go_at_once(
        self, make_rate_limiter: MakeRateLimiter, clock: SimulatedClock
    ) -> None:
        limiter, key, start = make_rate_limiter([PER_MINUTE, PER_HOUR], clock), new_key(), clock.now()
        for _ in range(PER_MINUTE.calls):
            await limiter.acquire(key, Priority.DUE_STREAM)
        assert clock.now() == start
        assert await limiter.used(key) == {"60": 3, "3600": 3}

    async def test_another_key_has_a_budget_of_its_own(
        self, make_rate_limiter: MakeRateLimiter, clock: SimulatedClock
    ) -> None:
        limiter, key, other = make_rate_limiter([RateLimit(1, timedelta(minutes=1))], clock), new_key(), new_key()
        await limiter.acquire(key, Priority.DUE_STREAM)
        await limiter.acquire(other, Priority.DUE_STREAM)
        assert await limiter.used(other) == {"60": 1}

    async def test_limiters_share_the_budget_of_a_key(
        self, make_rate_limiter: MakeRateLimiter, clock: SimulatedClock
    ) -> None:
        limits, key, start = [RateLimit(1, timedelta(minutes=1))], new_key(), clock.now()
        await make_rate_limiter(limits, clock).acquire(key, Priority.DUE_STREAM)
        granted = await self.call(make_rate_limiter(limits, clock), clock, key)
        assert granted - start >= timedelta(minutes=1)

    @settings(
        max_examples=15,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
    )
    @given(pauses_s=st.lists(st.integers(0, 90), max_size=10))
    async def test_no_window_ever_holds_more_calls_than_allowed(
        self, make_rate_limiter: MakeRateLimiter, pauses_s: list[int]
    ) -> None:
        clock, key, granted = SimulatedClock(), new_key(), list[datetime]()
        limiter = make_rate_limiter([PER_MINUTE, PER_HOUR], clock)
        for pause_s in pauses_s:
            granted.append(await self.call(limiter, clock, key))
            clock.advance(timedelta(seconds=pause_s))
        for limit in (PER_MINUTE, PER_HOUR):
            for first, beyond in zip(granted, granted[limit.calls :], strict=False):
                assert beyond - first > limit.window

    async def test_the_most_important_waiter_goes_first_then_the_longest_waiting(
        self, make_rate_limiter: MakeRateLimiter, clock: SimulatedClock
    ) -> None:
        limiter, key, served = make_rate_limiter([RateLimit(1, timedelta(minutes=1))], clock), new_key(), list[str]()
        await limiter.acquire(key, Priority.DUE_STREAM)

        async def wait(name: str, priority: Priority) -> None:
            await limiter.acquire(key, priority)
            served.append(name)

        waiters = list[asyncio.Task[None]]()
        for name, priority in (
            ("backfill", Priority.BACKFILL),
            ("first due", Priority.DUE_STREAM),
            ("more pages", Priority.MORE_PAGES),
            ("second due", Priority.DUE_STREAM),
        ):
            waiters.append(asyncio.ensure_future(wait(name, priority)))
            await eventually(lambda: clock.sleepers >= len(waiters), "the waiter to queue")
        for count in range(1, len(waiters) + 1):
            clock.advance(timedelta(minutes=2))
            await eventually(lambda count=count: len(served) == count, "one waiter to be served")  # type: ignore[misc] # the default binds the loop's value
        assert served == ["first due", "second due", "more pages", "backfill"]

    async def test_backfills_and_catching_up_leave_calls_for_streams_that_are_due(
        self, make_rate_limiter: MakeRateLimiter, clock: SimulatedClock
    ) -> None:
        limiter, key, start = make_rate_limiter([RateLimit(10, timedelta(hours=1))], clock), new_key(), clock.now()
        for priority, calls in ((Priority.BACKFILL, 4), (Priority.MORE_PAGES, 2), (Priority.DUE_STREAM, 4)):
            for _ in range(calls):
                await self.call(limiter, clock, key, priority)
        assert clock.now() == start
        for priority in (Priority.BACKFILL, Priority.MORE_PAGES):
            waiting = asyncio.ensure_future(limiter.acquire(key, priority))
            await eventually(lambda: clock.sleepers >= 1, "the waiter to queue")
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        assert await limiter.used(key) == {"3600": 10}

    async def test_a_backfill_waits_where_a_due_stream_would_not(
        self, make_rate_limiter: MakeRateLimiter, clock: SimulatedClock
    ) -> None:
        limiter, key, start = make_rate_limiter([RateLimit(5, timedelta(hours=1))], clock), new_key(), clock.now()
        for _ in range(2):
            await limiter.acquire(key, Priority.BACKFILL)
        assert await self.call(limiter, clock, key, Priority.BACKFILL) - start >= timedelta(hours=1)
        again = clock.now()
        for _ in range(4):
            await self.call(limiter, clock, key)
        assert clock.now() == again

    async def test_a_pause_holds_everybody_back(
        self, make_rate_limiter: MakeRateLimiter, clock: SimulatedClock
    ) -> None:
        limiter, key = make_rate_limiter([PER_MINUTE], clock), new_key()
        until = clock.now() + timedelta(minutes=30)
        await limiter.pause(key, until)
        assert await self.call(limiter, clock, key) >= until

    async def test_who_gives_up_waiting_is_in_nobodys_way(
        self, make_rate_limiter: MakeRateLimiter, clock: SimulatedClock
    ) -> None:
        limiter, key = make_rate_limiter([RateLimit(1, timedelta(minutes=1))], clock), new_key()
        await limiter.acquire(key, Priority.DUE_STREAM)
        gone = asyncio.ensure_future(limiter.acquire(key, Priority.MORE_PAGES))
        await eventually(lambda: clock.sleepers >= 1, "the waiter to queue")
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        await self.call(limiter, clock, key)
        assert await limiter.used(key) == {"60": 1}
