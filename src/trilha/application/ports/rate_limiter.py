"""Sharing a small budget of calls between all workers, the most important first."""

from datetime import datetime, timedelta
from enum import IntEnum
from typing import Protocol

import msgspec


class Priority(IntEnum):
    """Who is served first when calls are scarce; lower is sooner.

    A stream that is due comes before one that has more pages: what catches up for hours must not keep what is fresh
    waiting.
    """

    DUE_STREAM = 0
    MORE_PAGES = 1
    MASTER_DATA = 2
    AMENDMENTS = 3
    BACKFILL = 4


class RateLimit(msgspec.Struct, frozen=True):
    """At most `calls` in any `window`."""

    calls: int
    window: timedelta


class RateLimiter(Protocol):
    """Grants calls per credential set, across all processes."""

    async def acquire(self, key: str, priority: Priority) -> None:
        """Wait for a call to be free. Waiters are served by priority, then in order of arrival.

        Only streams that are due may use all of an hour's calls; see `trilha.application.rate_limiting`.
        """
        ...

    async def pause(self, key: str, until: datetime) -> None:
        """The other side said it is too much: grant nobody a call before `until`."""
        ...

    async def used(self, key: str) -> dict[str, int]:
        """Calls used in each window, by its length in seconds."""
        ...
