"""A real nats-server, and what the tests need around it."""

from collections.abc import AsyncIterator, Iterator

import pytest
from nats.aio.client import Client

from tests.integration.nats.world import MemoryDeadLetters
from trilha.adapters.embedded import EmbeddedNats, temporary_data_folder
from trilha.adapters.nats import ensure_streams, open_nats


@pytest.fixture(scope="session")
def nats_server() -> Iterator[EmbeddedNats]:
    with temporary_data_folder() as folder, EmbeddedNats(folder) as server:
        yield server


@pytest.fixture
async def client(nats_server: EmbeddedNats) -> AsyncIterator[Client]:
    """Connected, with fresh streams."""
    async with open_nats(nats_server.url) as client:
        stream = client.jetstream()
        for info in await stream.streams_info():
            await stream.delete_stream(info.config.name or "")
        await ensure_streams(client)
        yield client


@pytest.fixture
def dead_letters() -> MemoryDeadLetters:
    return MemoryDeadLetters()
