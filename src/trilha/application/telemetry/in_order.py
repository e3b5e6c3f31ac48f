"""Two pages in the store's hands at a time: one being committed, the next being sent ahead of its turn."""

import asyncio
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from trilha.application.ports import Lease
from trilha.application.telemetry.store_page import BegunPage, StoredPage, StorePage
from trilha.domain.telemetry import SourcePage


class InOrder:
    """Commits pages one after the other, each from what the one before left. The first failure ends it.

    Leaving the block lets a commit under way end: dropping it would only have the next run repeat it.
    """

    def __init__(self, store_page: StorePage, lease: Lease, before: StoredPage) -> None:
        self._store_page = store_page
        self._lease = lease
        self._before = before
        self._committing: asyncio.Task[StoredPage] | None = None

    async def __aenter__(self) -> Self:
        """Nothing is under way yet."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Let a commit under way end."""
        if self._committing is not None:
            await asyncio.gather(self._committing, return_exceptions=True)

    async def put(self, page: SourcePage) -> StoredPage | None:
        """Send `page` ahead, wait for the one before it, and begin to commit; returns what that one left, if any."""
        async with AsyncExitStack() as dropping:
            begun = await dropping.enter_async_context(self._store_page.begin(self._lease, page))
            stored = await self.settled()
            self._committing = asyncio.create_task(self._commit(begun, dropping.pop_all()))
        return stored

    async def settled(self) -> StoredPage | None:
        """Wait for the page that is being committed; returns what it left, once. Raises what made it fail."""
        committing, self._committing = self._committing, None
        if committing is None:
            return None
        self._before = await committing
        return self._before

    async def _commit(self, begun: BegunPage, closing: AsyncExitStack) -> StoredPage:
        async with closing:
            return await begun.commit(self._before.checkpoint, self._before.run)
