"""What people who run the feed do: watch it, bring past times in, decide about what could not be understood."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest

from tests.e2e.http.test_refusals import problem
from tests.e2e.http.world import LIMITS, LOGIN, NOW, Fleet, a_position, fill, walk, watch_feeds
from trilha.adapters.memory import HourCount, MemoryRateLimiter
from trilha.application.ports import DeadLetter, Envelope, LetterStatus, Priority
from trilha.domain.kernel import OrganisationId, RejectedRecord
from trilha.domain.telemetry import (
    Gap,
    IngestionRun,
    QuarantineEntry,
    RunKind,
    RunStatus,
    Settlement,
    Stream,
)
from trilha.entrypoints.http import HttpParts

Serving = Callable[[HttpParts], httpx.Client]
NOBODY = "00000000-0000-7000-8000-000000000000"
MARCH = {"start": "2026-03-01T00:00:00Z", "end": "2026-03-08T00:00:00Z"}


class Operator:
    """A fresh installation with one organisation, and a client on it."""

    def __init__(self, serving: Serving) -> None:
        self.fleet = Fleet()
        self.organisation_id = self.fleet.add_organisation()
        fill(self.fleet, self.organisation_id)
        self.client = serving(self.fleet.parts())
        self.tables = self.fleet.database.of(self.organisation_id)

    def quarantine(self, raw: bytes, stream: str = "positions") -> UUID:
        record = RejectedRecord(position=0, reason="malformed", detail="PositionId is missing", raw=raw)
        entry = QuarantineEntry(
            id=self.fleet.ids.new(), stream=stream, page_id=None, at=self.fleet.clock.now(), record=record
        )
        self.tables.quarantine[entry.id] = entry
        return entry.id

    def letter(self, minutes_ago: int = 0, consumer: str = "telemetry-throughput") -> UUID:
        envelope = an_envelope(self.fleet.ids.new(), self.organisation_id)
        failed_at = NOW - timedelta(minutes=minutes_ago)
        letter = DeadLetter(
            consumer=consumer, envelope=envelope, attempts=5, error="ValueError: odd", failed_at=failed_at
        )
        self.fleet.database.dead_letters[consumer, envelope.id] = letter
        return envelope.id

    def run(self, kind: RunKind, status: RunStatus, minutes_ago: int, **changes: Any) -> None:
        begun = NOW - timedelta(minutes=minutes_ago)
        run = IngestionRun(
            id=self.fleet.ids.new(), kind=kind, started_at=begun, status=status, finished_at=begun, **changes
        )
        self.tables.runs[run.id] = run


@pytest.fixture
def operator(serving: Serving) -> Operator:
    return Operator(serving)


def an_envelope(event_id: UUID, organisation_id: OrganisationId) -> Envelope:
    return Envelope(
        id=event_id,
        type="telemetry.events_ingested",
        source="/telemetry",
        subject="page",
        time=NOW,
        organisationid=organisation_id,
        dataschema="/events/telemetry.events_ingested/1",
        data=msgspec.Raw(b'{"received": 7}'),
    )


def backfill(client: httpx.Client, body: object, key: str | None = None) -> httpx.Response:
    return client.post("/v1/etl/backfills", json=body, headers={} if key is None else {"Idempotency-Key": key})


def test_a_backfill_is_accepted_shown_listed_and_cancelled(operator: Operator) -> None:
    client = operator.client
    answer = backfill(client, {**MARCH, "streams": ["positions"]})

    assert answer.status_code == 202
    view = answer.json()
    assert answer.headers["location"] == f"/v1/etl/backfills/{view['id']}"
    assert client.get(answer.headers["location"]).json() == view
    assert (view["status"], view["reason"], view["done_share"]) == ("waiting", "requested", 0.0)
    assert view["calls_left"] == 7 * 24
    assert [part["stream"] for part in view["parts"]] == ["positions"]
    assert operator.tables.jobs["backfill"].next_run_at <= NOW
    assert client.get("/v1/etl/backfills?status=waiting").json()["items"] == [view]
    assert client.get("/v1/etl/backfills?status=running").json()["items"] == []

    for _ in range(2):
        cancelled = client.post(f"/v1/etl/backfills/{view['id']}/cancel")
        assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")


def test_one_backfill_at_a_time_and_an_ended_one_stays_ended(operator: Operator) -> None:
    first = backfill(operator.client, MARCH).json()

    content = problem(backfill(operator.client, MARCH), 409, "telemetry.backfill_under_way")

    assert first["id"] in content["detail"]
    done = msgspec.structs.replace(operator.tables.backfills[UUID(first["id"])], status="completed")
    operator.tables.backfills[UUID(first["id"])] = done
    problem(operator.client.post(f"/v1/etl/backfills/{first['id']}/cancel"), 409, "telemetry.backfill_ended")
    assert backfill(operator.client, MARCH).status_code == 202


def test_a_repeated_request_starts_one_backfill(operator: Operator) -> None:
    first = backfill(operator.client, MARCH, key="once")

    assert backfill(operator.client, MARCH, key="once").content == first.content
    assert len(operator.tables.backfills) == 1
    problem(backfill(operator.client, {**MARCH, "streams": ["trips"]}, key="once"), 422, "idempotency.key_reused")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({**MARCH, "end": "2026-03-11T00:00:00Z"}, "/end"),
        ({**MARCH, "start": "2026-03-08T00:00:00Z"}, "/start"),
        ({**MARCH, "start": "2025-11-01T00:00:00Z"}, "/start"),
        ({**MARCH, "start": "2026-03-01T00:00:00"}, "/start"),
        ({**MARCH, "start": "March"}, "/start"),
        ({**MARCH, "streams": []}, "/streams"),
        ({**MARCH, "streams": ["amendments"]}, "/streams/0"),
        ({"start": MARCH["start"]}, ""),
        ({**MARCH, "stream": ["trips"]}, ""),
    ],
)
def test_a_backfill_that_cannot_be_is_pointed_at(client: httpx.Client, body: object, pointer: str) -> None:
    (error,) = problem(backfill(client, body), 400, "invalid_value")["errors"]

    assert error["pointer"] == pointer


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"/v1/etl/backfills/{NOBODY}"),
        ("POST", f"/v1/etl/backfills/{NOBODY}/cancel"),
        ("GET", f"/v1/etl/quarantine/{NOBODY}"),
        ("POST", f"/v1/etl/quarantine/{NOBODY}/replay"),
        ("POST", f"/v1/etl/quarantine/{NOBODY}/discard"),
        ("GET", f"/v1/etl/dead-letters/telemetry-throughput/{NOBODY}"),
        ("POST", f"/v1/etl/dead-letters/telemetry-throughput/{NOBODY}/replay"),
        ("POST", f"/v1/etl/dead-letters/telemetry-throughput/{NOBODY}/discard"),
    ],
)
def test_what_there_is_not_is_not_found_and_what_is_no_id_is_named(
    client: httpx.Client, method: str, path: str
) -> None:
    problem(client.request(method, path), 404, "not_found")

    content = problem(client.request(method, path.replace(NOBODY, "7")), 400, "invalid_value")
    assert "UUID" in content["detail"]
    assert content["errors"][0]["parameter"].endswith("_id")


def test_quarantine_shows_the_record_and_brings_it_in_once(operator: Operator) -> None:
    client, entry_id = operator.client, operator.quarantine(msgspec.json.encode(a_position(0, id=4711)))

    (listed,) = client.get("/v1/etl/quarantine?stream=positions").json()["items"]
    assert (listed["id"], listed["raw"], listed["settlement"]) == (str(entry_id), None, None)
    assert client.get("/v1/etl/quarantine?stream=events").json()["items"] == []
    assert '"id":4711' in client.get(f"/v1/etl/quarantine/{entry_id}").json()["raw"]

    for _ in range(2):
        answer = client.post(f"/v1/etl/quarantine/{entry_id}/replay")
        assert (answer.status_code, answer.json()["settlement"]) == (200, "replayed")

    assert 4711 in operator.tables.records[Stream.POSITIONS]
    assert client.get("/v1/etl/quarantine").json()["items"] == []
    assert len(client.get("/v1/etl/quarantine?open=false").json()["items"]) == 1
    problem(client.post(f"/v1/etl/quarantine/{entry_id}/discard"), 409, "telemetry.already_settled")


def test_a_record_that_stays_unreadable_can_only_be_discarded(operator: Operator) -> None:
    client, entry_id = operator.client, operator.quarantine(b'{"id": "no number"}')

    problem(client.post(f"/v1/etl/quarantine/{entry_id}/replay"), 409, "telemetry.still_unreadable")
    assert operator.tables.quarantine[entry_id].settlement is None
    assert client.post(f"/v1/etl/quarantine/{entry_id}/discard").json()["settlement"] == Settlement.DISCARDED


def test_master_data_is_not_replayed_for_it_comes_again(operator: Operator) -> None:
    entry_id = operator.quarantine(b"{}", stream="drivers")

    problem(operator.client.post(f"/v1/etl/quarantine/{entry_id}/replay"), 400, "invalid_value")


def test_dead_letters_are_walked_shown_and_requested(operator: Operator) -> None:
    client, ids = operator.client, [operator.letter(minutes_ago) for minutes_ago in range(5)]

    seen = [item["event_id"] for page in walk(client, "/v1/etl/dead-letters", limit=2) for item in page["items"]]
    assert seen == [str(one) for one in ids]
    letter = client.get(f"/v1/etl/dead-letters/telemetry-throughput/{ids[0]}").json()
    assert letter["event"]["data"] == {"received": 7}
    assert letter["event"]["type"] == letter["event_type"] == "telemetry.events_ingested"

    for _ in range(2):
        answer = client.post(f"/v1/etl/dead-letters/telemetry-throughput/{ids[0]}/replay")
        assert (answer.status_code, answer.json()["status"]) == (200, "requested")
    discarded = client.post(f"/v1/etl/dead-letters/telemetry-throughput/{ids[1]}/discard").json()
    assert (discarded["status"], discarded["settled_at"]) == ("discarded", "2026-03-10T12:00:00Z")

    problem(client.post(f"/v1/etl/dead-letters/telemetry-throughput/{ids[1]}/replay"), 409, "operations.letter_settled")
    assert len(client.get("/v1/etl/dead-letters?status=open").json()["items"]) == 3
    assert operator.fleet.database.dead_letters["telemetry-throughput", ids[0]].status is LetterStatus.REQUESTED


def test_gaps_are_listed_and_open_ones_alone(operator: Operator) -> None:
    for hours, closed_at in ((30, None), (60, NOW)):
        start = NOW - timedelta(hours=hours)
        gap = Gap(Stream.TRIPS, start, start + timedelta(hours=1), opened_at=NOW, closed_at=closed_at)
        operator.tables.gaps[gap.stream, gap.start, gap.end] = gap

    assert len(operator.client.get("/v1/etl/gaps").json()["items"]) == 2
    (gap_view,) = operator.client.get("/v1/etl/gaps?open=true").json()["items"]
    assert (gap_view["stream"], gap_view["closed_at"]) == ("trips", None)


async def test_health_tells_each_stream_the_budget_and_what_waits_for_a_person(operator: Operator) -> None:
    hour = NOW.replace(hour=11)
    operator.tables.throughput[Stream.EVENTS, hour] = HourCount(received=100, inserted=90, late=25)
    operator.tables.throughput[Stream.EVENTS, hour - timedelta(days=2)] = HourCount(received=1)
    operator.run(RunKind.EVENTS, RunStatus.SUCCEEDED, 1)
    operator.run(RunKind.TRIPS, RunStatus.FAILED, 1, error_code="source.refused", error_message="wrong password")
    limiter = MemoryRateLimiter(operator.fleet.database, LIMITS)
    for _ in range(3):
        await limiter.acquire(LOGIN, Priority.DUE_STREAM)
    operator.letter()
    operator.quarantine(b"{}")
    backfill(operator.client, MARCH)

    health = operator.client.get("/v1/etl/health").json()

    streams = {one["stream"]: one for one in health["streams"]}
    assert list(streams) == ["events", "positions", "trips", "amendments"]
    events = streams["events"]
    assert (events["status"], events["reason"]) == ("ok", None)
    assert (events["rows"], events["inserted"], events["late_share"]) == (100, 90, 0.25)
    assert [one["received"] for one in events["hours"]] == [100]
    assert (events["token_age_s"], events["behind_s"]) == (3600.0, 60.0)
    assert streams["positions"]["status"] == "stale"
    assert streams["positions"]["open_quarantine"] == 1
    assert streams["trips"]["status"] == health["status"] == "failing"
    assert "wrong password" in streams["trips"]["reason"]
    assert health["calls"] == [
        {"window_s": 60, "allowed": 20, "used": 3, "left": 17},
        {"window_s": 3600, "allowed": 500, "used": 3, "left": 497},
    ]
    assert health["backfill"]["status"] == "waiting"
    assert (health["open_dead_letters"], health["open_quarantine"], health["unsent_events"]) == (1, 1, 0)
    assert len(health["attention"]) == 2


def test_a_process_that_knows_no_login_cannot_tell_the_budget(serving: Serving) -> None:
    fleet = Fleet()
    fleet.add_organisation()

    assert (
        serving(fleet.parts(watch_feeds=watch_feeds(fleet.database, None))).get("/v1/etl/health").json()["calls"]
        is None
    )


def test_operators_of_one_organisation_do_not_reach_another(serving: Serving) -> None:
    operator = Operator(serving)
    stranger = operator.fleet.add_organisation("Other")
    entry_id, event_id = operator.quarantine(b"{}"), operator.letter()
    ours = {"Trilha-Organisation": str(operator.organisation_id)}
    theirs = {"Trilha-Organisation": str(stranger)}
    client = serving(operator.fleet.parts())
    backfill_id = client.post("/v1/etl/backfills", json=MARCH, headers=ours).json()["id"]

    for kind in ("gaps", "backfills", "quarantine", "dead-letters"):
        assert client.get(f"/v1/etl/{kind}", headers=theirs).json() == {"items": [], "next_cursor": None}
    for path in (f"quarantine/{entry_id}", f"dead-letters/telemetry-throughput/{event_id}"):
        problem(client.get(f"/v1/etl/{path}", headers=theirs), 404, "not_found")
        problem(client.post(f"/v1/etl/{path}/discard", headers=theirs), 404, "not_found")
    problem(client.post(f"/v1/etl/backfills/{backfill_id}/cancel", headers=theirs), 404, "not_found")
    assert client.post("/v1/etl/backfills", json=MARCH, headers=theirs).status_code == 202
    assert client.get("/v1/etl/health", headers=theirs).json()["open_quarantine"] == 0


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("quarantine?stream=weather", "stream"),
        ("quarantine?open=maybe", "open"),
        ("gaps?open=1", "open"),
        ("backfills?status=done", "status"),
        ("dead-letters?status=gone", "status"),
        ("dead-letters?cursor=nonsense", "cursor"),
    ],
)
def test_a_bad_filter_is_named(client: httpx.Client, path: str, parameter: str) -> None:
    content = problem(client.get(f"/v1/etl/{path}"), 400, "invalid_value")

    assert content["errors"][0]["parameter"] == parameter
