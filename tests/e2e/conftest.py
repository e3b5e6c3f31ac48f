"""The real servers, and a company on them, for the tests of the whole."""

from collections.abc import AsyncIterator

import pytest

from tests.e2e.platforms import Platform, real_platform
from tests.integration.nats.conftest import nats_server
from tests.postgres import fresh_postgres_urls, postgres_superuser_url, postgres_template
from trilha.adapters.embedded import EmbeddedNats
from trilha.adapters.postgres import DatabaseUrls
from trilha.application.fleet.sync_master_data import SyncMasterDataCommand
from trilha.application.identity.connect_organisations import ConnectOrganisationsCommand
from trilha.application.telemetry.ingest_stream import IngestStreamCommand
from trilha.domain.identity import Organisation
from trilha.domain.telemetry import Stream
from trilha.simulators.mix import MixSimulator

__all__ = ["fresh_postgres_urls", "nats_server", "postgres_superuser_url", "postgres_template"]


@pytest.fixture
async def platform(
    simulator: MixSimulator, fresh_postgres_urls: DatabaseUrls, nats_server: EmbeddedNats
) -> AsyncIterator[Platform]:
    """Wired by the container; the test's own `simulator` feeds it."""
    async with real_platform(simulator, fresh_postgres_urls, nats_server) as platform:
        yield platform


@pytest.fixture
async def company(platform: Platform) -> Organisation:
    """The simulated company with its events and trips."""
    (organisation,) = await platform.connect(ConnectOrganisationsCommand(source="mix"))
    await platform.sync(SyncMasterDataCommand(organisation_id=organisation.id))
    for feed in (Stream.EVENTS, Stream.TRIPS):
        await platform.ingest(IngestStreamCommand(organisation_id=organisation.id, stream=feed))
    return organisation
