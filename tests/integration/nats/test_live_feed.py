"""The live feed when its server is away, killed, or has lost what it kept."""

import asyncio
import os
import time
from signal import SIGKILL

import pytest
from nats.aio.client import Client

from tests.integration.nats.world import until
from trilha.adapters.embedded import EmbeddedNats, temporary_data_folder
from trilha.adapters.nats import BusUnavailable, NatsLiveFeed, ensure_streams, open_nats
from trilha.adapters.nats.streams import LIVE
from trilha.application.ports import VEHICLES, LivePast
from trilha.domain.kernel import OrganisationId
from trilha.testing.contracts.fresh import DEADLINE_S, new_id

ORGANISATION = OrganisationId(new_id())
SOON_S = 0.5


async def test_nobody_who_publishes_waits_for_a_server_that_is_away() -> None:
    with temporary_data_folder() as folder:
        async with EmbeddedNats(folder) as server, open_nats(server.url) as client:
            await ensure_streams(client)
            feed = NatsLiveFeed(client)
            assert server.pid is not None
            os.kill(server.pid, SIGKILL)
            started = time.monotonic()
            for _ in range(200):
                await feed.publish(ORGANISATION, VEHICLES, b"x" * 100_000)
            assert time.monotonic() - started < SOON_S * 10
            await until(lambda: not client.is_connected)
            started = time.monotonic()
            for _ in range(200):
                await feed.publish(ORGANISATION, VEHICLES, b"x" * 100_000)
            assert time.monotonic() - started < SOON_S
            with pytest.raises(BusUnavailable):
                await feed.latest(ORGANISATION, VEHICLES)


async def test_what_is_too_large_is_dropped_and_the_rest_goes_on(client: Client) -> None:
    feed = NatsLiveFeed(client)
    start = await feed.latest(ORGANISATION, VEHICLES)
    async with feed.follow(ORGANISATION, VEHICLES, start) as messages:
        await feed.publish(ORGANISATION, VEHICLES, b"x" * (2 << 20))
        await feed.publish(ORGANISATION, VEHICLES, b"small")
        async with asyncio.timeout(DEADLINE_S):
            assert (await anext(messages)).payload == b"small"


async def test_followers_of_a_killed_server_are_told_and_begin_anew() -> None:
    with temporary_data_folder() as folder:
        async with EmbeddedNats(folder) as server, open_nats(server.url) as client:
            await ensure_streams(client)
            feed = NatsLiveFeed(client)
            start = await feed.latest(ORGANISATION, VEHICLES)
            async with feed.follow(ORGANISATION, VEHICLES, start) as messages:
                await feed.publish(ORGANISATION, VEHICLES, b"before")
                async with asyncio.timeout(DEADLINE_S):
                    before = await anext(messages)
                assert server.pid is not None
                os.kill(server.pid, SIGKILL)
                await server.stop()
                await server.start()
                with pytest.raises(LivePast):
                    async with asyncio.timeout(DEADLINE_S):
                        await anext(messages)
            anew = await feed.latest(ORGANISATION, VEHICLES)
            assert anew > before.sequence
            async with feed.follow(ORGANISATION, VEHICLES, anew) as messages:
                await feed.publish(ORGANISATION, VEHICLES, b"after")
                async with asyncio.timeout(DEADLINE_S):
                    after = await anext(messages)
            assert (after.payload, after.sequence > before.sequence) == (b"after", True)


async def test_a_consumer_that_the_server_dropped_is_made_anew_without_a_gap(client: Client) -> None:
    feed, stream = NatsLiveFeed(client), client.jetstream()
    start = await feed.latest(ORGANISATION, VEHICLES)
    async with feed.follow(ORGANISATION, VEHICLES, start) as messages:
        await feed.publish(ORGANISATION, VEHICLES, b"1")
        async with asyncio.timeout(DEADLINE_S):
            assert (await anext(messages)).payload == b"1"
            for consumer in await stream.consumers_info(LIVE):
                await stream.delete_consumer(LIVE, consumer.name)
            await feed.publish(ORGANISATION, VEHICLES, b"2")
            await feed.publish(ORGANISATION, VEHICLES, b"3")
            assert [(await anext(messages)).payload for _ in range(2)] == [b"2", b"3"]
