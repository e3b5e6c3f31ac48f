"""Work that never ends by itself and never dies without a word."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import NoReturn

from trilha.domain.kernel import DomainError, SourceNotPermitted, SourceRefused, SourceUnavailable
from trilha.entrypoints.worker.heartbeat import Pulse
from trilha.entrypoints.worker.parts import Leadership
from trilha.entrypoints.worker.roles import Role

log = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
REFUSED_PAUSE_S = 300.0
_LEADER_CHECK_S = 1.0


Body = Callable[[], Awaitable[None]]


async def keep_going(role: Role, body: Body, pulse: Pulse, is_over: Callable[[], bool] = lambda: False) -> None:
    """Run `body` until it is over: again whenever it raises or returns, after a pause that doubles with each trouble.

    A body that ran well for a while starts over with the first pause.
    """
    pause_s = FIRST_PAUSE_S
    while True:
        began = time.monotonic()
        try:
            await body()
        except Exception as error:
            pulse.failing(role, error)
            if time.monotonic() - began > LONGEST_PAUSE_S:
                pause_s = FIRST_PAUSE_S
            pause_s = max(pause_s, _wish_of(error))
            log.error("%s goes on in %.1f s after %r", role, pause_s, error, exc_info=_trace_of(error))  # noqa: TRY400 - refusals need no trace
        if is_over():
            return
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)


async def every(seconds: float, work: Callable[[], Awaitable[object]], role: Role, pulse: Pulse) -> NoReturn:
    """Do it now and then again and again."""
    while True:
        await work()
        pulse.working(role)
        await asyncio.sleep(seconds)


async def rounds(
    step: Callable[[], Awaitable[int]], full: int, *, shortest_s: float, longest_s: float, led: "Led"
) -> NoReturn:
    """Repeat `step` while this process leads: at once after a full round, ever slower while there is nothing to do."""
    pause_s = shortest_s
    while True:
        await led.wait()
        done = await step()
        led.worked()
        if done >= full:
            await asyncio.sleep(0)
            continue
        pause_s = shortest_s if done else min(2 * pause_s, longest_s)
        await asyncio.sleep(pause_s)


class Led:
    """Asks once a second whether this process still leads."""

    def __init__(self, duty: str, leadership: Leadership, role: Role, pulse: Pulse) -> None:
        self._duty = duty
        self._leadership = leadership
        self._role = role
        self._pulse = pulse
        self._asked_at = float("-inf")

    async def wait(self) -> None:
        """Return when this process leads. Standing by is working, too."""
        while time.monotonic() - self._asked_at >= _LEADER_CHECK_S:
            if await self._leadership.leads(self._duty):
                self._asked_at = time.monotonic()
                return
            self.worked()
            await asyncio.sleep(_LEADER_CHECK_S)

    async def lost(self) -> None:
        """Return when another process leads."""
        still_ours = True
        while still_ours:
            await asyncio.sleep(_LEADER_CHECK_S)
            still_ours = await self._leadership.leads(self._duty)

    def worked(self) -> None:
        """Tell so."""
        self._pulse.working(self._role)


def _wish_of(error: Exception) -> float:
    """How long to wait at least: what the source asked for, and long where a person has to act first."""
    if isinstance(error, SourceRefused | SourceNotPermitted):
        return REFUSED_PAUSE_S
    return (error.retry_after_s or 0.0) if isinstance(error, SourceUnavailable) else 0.0


def _trace_of(error: Exception) -> Exception | None:
    return None if isinstance(error, DomainError) else error
