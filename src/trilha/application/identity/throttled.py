"""Counting attempts where all replicas see them."""

from trilha.application.ports import Clock
from trilha.domain.identity import POLICIES, ThrottleKind, Throttles, TooManyAttempts, count_attempt, count_success
from trilha.domain.identity import throttle_key as key_of

_TRIES = 20


class Throttled:
    """Counts an attempt before it is looked at, and takes it back afterwards where it was right."""

    def __init__(self, *, throttles: Throttles, clock: Clock) -> None:
        self._throttles = throttles
        self._clock = clock

    async def count(self, kind: ThrottleKind, what: str) -> None:
        """One more. Raises TooManyAttempts, also where so many come at once that none gets its turn."""
        key = key_of(kind, what)
        for _ in range(_TRIES):
            counted = count_attempt(await self._throttles.load(key), POLICIES[kind], self._clock.now())
            if await self._throttles.save(key, counted):
                return
        raise TooManyAttempts(1)

    async def forgive(self, kind: ThrottleKind, what: str) -> None:
        """It was right. Where another attempt is faster each time, what was counted stays until it is forgotten."""
        key = key_of(kind, what)
        for _ in range(_TRIES):
            if await self._throttles.save(key, count_success(await self._throttles.load(key), kind)):
                return
