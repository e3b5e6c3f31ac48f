"""One client's place in a channel."""

import asyncio
from collections import deque
from typing import Protocol

from trilha.entrypoints.http.live.filters import Vehicles, Wanted
from trilha.entrypoints.http.live.frames import Frame, frame

MAX_WAITING = 64
"""Frames that may wait for a client; one that falls further behind is given the newest positions only."""


class Closed(Exception):
    """The server stops: clients come back, and resume."""


class Source(Protocol):
    """What a listener asks of its channel."""

    def snapshot(self, listener: "Listener") -> Frame:
        """Where all wanted vehicles are."""
        ...

    def newest(self, listener: "Listener") -> Frame:
        """The last position of each wanted vehicle that moved since what the listener was given last."""
        ...

    def heartbeat(self, listener: "Listener") -> Frame:
        """Nothing new, and how far that holds."""
        ...


class Listener:
    """Frames wait here until the client takes them. `reached` is the sequence up to which it has, or will have, all."""

    def __init__(self, source: Source, wanted: Wanted, vehicles: Vehicles, reached: int) -> None:
        self.wanted = wanted
        self.vehicles = vehicles
        self.reached = reached
        self.given = reached
        self.is_behind = False
        self.wants_snapshot = False
        self._source = source
        self._waiting = deque[Frame]()
        self._woken = asyncio.Event()
        self._closed = False

    def offer(self, offered: Frame) -> None:
        """Let a frame wait; too many collapse. Once closed none is added, so that what waits comes to an end."""
        if self._closed:
            return
        self.reached = offered.cursor
        if len(self._waiting) >= MAX_WAITING:
            self.is_behind = True
        if not (self.is_behind or self.wants_snapshot):
            self._waiting.append(offered)
        else:
            self._waiting.clear()
        self._woken.set()

    def offer_first(self, offered: Frame) -> None:
        """Let a frame wait before all others."""
        self._waiting.appendleft(offered)
        self._woken.set()

    def begin_anew(self) -> None:
        """Give a snapshot next, and nothing of what waits."""
        self.wants_snapshot = True
        self._waiting.clear()
        self._woken.set()

    def close(self) -> None:
        """Nothing comes any more but what waits already."""
        self._closed = True
        self._woken.set()

    async def next(self, within_s: float) -> Frame:
        """The next frame, or a heartbeat if nothing comes in time. Raises Closed once nothing waits any more."""
        if not (self._closed or self._has_news):
            self._woken.clear()
            try:
                async with asyncio.timeout(within_s):
                    await self._woken.wait()
            except TimeoutError:
                pass
        if self._closed and not self._has_news:
            raise Closed
        taken = self._take()
        self.given = taken.cursor
        return taken

    def last_words(self) -> Frame:
        """Nothing new, at the end: resume after what was given, whatever others have got since."""
        return frame("heartbeat", self.given, ())

    @property
    def _has_news(self) -> bool:
        return self.wants_snapshot or self.is_behind or bool(self._waiting)

    def _take(self) -> Frame:
        if self.wants_snapshot or self.is_behind:
            made = self._source.snapshot(self) if self.wants_snapshot else self._source.newest(self)
            self.wants_snapshot = self.is_behind = False
            self._waiting.clear()
            self.reached = made.cursor
            return made
        return self._waiting.popleft() if self._waiting else self._source.heartbeat(self)
