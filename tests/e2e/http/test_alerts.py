"""Rules and alerts over HTTP."""

from collections.abc import Callable
from typing import Any

import httpx
import msgspec
import pytest

from tests.e2e.http.test_refusals import problem
from tests.e2e.http.world import VEHICLE_ID, Fleet
from trilha.domain.kernel import OrganisationId, VehicleId
from trilha.entrypoints.http import HttpParts
from trilha.testing.contracts.monitoring import an_alert

RULE: dict[str, Any] = {
    "name": "Acima de 90 à noite",
    "condition": {"type": "over_speed", "limit_kmh": 90.0, "tolerance_kmh": 0.0, "for_s": 60},
    "scope": {"vehicle_ids": [str(VEHICLE_ID)], "group_ids": []},
    "severity": "critical",
    "schedule": {"windows": [{"days": ["monday", "friday"], "start": "22:00", "end": "06:00"}]},
    "cooldown_s": 600,
    "active": True,
}


@pytest.fixture
def fleet() -> Fleet:
    fleet = Fleet()
    fleet.add_organisation()
    return fleet


@pytest.fixture
def organisation_id(fleet: Fleet) -> OrganisationId:
    return next(iter(fleet.database.organisations))


@pytest.fixture
def client(fleet: Fleet, serving: Callable[[HttpParts], httpx.Client]) -> httpx.Client:
    return serving(fleet.parts())


def test_a_rule_from_its_making_to_its_end(client: httpx.Client) -> None:
    made = client.post("/v1/alert-rules", json=RULE, headers={"Idempotency-Key": "once"})
    assert made.status_code == 201, made.text
    assert client.post("/v1/alert-rules", json=RULE, headers={"Idempotency-Key": "once"}).content == made.content
    path, rule = made.headers["location"], made.json()
    assert {name: rule[name] for name in RULE} == RULE
    assert client.get(path).json() == rule
    asleep = {**RULE, "active": False, "version": 0}
    assert [client.put(path, json=asleep).json()["version"] for _ in range(2)] == [1, 1]
    other = {**RULE, "condition": {"type": "harsh_driving"}, "version": 1}
    problem(client.put(path, json=other), 409, "monitoring.condition_kind_fixed")
    problem(client.put(path, json={**asleep, "name": "Outra"}), 409, "conflict")
    problem(client.put(path, json=RULE), 400, "invalid_value")
    assert [one["active"] for one in client.get("/v1/alert-rules").json()["items"]] == [False]
    assert client.delete(path).status_code == 204
    problem(client.get(path), 404, "not_found")


@pytest.mark.parametrize(
    "change",
    [
        {"condition": {"type": "silence", "for_s": 10}},
        {"condition": {"type": "fence_dwell", "geofence_ids": [], "for_s": 60}},
        {"condition": {"type": "fence_dwell", "geofence_ids": ["019b1f5e-7d1c-7c3e-9d5a-4c1f0e2b3a4d"], "for_s": 60}},
        {"name": " "},
        {"schedule": {"windows": [{"days": ["someday"]}]}},
        {"scope": {"vehicle_ids": ["9" * 19]}},
    ],
)
def test_nonsense_is_refused(client: httpx.Client, change: dict[str, object]) -> None:
    problem(client.post("/v1/alert-rules", json={**RULE, **change}), 400, "invalid_value")


def test_an_alert_is_acknowledged_and_resolved(
    fleet: Fleet, organisation_id: OrganisationId, client: httpx.Client
) -> None:
    alert = msgspec.structs.replace(an_alert(), vehicle_id=VehicleId(VEHICLE_ID))
    fleet.database.of(organisation_id).alerts[alert.id] = alert
    path = f"/v1/alerts/{alert.id}"
    assert client.get(path).json()["state"] == "raised"
    assert client.get("/v1/alerts/summary").json() == {
        "counts": [{"state": "raised", "severity": "warning", "count": 1}]
    }
    acknowledged = client.post(f"{path}/acknowledge", json={"note": "vendo"}).json()
    assert (acknowledged["state"], acknowledged["acknowledged_note"]) == ("acknowledged", "vendo")
    resolved = client.post(f"{path}/resolve", json={})
    assert resolved.json()["resolved_by"] == "operator"
    assert client.post(f"{path}/resolve", json={"note": "de novo"}).content == resolved.content
    problem(client.post(f"{path}/acknowledge", json={}), 409, "monitoring.alert_resolved")
    assert client.get("/v1/alerts", params={"state": "raised"}).json()["items"] == []
    found = client.get("/v1/alerts", params={"state": "resolved", "vehicle_id": str(VEHICLE_ID), "severity": "warning"})
    assert [one["id"] for one in found.json()["items"]] == [str(alert.id)]
