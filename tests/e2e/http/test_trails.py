"""Where vehicles were: positions, trips, last positions, and trails in every format."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest

from tests.e2e.http.test_refusals import problem
from tests.e2e.http.world import DRIVER_ID, NOW, POSITIONS, VEHICLE_ID, Fleet, a_position, add_record, fill, walk
from trilha.application.telemetry.show_track import MAX_POSITIONS
from trilha.domain.kernel import DriverId, OrganisationId, PositionId, VehicleId
from trilha.domain.telemetry import Position
from trilha.domain.tracks import decode_polyline, length_m, read_gpx

TRACK = f"/v1/vehicles/{VEHICLE_ID}/track"
OF_ONE = POSITIONS // 3
Serving = Callable[..., httpx.Client]


@pytest.mark.parametrize(
    ("path", "count"),
    [
        (f"/v1/vehicles/{VEHICLE_ID}/positions?limit=500", OF_ONE),
        (f"/v1/vehicles/{VEHICLE_ID}/positions?from=2026-03-10T11:59:00Z&to=2026-03-10T12:00:00Z", 2),
        (f"/v1/vehicles/{VEHICLE_ID}/trips", 2),
        (f"/v1/vehicles/{VEHICLE_ID}/trips?to=2026-03-10T10:00:00Z", 1),
        (f"/v1/drivers/{DRIVER_ID}/trips", 3),
        (f"/v1/drivers/{DRIVER_ID}/trips?with_withdrawn=true&from=2026-03-10T10:59:59Z", 1),
        ("/v1/positions/latest", 3),
        ("/v1/positions/latest?group_id=7", 0),
    ],
)
def test_lists_answer_with_their_filters(client: httpx.Client, path: str, count: int) -> None:
    answer = client.get(path)

    assert answer.status_code == 200, answer.text
    assert len(answer.json()["items"]) == count


@pytest.mark.parametrize(
    "path",
    ["/v1/vehicles/12345/positions", "/v1/vehicles/12345/trips", "/v1/drivers/12345/trips", "/v1/vehicles/7/track"],
)
def test_nobody_is_told_apart_from_one_without_any(client: httpx.Client, path: str) -> None:
    problem(client.get(path), 404, "not_found")
    assert client.get(f"/v1/drivers/{DRIVER_ID - 5}/trips").json() == {"items": [], "next_cursor": None}


def test_positions_are_walked_newest_first_and_each_once(client: httpx.Client) -> None:
    path = f"/v1/vehicles/{VEHICLE_ID}/positions"
    times = [item["occurred_at"] for page in walk(client, path, limit=7) for item in page["items"]]

    assert len(times) == OF_ONE
    assert times == sorted(set(times), reverse=True)


def test_a_trip_comes_with_its_legs(client: httpx.Client) -> None:
    trip = client.get(f"/v1/vehicles/{VEHICLE_ID}/trips?limit=1").json()["items"][0]

    assert (trip["vehicle_id"], trip["distance_km"]) == (str(VEHICLE_ID), 12.5)
    assert [leg["distance_km"] for leg in trip["sub_trips"]] == [12.5]


def test_the_last_position_tells_its_age_and_is_never_from_the_future(serving: Serving) -> None:
    fleet = Fleet()
    organisation_id = fleet.add_organisation()
    fill(fleet, organisation_id)
    liar = a_position(3, id=PositionId(1), occurred_at=NOW + timedelta(days=1))
    add_record(fleet, organisation_id, liar)
    fleet.clock.advance(timedelta(minutes=2))

    items = serving(fleet.parts()).get("/v1/positions/latest").json()["items"]

    mine = next(item for item in items if item["vehicle_id"] == str(VEHICLE_ID))
    assert mine["occurred_at"] == "2026-03-10T11:59:30Z"
    assert mine["age_s"] == 150.0


def test_a_track_has_its_measure_and_the_same_line_in_every_format(client: httpx.Client) -> None:
    view = client.get(TRACK).json()
    drawn = client.get(TRACK, params={"format": "geojson"})
    written = client.get(TRACK, headers={"Accept": "text/html, application/gpx+xml;q=0.9"})

    (segment,) = view["segments"]
    line = decode_polyline(segment["polyline"])
    assert view["positions"] == segment["points"] == len(line) == OF_ONE
    assert view["distance_m"] == pytest.approx(length_m(line), rel=1e-3)
    assert view["duration_s"] == 30.0 * (OF_ONE - 1)
    assert (view["dropped"], view["max_speed_kmh"], view["gap_s"]) == ({}, 50.0, 0.0)
    assert drawn.headers["content-type"] == "application/geo+json"
    feature = drawn.json()
    assert feature["geometry"]["type"] == "LineString"
    coordinates = feature["geometry"]["coordinates"]
    assert [north for _, north in coordinates] == pytest.approx([one.latitude_deg for one in line], abs=1e-5)
    assert [east for east, _ in coordinates] == pytest.approx([one.longitude_deg for one in line], abs=1e-5)
    assert feature["properties"]["distance_m"] == view["distance_m"]
    assert written.headers["content-type"] == "application/gpx+xml"
    assert len(read_gpx(written.content).segments[0]) == OF_ONE
    assert ET.fromstring(written.text).tag.endswith("gpx")


def test_the_format_asked_for_wins_over_the_header(client: httpx.Client) -> None:
    answer = client.get(TRACK, params={"format": "polyline"}, headers={"Accept": "application/gpx+xml"})

    assert answer.headers["content-type"] == "application/json"


def test_a_tolerance_leaves_points_out_and_the_measure_as_it_is(client: httpx.Client) -> None:
    whole, thin = (client.get(TRACK, params={"tolerance_m": metres}).json() for metres in ("0", "12.5"))

    assert thin["segments"][0]["points"] == 2
    assert thin["distance_m"] == whole["distance_m"]


def test_what_cannot_have_been_is_counted_by_reason_and_silence_cuts(serving: Serving) -> None:
    fleet = Fleet()
    organisation_id = fleet.add_organisation()
    fill(fleet, organisation_id)
    silence = timedelta(hours=3)
    odd = [
        a_position(3, id=PositionId(1), latitude_deg=0.0, longitude_deg=0.0, occurred_at=NOW - timedelta(seconds=45)),
        a_position(3, id=PositionId(2), latitude_deg=40.0, occurred_at=NOW - timedelta(seconds=75)),
        *(
            a_position(3, id=PositionId(10 + turn), occurred_at=NOW - silence + timedelta(minutes=turn))
            for turn in range(10)
        ),
    ]
    for position in odd:
        add_record(fleet, organisation_id, position)

    view = serving(fleet.parts()).get(TRACK).json()

    assert view["dropped"] == {"impossible_jump": 1, "zero_coordinate": 1}
    assert len(view["segments"]) == 2
    assert view["gap_s"] > 3600
    assert view["stops"][0]["duration_s"] >= 540.0


def test_a_track_of_too_many_points_says_which_time_will_do(serving: Serving) -> None:
    fleet = Fleet()
    organisation_id = fleet.add_organisation()
    fill(fleet, organisation_id)
    crowd(fleet, organisation_id, MAX_POSITIONS + 10)
    client = serving(fleet.parts())
    long_ago = {"from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"}

    content = problem(client.get(TRACK, params=long_ago), 400, "invalid_value")

    assert content["errors"][0]["parameter"] == "to"
    assert str(MAX_POSITIONS) in content["detail"]
    until = content["detail"].split("end at ")[1]
    fewer = client.get(TRACK, params={**long_ago, "to": until})
    assert fewer.json()["positions"] == MAX_POSITIONS - 1


def crowd(fleet: Fleet, organisation_id: OrganisationId, count: int) -> None:
    begun = NOW.replace(month=1, day=1, hour=0)
    for number in range(count):
        position = Position(
            id=PositionId(10**9 + number),
            occurred_at=begun + timedelta(seconds=30 * number),
            driver_id=DriverId(1),
            vehicle_id=VehicleId(VEHICLE_ID),
            latitude_deg=-23.0,
            longitude_deg=-46.0 + number * 1e-5,
        )
        add_record(fleet, organisation_id, position)


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("tolerance_m=-1", "tolerance_m"),
        ("tolerance_m=1_0", "tolerance_m"),
        ("tolerance_m=nan", "tolerance_m"),
        ("tolerance_m=10001", "tolerance_m"),
        ("format=kml", "format"),
        ("from=2026-03-11T00:00:00Z&to=2026-03-10T00:00:00Z", "to"),
    ],
)
def test_a_bad_wish_is_named(client: httpx.Client, query: str, parameter: str) -> None:
    content = problem(client.get(f"{TRACK}?{query}"), 400, "invalid_value")

    assert content["errors"][0]["parameter"] == parameter


def test_a_track_from_the_future_on_is_empty(client: httpx.Client) -> None:
    assert client.get(TRACK, params={"from": "2026-03-11T00:00:00Z"}).json()["positions"] == 0


@pytest.mark.parametrize("to", ["0001-01-01T00:00:00Z", "0001-01-01T23:00:00Z", "9999-12-31T23:59:59Z"])
def test_the_ends_of_time_are_times_too(client: httpx.Client, to: str) -> None:
    assert client.get(TRACK, params={"to": to}).status_code == 200


def test_one_organisation_never_sees_the_trails_of_another(serving: Serving) -> None:
    fleet = Fleet()
    first, second = fleet.add_organisation("One"), fleet.add_organisation("Two")
    fill(fleet, second)
    client = serving(fleet.parts())
    stranger: dict[str, Any] = {"headers": {"Trilha-Organisation": str(first)}}

    problem(client.get(TRACK, **stranger), 404, "not_found")
    problem(client.get(f"/v1/vehicles/{VEHICLE_ID}/positions", **stranger), 404, "not_found")
    assert client.get("/v1/positions/latest", **stranger).json() == {"items": []}
