"""Waiting between tries: by the injected clock, with injected chance."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from trilha.adapters.mix.settings import RetryPolicy
from trilha.application.ports import Clock

Chance = Callable[[], float]
"""A number from 0 up to 1."""
_MOST_DIGITS = 6
system_chance: Chance = random.SystemRandom().random


class Waiting:
    """Exponential backoff with jitter."""

    def __init__(self, clock: Clock, policy: RetryPolicy, chance: Chance) -> None:
        self._clock = clock
        self._policy = policy
        self._chance = chance

    def backoff(self, failed: int) -> timedelta:
        """How long to wait after the `failed`-th failure, counted from 1: half fixed, half chance."""
        whole: timedelta = self._policy.first_wait * 2 ** (failed - 1)
        return whole * (0.5 + 0.5 * self._chance())

    async def after(self, failed: int) -> None:
        """Wait that long."""
        await self._clock.sleep_until(self._clock.now() + self.backoff(failed))


def retry_after(header: str | None, now: datetime, default: timedelta) -> timedelta:
    """The wait that a `Retry-After` asks for, in seconds or as a date; `default` where it says nothing readable."""
    text = (header or "").strip()
    if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS:
        return timedelta(seconds=int(text))
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return default
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(moment - now, timedelta(0))
