"""Positions, trips, alerts and the range routes over a real socket."""

from datetime import UTC, datetime, timedelta

import httpx
import msgspec
import pytest

from trilha.simulators.mix import Kind, MixSimulator, Scenario
from trilha.simulators.mix.amendments import digest
from trilha.simulators.mix.scenario import Behaviour
from trilha.simulators.mix.stream import write_token
from trilha.simulators.mix.timeline import to_ms
from trilha.simulators.mix.truth import Truth, fold
from trilha.simulators.mix.wire import ActiveEvent, Event, Position, Trip

NOW = datetime(2026, 3, 10, 14, 30, 15, tzinfo=UTC)
EPOCH = NOW - timedelta(days=6)
SCENARIO = Scenario(
    epoch=EPOCH,
    vehicles=6,
    positions_per_vehicle_per_day=60,
    late_days=3,
    future_share=0.0,
    behaviour=Behaviour(calls_per_minute=0, calls_per_hour=0, expires_in_s=10**7),
)
SHAPES = {Kind.EVENTS: Event, Kind.POSITIONS: Position, Kind.TRIPS: Trip, Kind.ACTIVE_EVENTS: ActiveEvent}
PARTS = {"includeSubTrips": "true"}


@pytest.fixture
async def simulator():
    async with MixSimulator(SCENARIO, clock=lambda: NOW) as running:
        yield running


@pytest.fixture
async def client(simulator):
    login = SCENARIO.login
    form = {"grant_type": "password", "username": login.username, "password": login.password}
    form["scope"] = "offline_access MiX.Integrate"
    async with httpx.AsyncClient(base_url=simulator.api_url, trust_env=False, timeout=20) as plain:
        answer = await plain.post("/core/connect/token", data=form, auth=(login.client_id, login.client_secret))
        plain.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        yield plain


def decoded(answer, kind):
    return msgspec.json.decode(answer.content, type=list[SHAPES[kind]]) if answer.content else []


def held(records):
    return {record.identity: record for record in records}


def digits(moment):
    return f"{moment:%Y%m%d%H%M%S}"


def since_path(simulator, kind, token):
    group = simulator.organisation_id
    return f"/api/{kind}/groups/createdsince/organisation/{group}/sincetoken/{token}/quantity/500"


@pytest.mark.parametrize("kind", list(Kind))
async def test_every_stream_is_its_truth(simulator, client, kind):
    token, records, more = write_token(to_ms(EPOCH)), [], "True"
    while more == "True":
        answer = await client.get(since_path(simulator, kind, token), params=PARTS)
        token, more = answer.headers["GetSinceToken"], answer.headers["HasMoreItems"]
        assert answer.status_code == 206 if more == "True" else answer.status_code in {200, 204}
        records += decoded(answer, kind)
    told = msgspec.json.decode((await client.get("/_sim/truth", params={"kind": kind})).content, type=Truth)
    assert fold(held(records).values(), len(records)) == told == simulator.truth(kind=kind)
    assert told.events > 100


async def test_sub_trips_only_when_asked_for(simulator, client):
    path = since_path(simulator, Kind.TRIPS, write_token(to_ms(EPOCH)))
    without, with_parts = await client.get(path), await client.get(path, params=PARTS)
    assert not any("SubTrips" in trip for trip in without.json())
    assert all(trip["SubTrips"] for trip in with_parts.json())


def window_paths(kind, start, end):
    window = f"from/{digits(start)}/to/{digits(end)}"
    groups = {
        Kind.EVENTS: f"/api/events/groups/entitytype/Asset/{window}",
        Kind.POSITIONS: f"/api/positions/groups/{window}",
        Kind.TRIPS: f"/api/trips/groups/{window}/entitytype/Asset",
    }
    return groups[kind], f"/api/{kind}/assets/{window}", f"/api/{kind}/drivers/{window}"


def body(kind, ids):
    return {"EntityIds": ids} if kind is Kind.EVENTS else ids


@pytest.mark.parametrize("kind", list(SHAPES)[:3])
async def test_windows_that_meet_hold_what_happened(simulator, client, kind):
    records, start = [], EPOCH - timedelta(days=4)
    while start < NOW:
        end = start + timedelta(hours=37)
        by_group, *_ = window_paths(kind, start, end - timedelta(seconds=1))
        answer = await client.post(by_group, json=body(kind, [simulator.organisation_id]), params=PARTS)
        assert "HasMoreItems" not in answer.headers
        records += decoded(answer, kind)
        start = end
    truth = simulator.truth(kind=kind)
    assert fold(records, truth.records) == truth


