"""What the lists and single records show, over a real server."""

import httpx
import pytest

from tests.e2e.http.world import DRIVER_ID, EVENTS, SPEEDING, VEHICLE_ID, Fleet, add_event, walk
from trilha.domain.kernel import OrganisationId
from trilha.domain.telemetry import Stream


def names(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [item["name"] for item in answer.json()["items"]]


def test_drivers_are_listed_by_folded_name(client: httpx.Client) -> None:
    answer = client.get("/v1/drivers")

    assert answer.headers["content-type"] == "application/json"
    assert names(answer) == [
        "Álvaro Conceição", "Ana", "jose da silva", "José da Silva", "Unknown driver", "Zélia",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("search=JOSE", ["jose da silva", "José da Silva"]),
        ("search=conceicao", ["Álvaro Conceição"]),
        ("search=Concei%C3%A7%C3%A3o", ["Álvaro Conceição"]),
        ("search=da+silva&limit=1", ["jose da silva"]),
        ("search=B3", ["Zélia"]),
        ("people_only=true&active=true&search=a", ["Álvaro Conceição", "jose da silva", "José da Silva", "Zélia"]),
        ("active=false", ["Ana"]),
        ("group_id=1&search=ana", ["Ana"]),
        ("group_id=2", []),
    ],
)
def test_drivers_are_filtered(client: httpx.Client, query: str, expected: list[str]) -> None:
    assert names(client.get(f"/v1/drivers?{query}")) == expected


def test_ids_are_strings_that_keep_64_bits(client: httpx.Client) -> None:
    assert client.get(f"/v1/drivers/{DRIVER_ID}").json()["id"] == str(DRIVER_ID)
    assert client.get(f"/v1/vehicles/{VEHICLE_ID}").json()["id"] == str(VEHICLE_ID)


@pytest.mark.parametrize(
    ("path", "count"),
    [
        ("/v1/vehicles", 3),
        ("/v1/vehicles?search=abc1", 1),
        ("/v1/groups", 1),
        ("/v1/event-types", 1),
        ("/v1/event-types?classification=safety", 0),
        ("/v1/event-types?classification=driving_infraction", 1),
        ("/v1/telemetry/events?limit=500", EVENTS),
        (f"/v1/telemetry/events?vehicle_id={VEHICLE_ID}&event_type_id={SPEEDING}", 10),
        (f"/v1/telemetry/events?driver_id={DRIVER_ID}", 15),
        ("/v1/telemetry/events?classification=safety", 0),
        ("/v1/telemetry/events?from=2026-03-10T11:58:00Z&to=2026-03-10T11:59:00Z", 3),
        ("/v1/telemetry/events?from=2026-03-10T08:58:00-03:00&to=2026-03-10T08:59:00-03:00", 3),
        ("/v1/telemetry/events?from=2026-03-10T13:58:00%2B02:00&to=2026-03-10T13:59:00%2B02:00", 3),
        (f"/v1/drivers/{DRIVER_ID}/events?limit=100", 15),
        (f"/v1/drivers/{DRIVER_ID}/events?vehicle_id={VEHICLE_ID}", 5),
        (f"/v1/drivers/{DRIVER_ID}/events?classification=driving_infraction&to=2026-03-10T11:51:30Z", 1),
        ("/v1/etl/runs", 1),
        ("/v1/etl/runs?kind=events&status=running", 1),
        ("/v1/etl/runs?status=failed", 0),
        ("/v1/organisations", 1),
    ],
)
def test_every_list_answers_with_its_filters(client: httpx.Client, path: str, count: int) -> None:
    answer = client.get(path)

    assert answer.status_code == 200, answer.text
    assert len(answer.json()["items"]) == count


def test_a_driver_without_events_has_an_empty_list_and_an_unknown_one_none(client: httpx.Client) -> None:
    assert client.get(f"/v1/drivers/{DRIVER_ID - 5}/events").json() == {"items": [], "next_cursor": None}
    assert client.get("/v1/drivers/7/events").status_code == 404


def test_checkpoints_tell_their_age(client: httpx.Client) -> None:
    (checkpoint,) = client.get("/v1/etl/checkpoints").json()["items"]

    assert (checkpoint["stream"], checkpoint["token_age_s"], checkpoint["open_gaps"]) == ("events", 3600.0, 0)


def test_paging_neither_skips_nor_repeats_whatever_is_inserted_meanwhile(
    client: httpx.Client, fleet: Fleet, organisation_id: OrganisationId
) -> None:
    before = [item["id"] for page in walk(client, "/v1/telemetry/events", limit=500) for item in page["items"]]
    seen: list[str] = []
    added: list[str] = []
    for number, page in enumerate(walk(client, "/v1/telemetry/events", limit=4)):
        seen += [item["id"] for item in page["items"]]
        added.append(str(add_event(fleet, organisation_id, 1_000 + number * 13, minutes_ago=number * 2)))
    for identifier in added:
        del fleet.database.of(organisation_id).records[Stream.EVENTS][int(identifier)]

    assert len(seen) == len(set(seen))
    assert [identifier for identifier in seen if identifier not in added] == before
