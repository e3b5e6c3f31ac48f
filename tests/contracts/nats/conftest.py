"""A real nats-server for the contracts; the suites use names of their own, so nothing is cleaned between tests."""

from collections.abc import AsyncIterator, Iterator

import pytest
from nats.aio.client import Client

from trilha.adapters.embedded import EmbeddedNats, temporary_data_folder
from trilha.adapters.nats import ensure_streams, open_nats


@pytest.fixture(scope="session")
def nats_server() -> Iterator[EmbeddedNats]:
    with temporary_data_folder() as folder, EmbeddedNats(folder) as server:
        yield server


@pytest.fixture
async def client(nats_server: EmbeddedNats) -> AsyncIterator[Client]:
    async with open_nats(nats_server.url) as client:
        await ensure_streams(client)
        yield client
