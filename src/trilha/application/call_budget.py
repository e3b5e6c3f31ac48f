"""What is left of the calls that the source allows."""

from collections.abc import Sequence

import msgspec

from trilha.application.ports import RateLimit, RateLimiter


class CallWindow(msgspec.Struct, frozen=True):
    """The calls of the last `window_s` seconds, by all processes that share the login. `left` is never below 0."""

    window_s: int
    allowed: int
    used: int
    left: int


class CallBudget:
    """Reads how much of each limit is used. `key` names the login in the limiter.

    It is None in a process that does not know the login; such a process cannot tell.
    """

    def __init__(self, *, limiter: RateLimiter, limits: Sequence[RateLimit], key: str | None) -> None:
        self._limiter = limiter
        self._limits = limits
        self._key = key

    async def __call__(self) -> tuple[CallWindow, ...] | None:
        """Each window, in the order of the limits."""
        if self._key is None:
            return None
        used = await self._limiter.used(self._key)
        return tuple(_window(limit, used) for limit in self._limits)


def _window(limit: RateLimit, used: dict[str, int]) -> CallWindow:
    window_s = round(limit.window.total_seconds())
    calls = used.get(str(window_s), 0)
    return CallWindow(window_s=window_s, allowed=limit.calls, used=calls, left=max(limit.calls - calls, 0))
