"""Geofences over HTTP: drawn, changed and let go; as files; and who was there."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.e2e.http.test_refusals import problem
from tests.e2e.http.world import DRIVER_ID, NOW, VEHICLE_ID, Fleet, fill, report_parts, walk
from trilha.adapters.memory import MemoryDepot, MemoryGeofenceQueries, MemoryOrganisations, MemoryRoster
from trilha.application.monitoring.report_visits import GEOFENCE_VISITS, GeofenceVisitsSource
from trilha.domain.kernel import DriverId, GeoPoint, OrganisationId, VehicleId
from trilha.domain.monitoring import Visit
from trilha.entrypoints.http import HttpParts

Serving = Callable[[HttpParts], httpx.Client]
PATH = "/v1/geofences"
OVERTAKEN = "monitoring.geofence_changed_since"
SQUARE = {"type": "Polygon", "coordinates": [[[-44, -20], [-43, -20], [-43, -19], [-44, -19], [-44, -20]]]}
BOW_TIE = {"type": "Polygon", "coordinates": [[[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]]}
FIJI = {"type": "Polygon", "coordinates": [[[179, -17], [-179, -17], [-179, -16], [179, -16], [179, -17]]]}
DEPOT = {"name": "Garagem", "geometry": {"type": "Point", "coordinates": [-43.94, -19.92]}, "radius_m": 150.0}


@pytest.fixture
def fleet() -> Fleet:
    return Fleet()


@pytest.fixture
def organisation_id(fleet: Fleet) -> OrganisationId:
    organisation_id = fleet.add_organisation()
    fill(fleet, organisation_id)
    return organisation_id


@pytest.fixture
def client(serving: Serving, fleet: Fleet, organisation_id: OrganisationId) -> httpx.Client:
    return serving(fleet.parts())


def made(client: httpx.Client, **body: Any) -> dict[str, Any]:
    answer = client.post(PATH, json=body)
    assert answer.status_code == 201, answer.text
    assert client.get(answer.headers["location"]).json() == answer.json()
    view: dict[str, Any] = answer.json()
    return view


def around(client: httpx.Client, latitude_deg: float, longitude_deg: float) -> list[str]:
    answer = client.post(PATH + "/test", json={"latitude_deg": latitude_deg, "longitude_deg": longitude_deg})
    assert answer.status_code == 200, answer.text
    return [one["name"] for one in answer.json()["items"]]


def test_the_three_shapes_come_in_as_geojson_and_as_text(client: httpx.Client) -> None:
    depot = made(client, **DEPOT, description="Portão 2", color="#1f77b4")
    assert (depot["geometry"], depot["radius_m"], depot["half_width_m"]) == (DEPOT["geometry"], 150, None)
    assert (depot["version"], depot["active"], depot["description"]) == (0, True, "Portão 2")
    same = made(client, name="Garagem", wkt="CIRCLE (-43.94 -19.92, 150)")
    assert (same["geometry"], same["radius_m"]) == (depot["geometry"], 150)
    road = made(client, name="BR-040", wkt="LINESTRING (-44 -20, -43.5 -19.5)", half_width_m=50)
    line = {"type": "LineString", "coordinates": [[-44, -20], [-43.5, -19.5]]}
    assert (road["geometry"], road["half_width_m"]) == (line, 50)
    assert made(client, name="BR-040", geometry=line, half_width_m=50)["geometry"] == line
    yard = made(client, name="Pátio", wkt="POLYGON Z ((-44 -20 9, -43 -20 9, -43 -19 9, -44 -19 9))")
    assert yard["geometry"] == made(client, name="Pátio", geometry=SQUARE)["geometry"] == SQUARE


def test_lists_are_searched_and_paged_by_name(client: httpx.Client) -> None:
    for name in ("Pátio Sul", "Garagem", "patio norte"):
        made(client, **{**DEPOT, "name": name, "active": name != "Garagem"})
    pages = [[one["name"] for one in page["items"]] for page in walk(client, PATH, limit=2)]
    assert pages == [["Garagem", "patio norte"], ["Pátio Sul"]]
    assert [one["name"] for one in client.get(f"{PATH}?search=patio&active=true").json()["items"]] == [
        "patio norte",
        "Pátio Sul",
    ]
    assert [one["name"] for one in client.get(f"{PATH}?active=false").json()["items"]] == ["Garagem"]


def test_a_change_says_which_version_it_is_based_on(client: httpx.Client) -> None:
    depot = made(client, **DEPOT, color="#1f77b4")
    path = f"{PATH}/{depot['id']}"
    renamed = client.patch(path, json={"name": "Pátio", "version": 0}).json()
    assert renamed == {**depot, "name": "Pátio", "version": 1, "changed_at": renamed["changed_at"]}
    refused = problem(
        client.patch(path, json={"name": "Depot", "version": 0}), 409, "monitoring.geofence_changed_since"
    )
    assert "version 1" in refused["detail"]
    assert client.patch(path, json={"color": None}).json()["color"] is None
    assert client.patch(path, json={"color": None}).json()["version"] == 2, "nothing changed"
    redrawn = client.put(path, json={"name": "Pátio", "geometry": SQUARE, "version": 2}).json()
    assert (redrawn["geometry"], redrawn["radius_m"], redrawn["version"]) == (SQUARE, None, 3)
    problem(
        client.put(path, json={"name": "Pátio", "geometry": SQUARE, "version": 2}),
        409,
        "monitoring.geofence_changed_since",
    )
    problem(client.put(path, json={"name": "Pátio", "version": 3}), 400, "invalid_value")
    assert client.get(path).json() == redrawn


def test_a_repeated_request_is_harmless(client: httpx.Client) -> None:
    once = {"Idempotency-Key": "once"}
    first = client.post(PATH, json=DEPOT, headers=once)
    assert client.post(PATH, json=DEPOT, headers=once).content == first.content
    assert len(client.get(PATH).json()["items"]) == 1
    problem(client.post(PATH, json={**DEPOT, "name": "Pátio"}, headers=once), 422, "idempotency.key_reused")


def test_one_that_is_let_go_is_gone(client: httpx.Client) -> None:
    path = f"{PATH}/{made(client, **DEPOT)['id']}"
    assert client.delete(path).status_code == 204
    assert client.get(PATH).json()["items"] == []
    for answer in (client.get(path), client.delete(path), client.patch(path, json={}), client.get(path + "/visits")):
        problem(answer, 404, "not_found")


@pytest.mark.parametrize(
    ("body", "code", "pointer", "told"),
    [
        ({"geometry": BOW_TIE}, "areas.crossing_rings", "/geometry", "longitude 1, latitude 1"),
        ({"wkt": "POLYGON ((0 0, 2 2, 2 0, 0 2))"}, "areas.crossing_rings", "/wkt", "segment 3"),
        (
            {"geometry": {"type": "Point", "coordinates": [37.77, -122.42]}, "radius_m": 5},
            "invalid_value",
            "/geometry",
            "the other way round",
        ),
        ({"geometry": {"type": "Polygon", "coordinates": []}}, "areas.malformed", "/geometry", "empty"),
        ({"geometry": {"type": "Point", "coordinates": [0, 0]}}, "areas.malformed", "/geometry", "radius_m"),
        ({"geometry": SQUARE, "wkt": "POLYGON ((0 0, 1 0, 1 1))"}, "invalid_value", "/wkt", "one of them"),
        ({"geometry": SQUARE, "radius_m": 5}, "areas.malformed", "/geometry", "radius_m is 5.0; expected none"),
        ({"wkt": "CIRCLE (1 2, 3)", "radius_m": 5}, "invalid_value", "/radius_m", "says its own"),
        ({"radius_m": 5}, "invalid_value", "/geometry", "metres without an area"),
        ({}, "invalid_value", "/geometry", "expected geometry or wkt"),
        ({"geometry": None}, "invalid_value", "/geometry", "object"),
        ({"wkt": "CIRCLE (1 2, 3)", "color": "red"}, "invalid_value", "/color", ""),
        ({"wkt": "CIRCLE (1 2, 3)", "name": "  "}, "invalid_value", "/name", "spaces"),
        ({"wkt": "CIRCLE (1 2, 3)", "colour": "#000000"}, "invalid_value", "", "colour"),
    ],
)
def test_what_is_no_geofence_is_refused_with_the_place(
    client: httpx.Client, body: dict[str, Any], code: str, pointer: str, told: str
) -> None:
    refused = problem(client.post(PATH, json={"name": "Garagem", **body}), 400, code)
    assert refused["errors"][0].get("pointer") == pointer
    assert told in refused["detail"]
    assert client.get(PATH).json()["items"] == []


def test_vehicles_would_be_found_across_the_antimeridian(client: httpx.Client) -> None:
    made(client, name="Fiji", geometry=FIJI)
    made(client, name="Depot", wkt="CIRCLE (180 -16.5, 1000)")
    made(client, name="Asleep", geometry=FIJI, active=False)
    assert around(client, -16.5, 180) == around(client, -16.5, -180) == ["Fiji", "Depot"]
    assert around(client, -16.5, -179.5) == around(client, -16.5, 179.5) == ["Fiji"]
    assert around(client, -16.5, 178.9) == around(client, -16.5, 0) == []
    problem(client.post(PATH + "/test", json={"latitude_deg": 91, "longitude_deg": 0}), 400, "invalid_value")


def test_files_go_out_and_come_in_again(client: httpx.Client) -> None:
    made(client, **DEPOT, description="Portão 2", color="#1f77b4")
    made(client, name="Fiji", geometry=FIJI, active=False)
    made(client, name="BR-040", wkt="LINESTRING (-44 -20, -43.5 -19.5)", half_width_m=50)
    export = client.get(PATH + ".geojson")
    assert export.headers["content-type"] == "application/geo+json"
    one, across, road = export.json()["features"]
    assert across["geometry"]["coordinates"][0][1] == [181, -17], "goes on beyond 180, as maps draw it"
    assert (one["properties"]["radius_m"], road["properties"]["half_width_m"]) == (150, 50)
    single = client.get(f"{PATH}/{one['id']}", headers={"Accept": "application/geo+json"})
    assert (single.headers["content-type"], single.json()["geometry"]) == ("application/geo+json", one["geometry"])

    geojson = {"Content-Type": "application/geo+json", "Idempotency-Key": "file"}
    answer = client.post(PATH + "/import", content=export.content, headers=geojson)

    assert answer.status_code == 201
    assert [fence["name"] for fence in answer.json()["items"]] == ["Garagem", "Fiji", "BR-040"]
    again = client.get(PATH + ".geojson").json()["features"]
    assert [{**feature, "id": ""} for feature in again[3:]] == [{**feature, "id": ""} for feature in again[:3]]
    assert client.post(PATH + "/import", content=export.content, headers=geojson).content == answer.content


def test_a_file_comes_in_whole_or_not_at_all(client: httpx.Client) -> None:
    def feature(geometry: object, **properties: object) -> dict[str, object]:
        return {"type": "Feature", "geometry": geometry, "properties": properties}

    features = [
        feature(SQUARE, name="Pátio"),
        feature(BOW_TIE, name="Laço"),
        feature(SQUARE),
        feature({"type": "Point", "coordinates": [0, 91]}, name="Polo", radius_m=5),
        feature(SQUARE, name=7),
        None,
    ]
    body = {"type": "FeatureCollection", "features": features}
    refused = problem(client.post(PATH + "/import", json=body), 400, "monitoring.features_refused")
    assert [error["pointer"] for error in refused["errors"]] == [f"/features/{number}" for number in range(1, 6)]
    assert [error["code"] for error in refused["errors"]] == [
        "areas.crossing_rings",
        "areas.malformed",
        "invalid_value",
        "invalid_value",
        "areas.malformed",
    ]
    assert "feature 2: ring 1, segment 1 meets ring 1, segment 3 at longitude 1, latitude 1" in refused["detail"]
    assert client.get(PATH).json()["items"] == []
    for document in ({}, {"type": "FeatureCollection", "features": []}, SQUARE):
        problem(client.post(PATH + "/import", json=document), 400, "areas.malformed")
    too_many = {"type": "FeatureCollection", "features": [feature(DEPOT["geometry"], name="x", radius_m=5)] * 5001}
    problem(client.post(PATH + "/import", json=too_many), 409, "monitoring.too_many_geofences")
    problem(client.post(PATH + "/import", content=b" " * 2**21), 415, "request.unsupported_media_type")


def test_visits_are_those_of_a_geofence_and_of_a_vehicle(
    client: httpx.Client, fleet: Fleet, organisation_id: OrganisationId
) -> None:
    depot, yard = made(client, **DEPOT), made(client, name="Pátio", geometry=SQUARE)
    visits = fleet.database.of(organisation_id).visits
    for number, fence in enumerate((depot, yard, depot)):
        entered = NOW - timedelta(hours=number)
        visit = Visit(
            id=fleet.ids.new(),
            geofence_id=UUID(fence["id"]),
            vehicle_id=VehicleId(VEHICLE_ID + number % 2),
            driver_id=DriverId(5),
            entered_at=entered,
            entry=GeoPoint(-19.92, -43.94),
            left_at=entered + timedelta(minutes=7) if number else None,
        )
        visits[visit.id] = visit

    def asked(path: str, **query: object) -> list[tuple[str, int | None]]:
        return [(v["geofence_name"], v["dwelled_s"]) for page in walk(client, path, **query) for v in page["items"]]

    path = f"{PATH}/{depot['id']}/visits"
    assert asked(path, limit=1) == [("Garagem", None), ("Garagem", 420)]
    assert asked(path, open="true") == [("Garagem", None)]
    assert asked(path, to=NOW.isoformat()) == [("Garagem", 420)]
    assert asked(path, vehicle_id=VEHICLE_ID + 1) == asked(path, driver_id=6) == []
    assert asked(f"/v1/vehicles/{VEHICLE_ID}/visits") == [("Garagem", None), ("Garagem", 420)]
    assert asked(f"/v1/vehicles/{VEHICLE_ID + 1}/visits") == [("Pátio", 420)]
    first = client.get(path).json()["items"][0]
    assert (first["entry"], first["exit"], first["driver_id"]) == (
        {"latitude_deg": -19.92, "longitude_deg": -43.94},
        None,
        "5",
    )
    client.delete(f"{PATH}/{depot['id']}")
    assert len(asked(path)) == 2, "who was there can still be asked"
    problem(client.get("/v1/vehicles/1/visits"), 404, "not_found")


def test_the_report_of_visits_comes_as_a_table(serving: Serving, fleet: Fleet, organisation_id: OrganisationId) -> None:
    source = GeofenceVisitsSource(
        geofences=MemoryGeofenceQueries(fleet.database),
        roster=MemoryRoster(fleet.database),
        depot=MemoryDepot(fleet.database),
        organisations=MemoryOrganisations(fleet.database),
        clock=fleet.clock,
    )
    client = serving(fleet.parts(reports=report_parts(fleet.database, {GEOFENCE_VISITS: source})))
    fence_id = UUID(made(client, **DEPOT)["id"])
    visit = Visit(
        id=fleet.ids.new(),
        geofence_id=fence_id,
        vehicle_id=VehicleId(VEHICLE_ID),
        driver_id=DriverId(DRIVER_ID),
        entered_at=NOW,
        left_at=NOW + timedelta(minutes=95),
    )
    fleet.database.of(organisation_id).visits[visit.id] = visit

    answer = client.get("/v1/reports/geofence_visits.csv?from=2026-03-10&to=2026-03-10")

    head, row = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";")
    assert head[-4:] == ["Motorista", "Entrada", "Saída", "Permanência"]
    assert [cell.removeprefix("'") for cell in row[1:]] == [
        "Garagem",
        str(VEHICLE_ID),
        "Bus 0",
        "ABC0",
        str(DRIVER_ID),
        "Álvaro Conceição",
        "2026-03-10 09:00:00",
        "2026-03-10 10:35:00",
        "1:35:00",
    ]


def test_paths_say_what_they_take(client: httpx.Client) -> None:
    assert client.options(PATH).headers["allow"] == "GET, OPTIONS, POST"
    path = f"{PATH}/{made(client, **DEPOT)['id']}"
    assert client.options(path).headers["allow"] == "DELETE, GET, OPTIONS, PATCH, PUT"