@pytest.mark.parametrize("kind", list(SHAPES)[:3])
async def test_windows_by_vehicle_by_driver_and_by_quoted_ids(simulator, client, kind):
    start = NOW - timedelta(days=2)
    by_group, by_asset, by_driver = window_paths(kind, start, NOW)
    everything = decoded(await client.post(by_group, json=body(kind, [simulator.organisation_id])), kind)
    asset, driver = everything[0].asset_id, everything[0].driver_id
    of_asset = decoded(await client.post(by_asset, json=body(kind, [str(asset)])), kind)
    of_driver = decoded(await client.post(by_driver, json=body(kind, [driver])), kind)
    assert held(of_asset) == held(record for record in everything if record.asset_id == asset)
    assert held(of_driver) == held(record for record in everything if record.driver_id == driver)


async def test_the_end_of_a_window_belongs_to_it_or_not(simulator, client):
    start = NOW - timedelta(days=1)
    by_group, *_ = window_paths(Kind.TRIPS, start, NOW)
    trips = decoded(await client.post(by_group, json=[simulator.organisation_id]), Kind.TRIPS)
    edge = trips[len(trips) // 2]
    path, *_ = window_paths(Kind.TRIPS, edge.trip_start, edge.trip_start)
    for included in (True, False):
        simulator.behaviour = msgspec.structs.replace(simulator.behaviour, range_end_included=included)
        answer = await client.post(path, json=[simulator.organisation_id])
        assert (edge.trip_id in held(decoded(answer, Kind.TRIPS))) is included
    assert answer.status_code == 204


@pytest.mark.parametrize(
    ("path", "content", "text"),
    [
        ("/api/positions/assets/from/20260301000000/to/20260308000001", b"[1]", "ArgumentException: The date range"),
        ("/api/trips/assets/from/20260302000000/to/20260301000000", b"[1]", "ArgumentException: To must"),
        ("/api/trips/assets/from/20251101000000/to/20251102000000", b"[1]", "ArgumentException: From must"),
        ("/api/trips/assets/from/2026030200/to/20260303000000", b"[1]", "ArgumentException: 2026030200"),
        ("/api/trips/assets/from/20261302000000/to/20261303000000", b"[1]", "ArgumentException: 20261302000000"),
        ("/api/positions/assets/from/20260301000000/to/20260302000000", b"null", "AssetIds list not supplied"),
        ("/api/trips/assets/from/20260301000000/to/20260302000000", b'{"AssetIds":[1]}', "AssetIds list not supplied"),
        ("/api/events/assets/from/20260301000000/to/20260302000000", b"[1]", "AssetIds list not supplied"),
        ("/api/events/drivers/from/20260301000000/to/20260302000000", b"{}", "DriverIds list not supplied"),
    ],
)
async def test_arguments_of_windows(client, path, content, text):
    answer = await client.post(path, content=content)
    assert (answer.status_code, text in answer.text) == (400, True)


async def test_a_group_that_is_not_ours(client):
    answer = await client.post("/api/positions/groups/from/20260301000000/to/20260302000000", json=[5])
    assert (answer.status_code, answer.text) == (401, "UnauthorizedAccessException: Not Authorised")


@pytest.mark.parametrize(
    "path",
    [
        "/api/positions/groups/createdsince/entitytype/Asset/sincetoken/{}/quantity/1000",
        "/api/trips/groups/createdsince/entitytype/Driver/sincetoken/{}/quantity/1000",
        "/api/events/assets/createdsince/sincetoken/{}/quantity/1000",
        "/api/activeevents/drivers/createdsince/sincetoken/{}/quantity/1000",
    ],
)
async def test_pages_by_lists_of_ids(simulator, client, path):
    ids = [simulator.organisation_id]
    if "/assets/" in path:
        ids = [asset.asset_id for asset in simulator.fleet.assets]
    if "/drivers/" in path:
        ids = [driver.driver_id for driver in simulator.fleet.drivers]
    answer = await client.post(path.format(write_token(to_ms(EPOCH))), json=ids)
    assert answer.status_code in {200, 206}
    assert len(answer.json()) > 100


@pytest.mark.parametrize("kind", [Kind.POSITIONS, Kind.TRIPS, Kind.ACTIVE_EVENTS])
@pytest.mark.parametrize("fault", ["malformed_record", "odd_values", "unknown_enum"])
async def test_pages_of_every_kind_can_be_broken(simulator, client, kind, fault):
    path = since_path(simulator, kind, write_token(to_ms(EPOCH)))
    sound = await client.get(path)
    await client.post("/_sim/faults", json=[{"kind": fault}])
    broken = await client.get(path)
    assert broken.content != sound.content
    assert (await client.get(path)).content == sound.content
    if fault == "odd_values":
        assert fold(decoded(broken, kind), 0) == fold(decoded(sound, kind), 0)


@pytest.mark.parametrize(("fault", "more"), [("stuck_token", False), ("repeated_page", True)])
async def test_tokens_that_lead_in_a_circle(simulator, client, fault, more):
    token = write_token(to_ms(NOW - timedelta(hours=3)))
    path = since_path(simulator, Kind.POSITIONS, token)
    await client.post("/_sim/faults", json=[{"kind": fault, "times": 2}])
    answers = [await client.get(path) for _ in range(3)]
    assert [answer.headers["GetSinceToken"] == token for answer in answers] == [True, True, False]
    assert [answer.headers["HasMoreItems"] for answer in answers] == [str(more), str(more), "False"]
    assert answers[0].content == answers[1].content == answers[2].content


async def test_records_are_added_to_any_stream(simulator, client):
    for kind in Kind:
        made = (await client.post(f"/_sim/{kind}", json={"count": 2, "late_by_s": 86_400})).json()
        assert len(made) == 2
    await client.post("/_sim/clock", json={"advance_s": 1})
    answer = await client.get(since_path(simulator, Kind.TRIPS, write_token(to_ms(NOW))))
    assert len(answer.json()) >= 2


def amended_path(simulator, kind, first, last):
    return f"/api/{kind}/groups/amended/{simulator.organisation_id}/from/{first:%Y%m%d}/to/{last:%Y%m%d}"


ID_NAMES = {Kind.EVENTS: "EventId", Kind.TRIPS: "TripId"}


@pytest.mark.parametrize("kind", list(ID_NAMES))
async def test_amendments_fold_to_their_truth_in_any_order(simulator, client, kind):
    name = ID_NAMES[kind]
    path = since_path(simulator, kind, write_token(to_ms(EPOCH)))
    known = {record[name] for record in (await client.get(path)).json()}
    for change in ({"new_driver_id": 7}, {}, {"new_driver_id": 8}):
        await client.post("/_sim/amendments", json={"kind": kind, "id": min(known), **change})
    await client.post("/_sim/clock", json={"advance_s": 3 * 86_400})
    found = (await client.get(amended_path(simulator, kind, EPOCH, EPOCH + timedelta(days=6)))).json()
    found += (
        await client.get(amended_path(simulator, kind, EPOCH + timedelta(days=7), NOW + timedelta(days=4)))
    ).json()
    drivers, quarantined = {}, set()
    for change in sorted(found, key=lambda one: one["AmendmentDate"]):
        if change["AmendmentType"].startswith("Quarantined"):
            quarantined.add(change[name])
            assert "NewDriverId" not in change
        else:
            drivers[change[name]] = change["NewDriverId"]
    told = simulator.amendment_truth(kind=kind)
    content = 0
    for identity in drivers.keys() | quarantined:
        content ^= digest(identity, drivers.get(identity), quarantined=identity in quarantined)
    assert (told.amendments, told.amended) == (len(found), len(drivers.keys() | quarantined))
    assert (told.quarantined, told.content_checksum) == (len(quarantined), content)
    assert drivers[min(known)] == 8
    assert min(known) in quarantined
    assert told.amended > 3


async def test_some_records_are_amended_twice(simulator):
    many = MixSimulator(msgspec.structs.replace(SCENARIO, amended_share=0.5), clock=lambda: NOW)
    told = many.amendment_truth()
    assert told.amendments > told.amended > told.quarantined > 10


async def test_days_of_amendments(simulator, client):
    day = datetime(2026, 3, 4, tzinfo=UTC)
    too_long = await client.get(amended_path(simulator, Kind.TRIPS, day, day + timedelta(days=7)))
    assert (too_long.status_code, too_long.text[:18]) == (400, "ArgumentException:")
    empty = await client.get(amended_path(simulator, Kind.TRIPS, day - timedelta(days=9), day - timedelta(days=8)))
    assert (empty.status_code, empty.content) == (204, b"")
    wrong = await client.post("/_sim/amendments", json={"kind": "positions", "id": 1})
    assert wrong.status_code == 400


async def test_another_tool_spends_the_quota(simulator, client):
    simulator.behaviour = msgspec.structs.replace(simulator.behaviour, calls_per_minute=20)
    await client.post("/_sim/spend", json={"calls": 19})
    assert [(await client.get("/version")).status_code for _ in range(2)] == [200, 429]
    await client.post("/_sim/clock", json={"advance_s": 60})
    await client.patch("/_sim/behaviour", json={"shared_tool_calls_per_minute": 30})
    assert (await client.get("/version")).status_code == 200
    await client.post("/_sim/clock", json={"advance_s": 38})
    assert (await client.get("/version")).status_code == 429
