"""Maintenance over HTTP: from a plan to a service that was done."""

from collections.abc import Callable

import httpx
import pytest

from tests.e2e.http.test_refusals import problem
from tests.e2e.http.world import VEHICLE_ID, Fleet, fill, walk
from trilha.entrypoints.http import HttpParts

PLANS = "/v1/maintenance/plans"
OIL = {"name": "Troca de óleo", "every_days": 30, "starts_on": "2026-02-01", "vehicle_ids": [str(VEHICLE_ID)]}


@pytest.fixture
def client(serving: Callable[[HttpParts], httpx.Client]) -> httpx.Client:
    fleet = Fleet()
    fill(fleet, fleet.add_organisation())
    return serving(fleet.parts())


def test_from_a_plan_to_a_service_and_back_in_order(client: httpx.Client) -> None:
    made = client.post(PLANS, json=OIL)
    assert made.status_code == 201
    plan = made.headers["location"]
    assert client.get(plan).json() == made.json()
    assert made.json()["vehicle_ids"] == [str(VEHICLE_ID)]
    (overdue,) = client.get("/v1/maintenance?status=overdue").json()["items"]
    assert (overdue["vehicle_id"], overdue["days_left"], overdue["due_on"]) == (str(VEHICLE_ID), -7, "2026-03-03")

    done = client.post(plan + "/services", json={"vehicle_id": str(VEHICLE_ID), "odometer_km": 1200.5, "note": "ok"})

    assert (done.status_code, done.json()["done_on"], done.json()["recorded_by"]) == (201, "2026-03-10", "operator")
    assert client.get(done.headers["location"]).json()["items"] == [done.json()]
    assert client.get("/v1/maintenance?status=overdue").json()["items"] == []
    (fine,) = client.get(f"/v1/maintenance?vehicle_id={VEHICLE_ID}").json()["items"]
    assert (fine["status"], fine["last_service_id"]) == ("ok", done.json()["id"])
    problem(client.delete(plan), 409, "maintenance.plan_has_services")
    anew = {"name": "Óleo", "every_days": 30, "active": False, "version": 0}
    stopped = client.put(plan, json=anew)
    assert stopped.json()["version"] == 1
    problem(client.put(plan, json=anew), 409, "conflict")
    assert (stopped.status_code, stopped.json()["active"], stopped.json()["vehicle_ids"]) == (200, False, None)
    assert client.get("/v1/maintenance").json() == {"items": [], "next_cursor": None}


def test_plans_and_due_lists_are_paged(client: httpx.Client) -> None:
    for name in ("b", "a", "C"):
        assert client.post(PLANS, json={"name": name, "every_km": 100}).status_code == 201
    names = [one["name"] for page in walk(client, PLANS, limit=2) for one in page["items"]]
    assert names == ["a", "b", "C"]
    due = [(one["plan"], one["vehicle"]) for page in walk(client, "/v1/maintenance", limit=2) for one in page["items"]]
    assert len(due) == len(set(due)) == 9


def test_a_plan_that_nothing_was_done_under_goes(client: httpx.Client) -> None:
    plan = client.post(PLANS, json=OIL).headers["location"]
    assert (client.delete(plan).status_code, client.delete(plan).status_code) == (204, 204)
    problem(client.get(plan), 404, "not_found")
    problem(client.put(plan, json={**OIL, "version": 0}), 404, "not_found")
    problem(client.post(plan + "/services", json={"vehicle_id": "1"}), 404, "not_found")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"every_days": None}, "every_km"),
        ({"every_days": 0}, "every_days"),
        ({"warn_before_km": 5}, "warn_before_km"),
        ({"vehicle_ids": ["1"]}, "vehicle_ids"),
        ({"vehicle_ids": ["99999999999999999999"]}, "vehicle_ids"),
        ({"group_id": "1"}, "vehicle_ids"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused_with_its_field(
    client: httpx.Client, change: dict[str, object], field: str
) -> None:
    content = problem(client.post(PLANS, json=OIL | change), 400, "invalid_value")
    assert content["errors"][0]["pointer"].startswith(f"/{field}")


def test_the_paths_say_what_they_take(client: httpx.Client) -> None:
    plan = client.post(PLANS, json=OIL, headers={"Idempotency-Key": "once"})
    assert client.post(PLANS, json=OIL, headers={"Idempotency-Key": "once"}).content == plan.content
    assert client.options(PLANS).headers["allow"] == "GET, OPTIONS, POST"
    assert client.options(plan.headers["location"]).headers["allow"] == "DELETE, GET, OPTIONS, PUT"
