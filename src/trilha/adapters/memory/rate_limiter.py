"""A budget of calls shared by all simulated processes."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from trilha.adapters.memory.database import CallLog, MemoryDatabase
from trilha.application.ports import Priority, RateLimit
from trilha.application.rate_limiting import MARGIN, Granted, earliest_call


class MemoryRateLimiter:
    """Grants calls in order of priority, then of arrival."""

    def __init__(self, database: MemoryDatabase, limits: Sequence[RateLimit]) -> None:
        self._database = database
        self._clock = database.clock
        self._limits = tuple(limits)
        self._longest = max((limit.window for limit in limits), default=MARGIN) + MARGIN

    async def acquire(self, key: str, priority: Priority) -> None:
        """Wait for a call to be free."""
        log = self._log(key)
        log.arrivals += 1
        ticket = (int(priority), log.arrivals)
        log.waiting.append(ticket)
        try:
            while not self._granted(log, ticket):
                await self._wait(log, ticket)
        finally:
            log.waiting.remove(ticket)

    async def pause(self, key: str, until: datetime) -> None:
        """Grant nobody a call before `until`."""
        log = self._log(key)
        log.paused_until = until if log.paused_until is None else max(until, log.paused_until)

    async def used(self, key: str) -> dict[str, int]:
        """Calls used in each window."""
        now = self._clock.now()
        granted = self._log(key).granted
        return {
            f"{limit.window.total_seconds():g}": sum(one.at > now - limit.window for one in granted)
            for limit in self._limits
        }

    def _log(self, key: str) -> CallLog:
        return self._database.calls.setdefault(key, CallLog())

    def _granted(self, log: CallLog, ticket: tuple[int, int]) -> bool:
        now = self._clock.now()
        if ticket != min(log.waiting) or self._next_call(log, ticket) > now:
            return False
        log.granted = [one for one in log.granted if one.at > now - self._longest]
        log.granted.append(Granted(now, Priority(ticket[0])))
        return True

    async def _wait(self, log: CallLog, ticket: tuple[int, int]) -> None:
        moment = self._next_call(log, ticket)
        if moment > self._clock.now():
            await self._clock.sleep_until(moment)
        elif ticket != min(log.waiting):
            # Somebody more important is about to go: he runs within this turn of the loop.
            await asyncio.sleep(0)

    def _next_call(self, log: CallLog, ticket: tuple[int, int]) -> datetime:
        return earliest_call(log.granted, self._limits, log.paused_until, self._clock.now(), Priority(ticket[0]))
