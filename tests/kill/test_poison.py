"""An event that kills its consumer each time ends as a dead letter, and all others are digested once."""

import asyncio
import sys
from datetime import timedelta

import pytest

from tests.e2e.platforms import real_platform
from tests.kill.poisoned_consumer import ATTEMPTS
from tests.kill.processes import COUNTED, BackDoor, back_door, fresh_streams, scenario_for, whole_second
from trilha.adapters.embedded import EmbeddedNats
from trilha.adapters.nats.digestion import CUT_OFF
from trilha.adapters.postgres import DatabaseUrls
from trilha.application.identity.connect_organisations import ConnectOrganisationsCommand
from trilha.application.telemetry.ingest_stream import IngestStreamCommand
from trilha.domain.telemetry import Stream
from trilha.simulators.mix import ClockChange, MixSimulator

PAGES = 6
LETTERS = "select count(*), max(attempts), max(error), max(event_id::text) from dead_letters"
OF_OTHERS = (
    "select sum((envelope->'data'->>'received')::bigint)::bigint, sum((envelope->'data'->>'inserted')::bigint)::bigint "
    "from outbox where envelope->>'type' = 'telemetry.events_ingested' and id::text <> "
)


@pytest.mark.kill
async def test_a_poisoned_event_becomes_a_dead_letter_and_the_rest_goes_on(
    postgres_superuser_url: str, fresh_postgres_urls: DatabaseUrls, nats_server: EmbeddedNats
) -> None:
    urls, now = fresh_postgres_urls, whole_second()
    async with (
        asyncio.timeout(60),
        MixSimulator(scenario_for(now, 10)) as simulator,
        fresh_streams(nats_server),
        back_door(postgres_superuser_url, urls) as door,
    ):
        simulator.change_clock(ClockChange(set=now - timedelta(hours=1), stop=True))
        async with real_platform(simulator, urls, nats_server) as platform:
            (organisation,) = await platform.connect(ConnectOrganisationsCommand(source="mix"))
            await platform.ingest(
                IngestStreamCommand(organisation_id=organisation.id, stream=Stream.EVENTS, max_pages=PAGES)
            )
            assert await platform.relay() == PAGES
        (poison,) = await door.one("select id::text from outbox order by seq offset 2 limit 1")
        deaths = 0
        while await door.one("select count(*) from dead_letters") == (0,):
            deaths += await deaths_of_a_consumer(urls, nats_server.url, str(poison), door)
        assert await door.one(LETTERS) == (1, ATTEMPTS, CUT_OFF, poison)
        assert deaths == ATTEMPTS
        others = await door.one(OF_OTHERS + f"'{poison}'")
        process = await started(urls, nats_server.url, str(poison))
        try:
            await door.until(COUNTED, others, process)
        finally:
            process.kill()
            await process.wait()
        assert await door.one(LETTERS) == (1, ATTEMPTS, CUT_OFF, poison)


async def deaths_of_a_consumer(urls: DatabaseUrls, nats_url: str, poison: str, door: BackDoor) -> int:
    """Run a consumer until it has died (1) or has written the dead letter (0)."""
    process = await started(urls, nats_url, poison)
    try:
        while process.returncode is None:
            if await door.one("select count(*) from dead_letters") != (0,):
                return 0
            await asyncio.sleep(0.02)
        return 1
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def started(urls: DatabaseUrls, nats_url: str, poison: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.kill.poisoned_consumer", urls.app, urls.system, nats_url, poison
    )
