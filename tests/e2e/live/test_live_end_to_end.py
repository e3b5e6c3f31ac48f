"""Live positions from the source to sockets of two API processes, over PostgreSQL and NATS."""

import os
from collections.abc import AsyncIterator
from signal import SIGKILL

import pytest

from tests.e2e.live.platform import Company, running_company
from tests.e2e.live.world import a_client, ids_of, serving
from trilha.adapters.embedded import EmbeddedNats, temporary_data_folder
from trilha.adapters.postgres import DatabaseUrls
from trilha.entrypoints.http import HttpParts


@pytest.fixture
async def nats() -> AsyncIterator[EmbeddedNats]:
    """One that may be killed."""
    with temporary_data_folder() as folder:
        async with EmbeddedNats(folder) as server:
            yield server


@pytest.fixture
async def platform(fresh_postgres_urls: DatabaseUrls, nats: EmbeddedNats) -> AsyncIterator[tuple[Company, HttpParts]]:
    async with running_company(fresh_postgres_urls, nats.url) as platform:
        yield platform


async def test_what_is_committed_is_seen_by_clients_of_every_process(platform: tuple[Company, HttpParts]) -> None:
    company, parts = platform
    old = await company.drive(1, 2, 1)
    async with (
        serving(parts) as (here, _),
        serving(parts) as (there, _),
        a_client(here) as client,
        a_client(there) as other,
    ):
        one, two, depot = await client.open(), await other.open(), await other.open("group=10")
        assert sorted(await one.snapshot()) == sorted(await two.snapshot()) == old[1:]
        assert sorted(await depot.snapshot()) == [old[2]]
        new = await company.drive(1, 2)
        assert await one.positions(2) == await two.positions(2) == new
        assert await depot.positions(1) == new[:1]
        await one.socket.close()
        missed = [identity for _ in range(5) for identity in await company.drive(2, 1)]
        back = await other.open(f"after={one.cursor}")
        last = await company.drive(1)
        assert await back.positions(11) == [*missed, *last]
        ticket = await client.ticket()
        async with other.http.ws_connect(f"/v1/live/vehicles?ticket={ticket}"):
            pass
        async with client.http.get(f"/v1/live/vehicles?ticket={ticket}", headers=UPGRADE) as answer:
            assert answer.status == 401


async def test_nats_may_be_killed_and_come_back(platform: tuple[Company, HttpParts], nats: EmbeddedNats) -> None:
    company, parts = platform
    async with serving(parts) as (address, _), a_client(address) as client:
        listener = await client.open()
        await listener.snapshot()
        before = await company.drive(1)
        assert await listener.positions(1) == before
        assert nats.pid is not None
        os.kill(nats.pid, SIGKILL)
        unseen = await company.drive(2)
        await nats.stop()
        await nats.start()
        update = await listener.next()
        while update["type"] != "snapshot":
            update = await listener.next()
        assert sorted(ids_of(update)) == sorted(before + unseen)
        after = await company.drive(2, 1)
        assert await listener.positions(2) == after


UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
