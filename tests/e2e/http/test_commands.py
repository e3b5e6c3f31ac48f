"""Asking for fresh data: what is answered, and that a repeated request is harmless."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.e2e.http.test_refusals import problem
from tests.e2e.http.world import NOW, Fleet
from trilha.adapters.memory import MemoryUnitsOfWork
from trilha.application.ports import IdempotencyScope
from trilha.domain.kernel import OrganisationId
from trilha.entrypoints.http import HttpParts


def due(fleet: Fleet, organisation_id: OrganisationId) -> set[str]:
    return {kind for kind, row in fleet.database.of(organisation_id).jobs.items() if row.next_run_at <= NOW}


def sync(client: httpx.Client, body: object, key: str | None = None) -> httpx.Response:
    return client.post("/v1/etl/sync", json=body, headers={} if key is None else {"Idempotency-Key": key})


def test_a_sync_makes_jobs_due_and_says_where_to_look(serving: Callable[[HttpParts], httpx.Client]) -> None:
    fleet = Fleet()
    organisation_id = fleet.add_organisation()
    client = serving(fleet.parts())

    answer = sync(client, {"kinds": ["events", "events"]})

    assert answer.status_code == 202
    assert answer.headers["location"] == "/v1/etl/runs"
    assert answer.json() == {"kinds": ["events"], "requested_at": "2026-03-10T12:00:00Z"}
    assert due(fleet, organisation_id) == {"events"}
    assert sync(client, {}).json()["kinds"] == ["master_data", "events", "positions", "trips", "amendments"]
    assert due(fleet, organisation_id) == {"master_data", "events", "positions", "trips", "amendments"}


def test_the_same_key_and_body_replay_the_first_answer_and_another_body_is_refused(
    serving: Callable[[HttpParts], httpx.Client],
) -> None:
    fleet = Fleet()
    fleet.add_organisation()
    client = serving(fleet.parts())

    first = sync(client, {"kinds": ["events"]}, key="once")
    fleet.clock.advance(timedelta(hours=1))

    assert sync(client, {"kinds": ["events"]}, key="once").content == first.content
    assert sync(client, {"kinds": ["events"]}, key="twice").content != first.content
    problem(sync(client, {}, key="once"), 422, "idempotency.key_reused")


async def test_a_key_whose_first_request_still_runs_is_refused(
    client: httpx.Client, fleet: Fleet, organisation_id: OrganisationId
) -> None:
    scope = IdempotencyScope(
        organisation_id=organisation_id, user="token", route="POST /v1/etl/sync", key="slow", body_digest=""
    )
    async with MemoryUnitsOfWork(fleet.database)(organisation_id) as unit:
        assert await unit.idempotency.remembered(scope) is None
        problem(sync(client, {}, key="slow"), 409, "idempotency.still_running")

    assert sync(client, {}, key="slow").status_code == 202


@pytest.mark.parametrize("key", ["", "x" * 201, "two words", "caf\xe9"])
def test_a_key_that_no_store_could_keep_is_refused(client: httpx.Client, key: str) -> None:
    headers: Any = {"Idempotency-Key": key.encode("latin-1")}

    content = problem(client.post("/v1/etl/sync", json={}, headers=headers), 400, "invalid_value")

    assert content["errors"][0]["header"] == "Idempotency-Key"
