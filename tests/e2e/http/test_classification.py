"""What event types mean, over HTTP: a change is seen at once, by everybody who asks."""

from collections.abc import Callable

import httpx
import pytest

from tests.e2e.http.test_refusals import problem
from tests.e2e.http.world import EVENTS, SPEEDING, Fleet, fill, walk
from trilha.entrypoints.http import HttpParts

Serving = Callable[[HttpParts], httpx.Client]
PATH = f"/v1/event-types/{SPEEDING}"


@pytest.fixture
def client(serving: Serving) -> httpx.Client:
    fleet = Fleet()
    fill(fleet, fleet.add_organisation())
    return serving(fleet.parts())


def counted(client: httpx.Client, classification: str) -> int:
    pages = walk(client, "/v1/telemetry/events", classification=classification, limit=7)
    return sum(len(page["items"]) for page in pages)


def test_lists_follow_a_change_at_once_and_the_history_tells_it(client: httpx.Client) -> None:
    before = client.get(PATH).json()
    assert (before["classification"], counted(client, "driving_infraction")) == ("driving_infraction", EVENTS)

    changed = client.patch(PATH, json={"classification": "safety", "reason": "Acordo com o RH"})

    assert changed.status_code == 200
    assert changed.json() == client.get(PATH).json() == {**before, "classification": "safety"}
    assert (counted(client, "driving_infraction"), counted(client, "safety")) == (0, EVENTS)
    assert [one["id"] for one in client.get("/v1/event-types?classification=safety").json()["items"]] == [str(SPEEDING)]
    assert client.patch(PATH, json={"classification": None}).json() == before
    back, said = client.get(PATH + "/classifications").json()["items"]
    assert (back["before"], back["after"], back["reason"]) == ("safety", "driving_infraction", None)
    assert (said["changed_by"], said["reason"], said["event_type_id"]) == ("operator", "Acordo com o RH", str(SPEEDING))
    everything = [one for page in walk(client, "/v1/classifications", limit=1) for one in page["items"]]
    assert everything == [back, said]


def test_a_repeated_request_is_harmless(client: httpx.Client) -> None:
    once = {"Idempotency-Key": "once"}
    first = client.patch(PATH, json={"classification": "safety"}, headers=once)
    client.patch(PATH, json={"classification": "diagnostics"})

    assert client.patch(PATH, json={"classification": "safety"}, headers=once).content == first.content
    assert client.get(PATH).json()["classification"] == "diagnostics"
    problem(client.patch(PATH, json={"classification": None}, headers=once), 422, "idempotency.key_reused")


@pytest.mark.parametrize(
    "body", [{}, {"classification": "stock"}, {"classification": None, "reason": ""}, {"classification": None, "x": 1}]
)
def test_a_body_that_says_something_else_is_refused(client: httpx.Client, body: object) -> None:
    problem(client.patch(PATH, json=body), 400, "invalid_value")


def test_an_unknown_type_is_not_found(client: httpx.Client) -> None:
    for answer in (
        client.get("/v1/event-types/1"),
        client.patch("/v1/event-types/1", json={"classification": "safety"}),
        client.get("/v1/event-types/1/classifications"),
    ):
        problem(answer, 404, "not_found")
    assert client.get("/v1/classifications").json() == {"items": [], "next_cursor": None}


def test_the_path_says_what_it_takes(client: httpx.Client) -> None:
    assert client.options(PATH).headers["allow"] == "GET, OPTIONS, PATCH"
