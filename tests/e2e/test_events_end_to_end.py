"""The main job in one test: simulator, client, store, relay, consumer, HTTP; on PostgreSQL and NATS, and on memory."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import xor
from typing import Any

import pytest

from tests.e2e.asking import everything, of_all, served
from tests.e2e.platforms import Platform, memory_platform, real_platform
from trilha.adapters.embedded import EmbeddedNats
from trilha.adapters.postgres import DatabaseUrls
from trilha.application.fleet.sync_master_data import SyncMasterDataCommand
from trilha.application.identity.connect_organisations import ConnectOrganisationsCommand
from trilha.application.subscriptions import SUBSCRIPTIONS
from trilha.application.telemetry.ingest_stream import IngestStreamCommand
from trilha.domain.telemetry import FEEDS, RunStatus, Stream
from trilha.simulators.mix import Kind, MixSimulator, Scenario

OpenPlatform = Callable[[MixSimulator], AbstractAsyncContextManager[Platform]]


@pytest.fixture(params=["memory", "postgres"])
def open_platform(request: pytest.FixtureRequest) -> OpenPlatform:
    if request.param == "memory":
        return memory_platform
    urls: DatabaseUrls = request.getfixturevalue("fresh_postgres_urls")
    nats: EmbeddedNats = request.getfixturevalue("nats_server")
    return lambda simulator: real_platform(simulator, urls, nats)


@pytest.fixture
async def simulator() -> AsyncIterator[MixSimulator]:
    epoch = datetime.now(UTC).replace(microsecond=0) - timedelta(days=6)
    async with MixSimulator(Scenario(epoch=epoch, vehicles=5, events_per_vehicle_per_day=20)) as running:
        yield running


async def test_what_the_source_sent_is_what_the_api_tells(simulator: MixSimulator, open_platform: OpenPlatform) -> None:
    async with open_platform(simulator) as platform:
        (organisation,) = await platform.connect(ConnectOrganisationsCommand(source="mix"))
        ran = [await platform.sync(SyncMasterDataCommand(organisation_id=organisation.id))]
        ran += [
            await platform.ingest(IngestStreamCommand(organisation_id=organisation.id, stream=feed)) for feed in FEEDS
        ]
        for run in ran:
            assert run is not None
            assert run.status is RunStatus.SUCCEEDED, run.error_message
            assert run.received == run.inserted + run.replaced + run.duplicates

        async with served(platform) as api:
            events = await everything(api, "/v1/telemetry/events")
            drivers = await everything(api, "/v1/drivers")
            runs = await everything(api, "/v1/etl/runs")
            checkpoints = (await api.get("/v1/etl/checkpoints")).json()["items"]
            # some report before the fleet knows them
            seen = (await api.get("/v1/positions/latest")).json()["items"]
            vehicles = {record["vehicle_id"] for record in (*seen, *events)}
            held = {
                Kind.EVENTS: events,
                Kind.POSITIONS: await of_all(api, vehicles, "positions"),
                Kind.TRIPS: await of_all(api, vehicles, "trips"),
            }
            busiest = max({event["driver_id"] for event in events}, key=[e["driver_id"] for e in events].count)
            of_busiest = await everything(api, f"/v1/drivers/{busiest}/events")

        for checkpoint in checkpoints:
            kind = Kind(checkpoint["stream"])
            truth = simulator.truth(until=datetime.fromisoformat(checkpoint["token_time"]), kind=kind)
            assert len(held[kind]) == truth.events > 0
            assert reduce(xor, (int(record["id"]) for record in held[kind])) == truth.ids_checksum
        assert len(drivers) == simulator.scenario.drivers
        assert of_busiest == [event for event in events if event["driver_id"] == busiest]
        assert {run["kind"]: run["status"] for run in runs} == dict.fromkeys(
            ("master_data", "events", "positions", "trips"), "succeeded"
        )


async def test_a_command_that_is_replayed_leaves_every_list_readable(
    simulator: MixSimulator, open_platform: OpenPlatform
) -> None:
    """A replay rolls its transaction back, and the driver forgets prepared statements with it."""
    lists = ("drivers", "vehicles", "groups", "event-types", "telemetry/events", "etl/runs", "etl/checkpoints")
    async with open_platform(simulator) as platform:
        await platform.connect(ConnectOrganisationsCommand(source="mix"))
        async with served(platform) as api:
            for turn in range(6):
                for name in lists:
                    answer = await api.get(f"/v1/{name}")
                    assert answer.status_code == 200, (turn, name, answer.text)
                asked = await api.post("/v1/etl/sync", json={}, headers={"Idempotency-Key": "the-same"})
                assert asked.status_code == 202, asked.text


async def test_every_committed_page_is_counted_once(simulator: MixSimulator, open_platform: OpenPlatform) -> None:
    async with open_platform(simulator) as platform:
        (organisation,) = await platform.connect(ConnectOrganisationsCommand(source="mix"))
        ingested = await platform.ingest(IngestStreamCommand(organisation_id=organisation.id, stream=Stream.EVENTS))
        assert ingested is not None
        digested: list[str] = []
        complete = asyncio.Event()

        async def digest_twice(envelope: Any) -> None:
            if envelope.organisationid != organisation.id:
                return  # of another test on the same server
            await platform.handlers["count_throughput"](envelope)
            await platform.handlers["count_throughput"](envelope)
            digested.append(str(envelope.id))
            if len(digested) == ingested.pages:
                complete.set()

        subscription = next(one for one in SUBSCRIPTIONS if one.use_case == "count_throughput")
        consuming = asyncio.create_task(
            platform.bus.consume(f"{subscription.consumer}-{organisation.id}", subscription.event_types, digest_twice)
        )
        try:
            assert await platform.relay() == ingested.pages
            await asyncio.wait_for(complete.wait(), 20)
        finally:
            consuming.cancel()
            await asyncio.gather(consuming, return_exceptions=True)
        assert await platform.counted(organisation.id) == ingested.received
