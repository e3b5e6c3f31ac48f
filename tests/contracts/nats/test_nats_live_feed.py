"""JetStream keeps the contract of LiveFeed."""

from collections.abc import AsyncIterator

import pytest
from nats.aio.client import Client

from trilha.adapters.embedded import EmbeddedNats
from trilha.adapters.nats import NatsLiveFeed, NatsSingleUse, open_nats
from trilha.adapters.nats.streams import LIVE
from trilha.testing.contracts.live_feed import Forget, LiveFeedContract
from trilha.testing.contracts.single_use import SingleUseContract


class TestNatsLiveFeed(LiveFeedContract):
    @pytest.fixture
    def live_feed(self, client: Client) -> NatsLiveFeed:
        return NatsLiveFeed(client)

    @pytest.fixture
    async def same_feed(self, client: Client, nats_server: EmbeddedNats) -> AsyncIterator[NatsLiveFeed]:
        assert client.is_connected
        async with open_nats(nats_server.url) as other:
            yield NatsLiveFeed(other)

    @pytest.fixture
    def forget(self, client: Client) -> Forget:
        async def forget() -> None:
            await client.jetstream().purge_stream(LIVE)

        return forget


class TestNatsSingleUse(SingleUseContract):
    @pytest.fixture
    def single_use(self, client: Client) -> NatsSingleUse:
        return NatsSingleUse(client)
