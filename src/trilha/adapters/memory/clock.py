"""Time and identifiers that a test or a simulation holds in its hand."""

import asyncio
import heapq
import itertools
from datetime import UTC, datetime, timedelta
from uuid import UUID

from trilha.domain.kernel import utc

DEFAULT_START = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


class SimulatedClock:
    """Stands still until it is moved; sleepers wake when it passes their moment."""

    def __init__(self, start: datetime = DEFAULT_START) -> None:
        self._now = utc(start, "start")
        self._order = itertools.count()
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        """The time it was moved to."""
        return self._now

    async def sleep_until(self, moment: datetime) -> None:
        """Return when the clock has been moved to `moment` or past it."""
        if moment <= self._now:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (utc(moment, "moment"), next(self._order), woken))
        await woken

    @property
    def sleepers(self) -> int:
        """How many wait."""
        return sum(not woken.done() for _, _, woken in self._sleepers)

    @property
    def next_wake(self) -> datetime | None:
        """When the first sleeper wants to be woken."""
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        return self._sleepers[0][0] if self._sleepers else None

    def advance(self, by: timedelta) -> None:
        """Move on by a duration."""
        self.advance_to(self._now + by)

    def advance_to(self, moment: datetime) -> None:
        """Move on to `moment` and wake whoever is due; a clock never goes back."""
        self._now = max(self._now, utc(moment, "moment"))
        while (wake := self.next_wake) is not None and wake <= self._now:
            heapq.heappop(self._sleepers)[2].set_result(None)


class SimulatedIds:
    """UUIDs of version 7 that carry the simulated time and count up: the same run makes the same ids."""

    def __init__(self, clock: SimulatedClock, salt: int = 0) -> None:
        self._clock = clock
        self._salt = salt
        self._count = itertools.count()

    def new(self) -> UUID:
        """The next id."""
        milliseconds = int(self._clock.now().timestamp() * 1000)
        count = next(self._count)
        return UUID(int=(milliseconds << 80) | (7 << 76) | (0b10 << 62) | (count << 24) | (self._salt & 0xFFFFFF))
