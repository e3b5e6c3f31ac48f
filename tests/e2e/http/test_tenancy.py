"""Whose data are shown: the only organisation's, the named one's, nobody's."""

from collections.abc import Callable

import httpx

from tests.e2e.http.test_refusals import problem
from tests.e2e.http.world import DRIVER_ID, Fleet, fill
from trilha.entrypoints.http import HttpParts

Serving = Callable[[HttpParts], httpx.Client]
HEADER = "Trilha-Organisation"


def test_where_none_is_connected_yet_the_client_is_asked_to_wait(serving: Serving) -> None:
    fleet = Fleet()
    client = serving(fleet.parts())

    answer = client.get("/v1/drivers")

    problem(answer, 503, "organisation.none_connected")
    assert int(answer.headers["retry-after"]) > 0
    assert client.get("/v1/organisations").json() == {"items": []}
    fleet.add_organisation()
    assert client.get("/v1/drivers").status_code == 200


def test_where_there_are_several_the_header_decides(serving: Serving) -> None:
    fleet = Fleet()
    first, second = fleet.add_organisation("One"), fleet.add_organisation("Two")
    fill(fleet, second)
    client = serving(fleet.parts())

    content = problem(client.get("/v1/drivers"), 400, "organisation.not_named")
    assert content["errors"][0]["header"] == HEADER
    assert [one["id"] for one in client.get("/v1/organisations").json()["items"]] == [str(first), str(second)]
    assert client.get("/v1/drivers", headers={HEADER: str(first)}).json()["items"] == []
    assert len(client.get("/v1/drivers", headers={HEADER: str(second)}).json()["items"]) == 6
    problem(client.get(f"/v1/drivers/{DRIVER_ID}", headers={HEADER: str(first)}), 404, "not_found")


def test_an_unknown_or_unreadable_organisation_is_refused(client: httpx.Client) -> None:
    unknown = "00000000-0000-7000-8000-000000000000"

    assert unknown in problem(client.get("/v1/drivers", headers={HEADER: unknown}), 404, "not_found")["detail"]
    content = problem(client.get("/v1/drivers", headers={HEADER: "aurora"}), 400, "invalid_value")
    assert content["errors"][0]["header"] == HEADER
