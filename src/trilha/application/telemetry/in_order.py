"""Pages on their way into the store: brought in side by side, committed strictly one after the other."""

import asyncio
from collections import deque
from types import TracebackType
from typing import Self

from trilha.application.ports import Lease
from trilha.application.telemetry.store_page import StoredPage, StorePage
from trilha.domain.telemetry import SourcePage

SIDE_BY_SIDE = 3
"""Two pages are merged at once while a third waits for the disk to have its commit; each has a connection."""


class _OnItsWay:
    """A page, the ids in it, and the task that commits it."""

    def __init__(self, ids: frozenset[int], task: asyncio.Task[StoredPage]) -> None:
        self.ids = ids
        self.task = task


class InOrder:
    """Commits each page from what the one before it left. The first failure drops that page and all after it.

    A page that shares an id with one on its way is merged after that one's commit, for it could not see it before.
    Leaving the block lets commits under way end: dropping them would only have the next run repeat them.
    """

    def __init__(self, store_page: StorePage, lease: Lease, before: StoredPage) -> None:
        self._store_page = store_page
        self._lease = lease
        self._before = before
        self._on_their_way: deque[_OnItsWay] = deque()

    async def __aenter__(self) -> Self:
        """Nothing is under way yet."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Let commits under way end."""
        await asyncio.gather(*(page.task for page in self._on_their_way), return_exceptions=True)

    async def put(self, page: SourcePage) -> StoredPage | None:
        """Begin to bring a page in, once there is room; returns what the oldest one left, if that had to end first.

        Raises what made that one fail.
        """
        stored = await self.settled() if len(self._on_their_way) >= SIDE_BY_SIDE else None
        before = self._on_their_way[-1].task if self._on_their_way else None
        ids = frozenset([record.id for record in page.records])
        shared = not all(ids.isdisjoint(other.ids) for other in self._on_their_way)
        task = asyncio.create_task(self._bring_in(page, before, wait=shared))
        self._on_their_way.append(_OnItsWay(ids, task))
        return stored

    async def settled(self) -> StoredPage | None:
        """Wait for the oldest page on its way; returns what it left, once, or None if there is none."""
        if not self._on_their_way:
            return None
        self._before = await self._on_their_way.popleft().task
        return self._before

    async def _bring_in(self, page: SourcePage, before: asyncio.Task[StoredPage] | None, *, wait: bool) -> StoredPage:
        left = self._before
        async with self._store_page.begin(self._lease, page) as begun:
            if not wait:
                await begun.merge()
            if before is not None:
                # shielded: that page is not dropped because this one is
                left = await asyncio.shield(before)
            return await begun.commit(left.checkpoint, left.run)
