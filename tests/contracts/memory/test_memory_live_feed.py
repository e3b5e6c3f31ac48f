"""The feed within a process keeps the contract of LiveFeed."""

import pytest

from trilha.adapters.memory import MemoryLiveFeed, MemorySingleUse, SimulatedClock
from trilha.testing.contracts.live_feed import Forget, LiveFeedContract
from trilha.testing.contracts.single_use import SingleUseContract


class TestMemoryLiveFeed(LiveFeedContract):
    @pytest.fixture
    def live_feed(self) -> MemoryLiveFeed:
        return MemoryLiveFeed()

    @pytest.fixture
    def same_feed(self, live_feed: MemoryLiveFeed) -> MemoryLiveFeed:
        return live_feed

    @pytest.fixture
    def forget(self, live_feed: MemoryLiveFeed) -> Forget:
        async def forget() -> None:
            live_feed.forget()

        return forget


class TestMemorySingleUse(SingleUseContract):
    @pytest.fixture
    def single_use(self) -> MemorySingleUse:
        return MemorySingleUse(SimulatedClock())
