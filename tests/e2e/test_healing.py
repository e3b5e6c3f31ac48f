"""An outage longer than tokens live: the gap shows, is filled by itself, and in the end nothing is missing."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from functools import reduce
from operator import xor

import httpx
import msgspec
import pytest

from tests.e2e.asking import everything, of_all, served
from tests.e2e.platforms import Platform, memory_platform, real_platform
from trilha.adapters.embedded import EmbeddedNats
from trilha.adapters.postgres import DatabaseUrls
from trilha.adapters.system import SystemClock
from trilha.application.identity.connect_organisations import ConnectOrganisationsCommand
from trilha.application.ports import Clock
from trilha.application.telemetry.fill_backfills import FillBackfillsCommand
from trilha.application.telemetry.ingest_stream import IngestStreamCommand
from trilha.domain.kernel import OrganisationId
from trilha.domain.telemetry import FEEDS, RunStatus, Stream
from trilha.simulators.mix import Behaviour, ClockChange, Kind, MixSimulator, Scenario

OpenPlatform = Callable[[MixSimulator, Clock], AbstractAsyncContextManager[Platform]]
HISTORY = timedelta(days=6)
OUTAGE = timedelta(days=9)
SCENARIO = Scenario(
    vehicles=4,
    events_per_vehicle_per_day=20,
    positions_per_vehicle_per_day=24,
    late_share=0.1,
    # of vehicles that no list names, so that all can be asked for one by one
    stranger_share=0.0,
    future_share=0.05,
    repeat_far_share=0.05,
    # what has no time of its own cannot be named by a range: nobody can heal it
    startless_share=0.0,
    timeless_share=0.0,
    behaviour=Behaviour(calls_per_minute=0, calls_per_hour=0),
)


class ShiftedClock(SystemClock):
    """The machine's time, put forward."""

    ahead = timedelta(0)

    def now(self) -> datetime:
        return super().now() + self.ahead


@pytest.fixture(params=["memory", "postgres"])
def open_platform(request: pytest.FixtureRequest) -> OpenPlatform:
    if request.param == "memory":
        return memory_platform
    urls: DatabaseUrls = request.getfixturevalue("fresh_postgres_urls")
    nats: EmbeddedNats = request.getfixturevalue("nats_server")
    return lambda simulator, clock: real_platform(simulator, urls, nats, clock)


async def test_a_gap_of_an_outage_heals_by_itself(open_platform: OpenPlatform) -> None:
    clock = ShiftedClock()
    scenario = msgspec.structs.replace(SCENARIO, epoch=clock.now().replace(microsecond=0) - HISTORY)
    async with (
        MixSimulator(scenario) as simulator,
        open_platform(simulator, clock) as platform,
        served(platform) as api,
    ):
        simulator.change_clock(ClockChange(set=scenario.epoch + HISTORY, stop=True))
        (organisation,) = await platform.connect(ConnectOrganisationsCommand(source="mix"))
        await follow(platform, organisation.id)
        before = await assert_complete(api, simulator)

        clock.ahead += OUTAGE
        simulator.change_clock(ClockChange(advance_s=OUTAGE.total_seconds()))
        await follow(platform, organisation.id)
        await assert_the_gaps_show(api, simulator)

        while (run := await platform.backfill(FillBackfillsCommand(organisation_id=organisation.id))) is not None:
            assert run.status is RunStatus.SUCCEEDED, run.error_message
        await assert_healed(api)
        after = await assert_complete(api, simulator)
        assert all(after[feed] > before[feed] for feed in FEEDS)


async def follow(platform: Platform, organisation_id: OrganisationId) -> None:
    for feed in FEEDS:
        run = await platform.ingest(IngestStreamCommand(organisation_id=organisation_id, stream=feed))
        assert run is not None
        assert run.status is RunStatus.SUCCEEDED, run.error_message


async def assert_complete(api: httpx.AsyncClient, simulator: MixSimulator) -> dict[Stream, int]:
    """What the API lists is what the source ever made; returns how many of each."""
    events = await everything(api, "/v1/telemetry/events", 500)
    vehicles = {str(asset.asset_id) for asset in simulator.fleet.assets} | {event["vehicle_id"] for event in events}
    vehicles |= {one["vehicle_id"] for one in (await api.get("/v1/positions/latest")).json()["items"]}
    held = {Stream.EVENTS: events} | {
        feed: await of_all(api, vehicles, feed.value) for feed in (Stream.POSITIONS, Stream.TRIPS)
    }
    for feed, records in held.items():
        truth = simulator.truth(kind=Kind(feed))
        assert len(records) == truth.events, feed
        assert reduce(xor, (int(record["id"]) for record in records)) == truth.ids_checksum, feed
    return {feed: len(records) for feed, records in held.items()}


async def assert_the_gaps_show(api: httpx.AsyncClient, simulator: MixSimulator) -> None:
    gaps = (await api.get("/v1/etl/gaps", params={"open": "true"})).json()["items"]
    assert {gap["stream"] for gap in gaps} == set(FEEDS)
    for gap in gaps:
        start, end = (datetime.fromisoformat(gap[side]) for side in ("start", "end"))
        assert start == simulator.scenario.epoch + HISTORY
        assert timedelta(days=2) < end - start < timedelta(days=3)
        healing = (await api.get(f"/v1/etl/backfills/{gap['backfill_id']}")).json()
        assert (healing["reason"], healing["status"]) == ("healing", "waiting")
    checkpoints = (await api.get("/v1/etl/checkpoints")).json()["items"]
    assert {one["stream"]: one["open_gaps"] for one in checkpoints} == dict.fromkeys(FEEDS, 1)
    health = (await api.get("/v1/etl/health")).json()
    assert {one["status"] for one in health["streams"] if one["stream"] in set(FEEDS)} == {"behind"}


async def assert_healed(api: httpx.AsyncClient) -> None:
    assert (await api.get("/v1/etl/gaps", params={"open": "true"})).json()["items"] == []
    assert all(gap["closed_at"] for gap in (await api.get("/v1/etl/gaps")).json()["items"])
    assert {one["open_gaps"] for one in (await api.get("/v1/etl/checkpoints")).json()["items"]} == {0}
    backfills = await everything(api, "/v1/etl/backfills")
    assert [(one["status"], one["done_share"]) for one in backfills] == [("completed", 1.0)] * len(FEEDS)
