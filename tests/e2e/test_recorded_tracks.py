"""Recorded drives and walks, served as a MiX organisation, stored, and found again through the API.

What is expected comes from the files themselves, read without our own readers, and from what gpxpy and movingpandas
compute of them. One platform for all tests of a store: they only ask.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.e2e.asking import everything, served
from tests.e2e.platforms import Platform, memory_platform, real_platform
from tests.postgres import PASSWORDS, cloned
from tests.recorded import Fix, Recorded, read_cab_file, read_gpx_file, read_porto_file, reference_tracks, shared_data
from trilha.adapters.embedded import EmbeddedNats
from trilha.adapters.postgres import urls_for
from trilha.application.fleet.sync_master_data import SyncMasterDataCommand
from trilha.application.identity.connect_organisations import ConnectOrganisationsCommand
from trilha.application.telemetry.fill_backfills import FillBackfillsCommand
from trilha.application.telemetry.ingest_stream import IngestStreamCommand
from trilha.domain.kernel import OrganisationId
from trilha.domain.telemetry import FEEDS, RunStatus
from trilha.domain.tracks import TrackPoint, decode_polyline, find_stops, measure, read_gpx
from trilha.simulators.mix import Behaviour, MixSimulator, Scenario
from trilha.simulators.mix.tracked import TrackReport

pytestmark = pytest.mark.asyncio(loop_scope="module")

PORTO = "porto_taxi_2013_trips.csv"
SECOND = timedelta(seconds=1)
HALF_A_STEP_DEG = 0.000_005_1
"""Of a polyline, and a little for rounding."""
IN = "(Tr) Embarque de passageiro"


@dataclass(frozen=True)
class Selection:
    """Which recordings: names of GPX files and cab traces, and how many rows of Porto."""

    store: str
    gpx: str = "*.gpx"
    cabs: str = "none"
    porto_rows: int = 0


FEW = Selection("memory", gpx="gpxpy__*.gpx", porto_rows=15)
SOME = Selection("postgres", cabs="cabspotting_new_aiwalb.txt", porto_rows=40)
ALL = Selection("postgres", cabs="*.txt", porto_rows=10_000)


@dataclass(frozen=True)
class Seen:
    """The API after everything is in, what the files say, and what the simulator says it made of them."""

    api: httpx.AsyncClient
    recorded: list[Recorded]
    reports: dict[str, TrackReport]

    def of(self, suffix: str) -> list[Recorded]:
        """Those whose names contain `suffix`."""
        return [one for one in self.recorded if suffix in one.name]

    def path(self, recorded: Recorded, what: str) -> str:
        return f"/v1/vehicles/{self.reports[recorded.name].vehicle_id}/{what}"

    def shifted(self, recorded: Recorded, at: datetime) -> datetime:
        """When the platform thinks that a moment of the file was: whole seconds, as MiX tells them."""
        return at.replace(microsecond=0) + timedelta(seconds=self.reports[recorded.name].shift_s)

    def moved(self, recorded: Recorded, fixes: Sequence[Fix]) -> list[Fix]:
        return [(self.shifted(recorded, at), latitude, longitude) for at, latitude, longitude in fixes]

    async def track(self, recorded: Recorded, first: datetime, last: datetime, **query: str) -> httpx.Response:
        """Of the time from one fix to another, both inclusive; moments of the file."""
        start, end = self.shifted(recorded, first), self.shifted(recorded, last) + SECOND
        asked = {"from": start.isoformat(), "to": end.isoformat(), **query}
        answer = await self.api.get(self.path(recorded, "track"), params=asked)
        assert answer.status_code == 200, answer.text
        return answer

    async def whole_track(self, recorded: Recorded, **query: str) -> httpx.Response:
        fixes = recorded.fixes
        return await self.track(recorded, fixes[0][0], fixes[-1][0], **query)


@pytest_asyncio.fixture(
    scope="module",
    loop_scope="module",
    params=[
        pytest.param(FEW, id="memory"),
        pytest.param(SOME, id="postgres"),
        pytest.param(ALL, id="all on postgres", marks=pytest.mark.soak),
    ],
)
async def seen(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Seen]:
    selection: Selection = request.param
    folder = choose(selection, tmp_path_factory.mktemp("tracks"))
    # a few minutes to spare, so that the last record of each file has been made
    epoch = datetime.now(UTC).replace(microsecond=0) - timedelta(days=7, minutes=5)
    scenario = Scenario(amended_share=0.0, epoch=epoch, behaviour=Behaviour(calls_per_minute=0, calls_per_hour=0))
    async with AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(MixSimulator(scenario, tracks=[folder]))
        if selection.store == "memory":
            platform = await stack.enter_async_context(memory_platform(simulator))
        else:
            url, template = (request.getfixturevalue(f"postgres_{name}") for name in ("superuser_url", "template"))
            nats: EmbeddedNats = request.getfixturevalue("nats_server")
            urls = urls_for(url, PASSWORDS, stack.enter_context(cloned(url, template)))
            platform = await stack.enter_async_context(real_platform(simulator, urls, nats))
        api = await stack.enter_async_context(served(platform))
        await bring_in(platform, api)
        reports = {one.name: one for one in simulator.tracks.recordings}
        yield Seen(api, list(read(folder)), reports)


def choose(selection: Selection, folder: Path) -> Path:
    """A folder with links to the recordings wanted; of Porto the first rows."""
    data = shared_data()
    for pattern in (selection.gpx, selection.cabs):
        for path in (data / "tracks").rglob(pattern):
            if path.suffix == ".gpx" or path.name.startswith("cabspotting"):
                link = folder / path.relative_to(data / "tracks")
                link.parent.mkdir(exist_ok=True)
                link.symlink_to(path)
    with (data / "requests" / PORTO).open() as rows, (folder / PORTO).open("w") as chosen:
        chosen.writelines(row for number, row in enumerate(rows) if number <= selection.porto_rows)
    return folder


def read(folder: Path) -> Iterator[Recorded]:
    for path in folder.rglob("*.gpx"):
        yield read_gpx_file(path, path.relative_to(folder).as_posix())
    for path in folder.rglob("cabspotting*.txt"):
        yield read_cab_file(path, path.relative_to(folder).as_posix())
    yield from read_porto_file(folder / PORTO, PORTO)


async def bring_in(platform: Platform, api: httpx.AsyncClient) -> None:
    """The streams as far back as they go, and all before by a backfill that a person asks for."""
    (organisation,) = await platform.connect(ConnectOrganisationsCommand(source="mix"))
    ran = [await platform.sync(SyncMasterDataCommand(organisation_id=organisation.id))]
    ran += [await platform.ingest(IngestStreamCommand(organisation_id=organisation.id, stream=feed)) for feed in FEEDS]
    for run in ran:
        assert run is not None
        assert run.status is RunStatus.SUCCEEDED, run.error_message
    end = datetime.now(UTC) - timedelta(days=6)
    asked = {"start": (end - timedelta(days=30)).isoformat(), "end": end.isoformat()}
    answer = await api.post("/v1/etl/backfills", json=asked, headers={"Idempotency-Key": "recorded"})
    assert answer.status_code == 202, answer.text
    await fill(platform, organisation.id)
    done = (await api.get(answer.headers["location"])).json()
    assert (done["status"], done["done_share"], done["quarantined"]) == ("completed", 1.0, 0)


async def fill(platform: Platform, organisation_id: OrganisationId) -> None:
    while (run := await platform.backfill(FillBackfillsCommand(organisation_id=organisation_id))) is not None:
        assert run.status is RunStatus.SUCCEEDED, run.error_message


async def test_each_file_is_a_vehicle(seen: Seen) -> None:
    vehicles = {one["id"]: one["description"] for one in await everything(seen.api, "/v1/vehicles", 500)}
    assert {one.name: vehicles[str(seen.reports[one.name].vehicle_id)] for one in seen.recorded} == {
        one.name: one.name for one in seen.recorded
    }
    assert len(seen.recorded) == len(seen.reports)


async def test_every_point_is_found_as_it_was_recorded(seen: Seen) -> None:
    for one in seen.recorded:
        found = await everything(seen.api, seen.path(one, "positions"), 500)
        found.sort(key=lambda position: int(position["id"]))
        told = [(moment(each["occurred_at"]), each["latitude_deg"], each["longitude_deg"]) for each in found]
        assert told == seen.moved(one, one.fixes), one.name


async def test_points_without_a_time_are_listed_as_dropped(seen: Seen) -> None:
    for one in seen.of(".gpx"):
        dropped = seen.reports[one.name].dropped
        assert len(dropped) == one.untimed, one.name
        assert {each.reason for each in dropped} <= {"untimed"}
    assert any(one.untimed for one in seen.recorded)


async def test_every_journey_is_a_trip(seen: Seen) -> None:
    for one in seen.recorded:
        trips = await everything(seen.api, seen.path(one, "trips"), 500)
        told = sorted((moment(each["started_at"]), moment(each["ended_at"])) for each in trips)
        wanted = [seen.moved(one, [trail[0], trail[-1]]) for trail in one.trails if len(trail) > 1]
        assert told == sorted((start, end) for (start, *_), (end, *_) in wanted), one.name


async def test_lengths_are_those_that_others_measure(seen: Seen) -> None:
    """Of trips as the source tells them, and of the trails of those trips as we draw them."""
    measured = 0
    for row in reference_tracks():
        for one in seen.of(row["file"].removeprefix("tracks/")):
            expected_m = float(row["haversine_R6371008_8_within_segments_m"])
            if one.untimed:
                continue
            trips = await everything(seen.api, seen.path(one, "trips"), 500)
            assert sum(trip["distance_km"] for trip in trips) * 1000 == pytest.approx(expected_m, rel=0.01), one.name
            drawn = [(await seen.track(one, trail[0][0], trail[-1][0])).json() for trail in one.trails]
            assert sum(each["distance_m"] for each in drawn) == pytest.approx(expected_m, rel=0.01), one.name
            measured += 1
    assert measured >= 2


async def test_stops_are_those_that_others_find(seen: Seen) -> None:
    compared = 0
    for row in reference_tracks():
        for one in seen.of(row["file"].removeprefix("tracks/")):
            stops = (await seen.whole_track(one)).json()["stops"]
            assert len(stops) == len(find_stops([TrackPoint(*fix) for fix in one.fixes])), one.name
            if row["movingpandas_stop_s"]:
                assert len(stops) == int(row["movingpandas_stops_30m_120s"]), one.name
                total_s = sum(stop["duration_s"] for stop in stops)
                assert total_s == pytest.approx(float(row["movingpandas_stop_s"]), abs=3), one.name
                compared += 1
    assert compared


async def test_every_boarding_is_an_event(seen: Seen) -> None:
    events = await everything(seen.api, "/v1/telemetry/events", 500)
    of_vehicle: dict[str, list[tuple[datetime, bool]]] = {}
    for event in sorted(events, key=lambda event: int(event["id"])):
        boarding = moment(event["occurred_at"]), event["description"] == IN
        of_vehicle.setdefault(event["vehicle_id"], []).append(boarding)
    for one in seen.recorded:
        wanted = [(seen.shifted(one, at), in_) for at, in_ in one.boardings]
        assert of_vehicle.get(str(seen.reports[one.name].vehicle_id), []) == wanted, one.name
    assert len(events) == sum(len(one.boardings) for one in seen.recorded) > 0


async def test_a_trail_is_the_same_in_every_format(seen: Seen) -> None:
    """GPX read again holds what was drawn, and polylines lead along it."""
    for one in seen.of(".gpx"):
        drawn = (await seen.whole_track(one)).json()
        exported = read_gpx((await seen.whole_track(one, format="gpx")).content)
        assert not exported.unused
        points = [(point.at, point.latitude_deg, point.longitude_deg) for each in exported.segments for point in each]
        assert len(points) == drawn["positions"] - sum(drawn["dropped"].values())
        fixes = seen.moved(one, one.fixes)
        assert (set(points) <= set(fixes)) if drawn["dropped"] else (points == fixes), one.name
        assert measure(exported.segments).distance_m == pytest.approx(drawn["distance_m"], rel=1e-9), one.name
        for piece, segment in zip(drawn["segments"], exported.segments, strict=True):
            line = decode_polyline(piece["polyline"])
            for place, point in zip(line, segment, strict=True):
                assert place.latitude_deg == pytest.approx(point.latitude_deg, abs=HALF_A_STEP_DEG)
                assert place.longitude_deg == pytest.approx(point.longitude_deg, abs=HALF_A_STEP_DEG)


def moment(text: Any) -> datetime:
    return datetime.fromisoformat(text)
