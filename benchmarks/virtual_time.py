"""An event loop whose time leaps as soon as nobody has anything to do, so that a day passes in minutes.

Sockets, threads and the database stay real. Time stands still while any of them is at work: what they take counts as
nothing, and how long an answer is on its way is for whoever simulates the other side to say.
"""

import asyncio
import selectors
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from datetime import datetime, timedelta
from typing import TypeVar

_LOOK_AGAIN_S = 0.02
Answer = TypeVar("Answer")


class _LeapingSelector(selectors.DefaultSelector):
    """Where the loop would wait for the next timer, and nothing real is under way, the timer's moment comes at once."""

    leap: Callable[[float], None]
    is_busy: Callable[[], bool]

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready."""
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if timeout is None or self.is_busy():
            return super().select(_LOOK_AGAIN_S)
        self.leap(timeout)
        return []


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Whoever holds something that is at work outside the loop says so with `watch`; its threads are watched already.

    Both ends of a socket must be in this loop, or its other end be watched.
    """

    def __init__(self) -> None:
        self._virtual_s = 0.0
        self._in_threads = 0
        self._watched: list[Callable[[], bool]] = [lambda: self._in_threads > 0]
        selector = _LeapingSelector()
        selector.leap = self._leap
        selector.is_busy = lambda: any(is_busy() for is_busy in self._watched)
        super().__init__(selector)

    def time(self) -> float:
        """Virtual seconds since the start."""
        return self._virtual_s

    def watch(self, is_busy: Callable[[], bool]) -> None:
        """Let time stand still while `is_busy`."""
        self._watched.append(is_busy)

    def run_in_executor(
        self, executor: Executor | None, func: Callable[..., Answer], *args: object
    ) -> asyncio.Future[Answer]:
        """As ever, with time standing still until it is done."""
        self._in_threads += 1
        future: asyncio.Future[Answer] = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._left_thread)
        return future

    def _left_thread(self, _: object) -> None:
        self._in_threads -= 1

    def _leap(self, seconds: float) -> None:
        self._virtual_s += seconds


class VirtualClock:
    """The loop's time as a Clock."""

    def __init__(self, loop: asyncio.AbstractEventLoop, start: datetime) -> None:
        self._loop = loop
        self._start = start

    def now(self) -> datetime:
        """The virtual time."""
        return self._start + timedelta(seconds=self._loop.time())

    async def sleep_until(self, moment: datetime) -> None:
        """Return when the virtual time has come."""
        await asyncio.sleep(max((moment - self.now()).total_seconds(), 0.0))


def run_virtually(main: Callable[[VirtualTimeLoop], Awaitable[Answer]]) -> Answer:
    """Like `asyncio.run`, in virtual time."""

    async def whole() -> Answer:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualTimeLoop)
        return await main(loop)

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(whole())
