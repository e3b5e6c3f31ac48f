"""Reports over HTTP: at once in every format, later as jobs, and again and again."""

import csv
import io
import socket
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from tests.e2e.http.test_refusals import problem
from tests.e2e.http.world import NOW, TOKEN, Fleet, make_reports, report_parts, until
from trilha.adapters.documents import document_writers
from trilha.application.reporting.limits import ReportLimits
from trilha.domain.kernel import NotFound
from trilha.domain.reporting import KINDS, ReportFormat
from trilha.entrypoints.http import HttpParts
from trilha.testing.reports import GeneratedReports

Serving = Callable[[HttpParts], httpx.Client]
MEDIA_TYPES = {
    "json": "application/json",
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}
SIGNATURES = {"json": b"{", "csv": b"\xef\xbb\xbf", "xlsx": b"PK", "pdf": b"%PDF"}
NEEDED = {"infractions": {"driver_id": "7"}}


class Served:
    """An installation with one organisation and reports of its own."""

    def __init__(self, serving: Serving, source: GeneratedReports, **limits: Any) -> None:
        self.source = source
        self.fleet = Fleet()
        self.organisation_id = self.fleet.add_organisation()
        self.parts = report_parts(
            self.fleet.database, {"ranking": source, "infractions": source}, ReportLimits(**limits)
        )
        self.client = serving(self.fleet.parts(reports=self.parts))

    async def work(self) -> int | None:
        return await make_reports(self.fleet.database, self.parts)(self.organisation_id)

    def ask(self, kind: str = "ranking", **body: Any) -> dict[str, Any]:
        answer = self.client.post(f"/v1/reports/{kind}/jobs", json={"format": "csv", **body})
        assert answer.status_code == 202, answer.text
        found: dict[str, Any] = self.client.get(answer.headers["location"]).json()
        assert found == answer.json()
        return found


@pytest.mark.parametrize("report_format", sorted(document_writers()))
def test_every_format_comes_by_ending_and_by_header(client: httpx.Client, report_format: ReportFormat) -> None:
    by_ending = client.get(f"/v1/reports/ranking.{report_format}?from=2026-02-01&to=2026-02-28")
    by_header = client.get(
        "/v1/reports/ranking?from=2026-02-01&to=2026-02-28", headers={"Accept": MEDIA_TYPES[report_format]}
    )
    for answer in (by_ending, by_header):
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(MEDIA_TYPES[report_format])
        name = f"ranking-2026-02-01-2026-02-28.{report_format}"
        assert f'filename="{name}"' in answer.headers["content-disposition"]
        assert answer.content.startswith(SIGNATURES[report_format])


def test_formulas_come_as_text_and_rows_by_the_keys_of_the_columns(client: httpx.Client) -> None:
    document = client.get("/v1/reports/ranking.json").json()
    assert document["rows"][3] == {"number": 3, "name": "=1+1 José", "distance_km": 0.375}
    assert [column["key"] for column in document["columns"]] == ["number", "name", "distance_km"]
    text = client.get("/v1/reports/ranking.csv?language=en").content.decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(text)))[1:][3] == ["3", "'=1+1 José", "0.375"]


def test_kinds_are_told_with_what_they_take(client: httpx.Client) -> None:
    kinds = {one["kind"]: one for one in client.get("/v1/reports").json()["items"]}
    assert list(kinds) == [one.kind for one in KINDS]
    assert kinds["infractions"]["needs"] == ["driver_id"]
    assert kinds["infractions"]["takes"] == ["from", "to", "reference", "driver_id", "language"]
    assert kinds["ranking"]["formats"] == [one for one in ReportFormat if one in document_writers()]
    assert set(kinds["ranking"]["title"]) == {"pt-BR", "en"}


@pytest.mark.parametrize(
    ("query", "first", "last"),
    [
        ("", "2026-02-01", "2026-02-28"),
        ("from=2026-03-01&to=2026-03-02", "2026-03-01", "2026-03-02"),
        ("reference=2026-03-10", "2026-01-01", "2026-03-10"),
        ("reference=2026-01-01", "2025-11-01", "2026-01-01"),
    ],
)
def test_days_are_the_last_full_month_unless_told_otherwise(
    client: httpx.Client, query: str, first: str, last: str
) -> None:
    answer = client.get(f"/v1/reports/infractions.csv?driver_id=7&{query}")
    assert f"infractions-{first}-{last}.csv" in answer.headers["content-disposition"]


@pytest.mark.parametrize(
    ("path", "code", "status"),
    [
        ("ranking.doc", "invalid_value", 400),
        ("nonsense.csv", "invalid_value", 400),
        ("ranking?from=2026-03-01", "invalid_value", 400),
        ("ranking?from=2026-03-02&to=2026-03-01", "invalid_value", 400),
        ("ranking?from=2020-03-02&to=2026-03-01", "invalid_value", 400),
        ("ranking?from=yesterday&to=2026-03-01", "invalid_value", 400),
        ("ranking?driver_id=7", "invalid_value", 400),
        ("ranking?reference=2026-03-10", "invalid_value", 400),
        ("infractions", "invalid_value", 400),
        ("infractions?driver_id=7&reference=2026-03-10&from=2026-03-01", "invalid_value", 400),
        ("ranking?language=fr", "invalid_value", 400),
    ],
)
def test_what_no_report_can_be_about_is_refused(client: httpx.Client, path: str, code: str, status: int) -> None:
    problem(client.get(f"/v1/reports/{path}"), status, code)


def test_what_is_missing_is_told_with_an_example(client: httpx.Client) -> None:
    whom = problem(client.get("/v1/reports/infractions"), 400, "invalid_value")["detail"]
    assert whom == "driver_id is missing; expected an id such as 4711: infractions is about one at a time"
    until_when = problem(client.get("/v1/reports/ranking?from=2026-03-01"), 400, "invalid_value")["detail"]
    assert until_when.startswith("to is missing; expected a day such as 2026-03-10")


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_at_an_end_of_the_calendar_is_refused_at_once(client: httpx.Client, day: str) -> None:
    days = {"from": day, "to": day}
    at_once = client.get("/v1/reports/ranking", params=days)
    later = client.post("/v1/reports/ranking/jobs", json={**days, "format": "csv"})
    for refused in (at_once, later):
        assert "1970 to 2999" in problem(refused, 400, "invalid_value")["detail"]


def test_a_format_that_nobody_writes_is_not_acceptable(client: httpx.Client) -> None:
    problem(client.get("/v1/reports/ranking", headers={"Accept": "image/png"}), 406, "request.not_acceptable")
    wanted = {"Accept": "text/html, text/csv;q=0.5, */*;q=0.1"}
    assert client.get("/v1/reports/ranking", headers=wanted).headers["content-type"].startswith("text/csv")


def test_too_long_a_report_is_refused_with_the_way_to_have_it(serving: Serving) -> None:
    served = Served(serving, GeneratedReports(101), direct_rows=100, json_rows=50)
    told = problem(served.client.get("/v1/reports/ranking.csv"), 400, "reporting.too_long_use_a_job")
    assert "POST /v1/reports/ranking/jobs" in told["detail"]
    assert served.source.closed == 0, "a report that was never read needs no letting go"
    served.source.rows, served.source.tells = 51, False
    problem(served.client.get("/v1/reports/ranking.json"), 400, "reporting.too_long_use_a_job")
    assert served.source.closed == 1
    served.source.rows = 50
    assert len(served.client.get("/v1/reports/ranking.json").json()["rows"]) == 50


@pytest.mark.parametrize("at_row", [0, 200_000])
def test_a_source_that_fails_is_told_in_words_or_by_a_cut_never_by_a_shorter_file(
    serving: Serving, at_row: int
) -> None:
    def fail(number: int) -> None:
        if number == at_row:
            raise NotFound("driver", 7)

    served = Served(serving, GeneratedReports(300_000, tells=False, fail=fail), direct_rows=400_000)
    if at_row == 0:
        problem(served.client.get("/v1/reports/ranking.csv"), 404, "not_found")
    else:
        with pytest.raises(httpx.RemoteProtocolError):
            served.client.get("/v1/reports/ranking.csv")
    assert until(lambda: served.source.closed == 1)


def test_a_client_that_leaves_lets_the_source_go(serving: Serving) -> None:
    served = Served(serving, GeneratedReports(900_000), direct_rows=1_000_000)
    with served.client.stream("GET", "/v1/reports/ranking.csv") as answer:
        next(answer.iter_bytes())
    assert until(lambda: served.source.closed == 1)
    assert served.source.handed_out < 900_000


def test_http_1_0_is_refused(address: str) -> None:
    parts = urlsplit(address)
    assert parts.hostname
    with socket.create_connection((parts.hostname, parts.port or 0)) as connection:
        asked = f"GET /v1/reports/ranking.csv HTTP/1.0\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"
        connection.sendall(asked.encode())
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    assert b" 505 " in answer.partition(b"\r\n")[0]
    assert b"request.http_1_0" in answer


async def test_a_job_is_made_by_a_worker_and_fetched_anywhere(serving: Serving) -> None:
    served = Served(serving, GeneratedReports(20_000))
    job = served.ask(**{"from": "2026-02-01", "to": "2026-02-28"})
    assert (job["status"], job["from"], job["to"], job["rows_written"]) == ("queued", "2026-02-01", "2026-02-28", 0)
    path = f"/v1/report-jobs/{job['id']}"
    problem(served.client.get(f"{path}/file"), 409, "reporting.not_done")
    assert served.fleet.database.of(served.organisation_id).jobs["reports"].next_run_at <= NOW

    assert await served.work() == 1

    done = served.client.get(path).json()
    assert (done["status"], done["rows_written"], done["expected_rows"], done["done_share"]) == (
        "done",
        20_000,
        20_000,
        1,
    )
    elsewhere = serving(served.fleet.parts(reports=report_parts(served.fleet.database)))
    file = elsewhere.get(f"{path}/file")
    assert file.status_code == 200, file.text
    assert file.headers["content-length"] == str(len(file.content)) == str(done["file"]["size_bytes"])
    assert file.headers["etag"] == f'"{sha256(file.content).hexdigest()}"' == f'"{done["file"]["digest"]}"'
    assert file.content == served.client.get("/v1/reports/ranking.csv?from=2026-02-01&to=2026-02-28").content
    again = served.client.get(f"{path}/file", headers={"If-None-Match": file.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    problem(served.client.post(f"{path}/cancel"), 409, "reporting.job_ended")
    served.fleet.clock.advance(timedelta(days=7))
    problem(served.client.get(f"{path}/file"), 410, "reporting.file_expired")


def test_the_same_key_asks_once_and_a_queue_has_an_end(serving: Serving) -> None:
    served = Served(serving, GeneratedReports(1), waiting_jobs=2)
    key = {"Idempotency-Key": "once"}
    answers = [served.client.post("/v1/reports/ranking/jobs", json={}, headers=key) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    served.ask()
    problem(served.client.post("/v1/reports/ranking/jobs", json={}), 409, "reporting.too_many_waiting")
    listed = served.client.get("/v1/report-jobs?status=queued&kind=ranking").json()
    assert len(listed["items"]) == 2
    cancelled = served.client.post(f"/v1/report-jobs/{answers[0].json()['id']}/cancel")
    assert cancelled.json()["status"] == "cancelled"


async def test_a_schedule_makes_its_reports_and_lists_them(serving: Serving) -> None:
    served = Served(serving, GeneratedReports(3))
    body = {
        "name": "Toda segunda", "kind": "ranking", "period": "last_full_week",
        "rhythm": "weekly", "weekday": 1, "at": "06:00", "format": "csv",
    }  # fmt: skip
    made = served.client.post("/v1/report-schedules", json=body)
    assert made.status_code == 201, made.text
    path = made.headers["location"]
    assert made.json()["next_due_at"] == "2026-03-16T09:00:00Z"
    problem(served.client.post("/v1/report-schedules", json={**body, "weekday": None}), 400, "invalid_value")
    problem(served.client.post("/v1/report-schedules", json={**body, "driver_id": "7"}), 400, "invalid_value")

    served.fleet.clock.advance(timedelta(days=14))
    assert await served.work() == 2

    jobs = served.client.get(f"{path}/jobs").json()["items"]
    assert [(job["due_at"], job["from"], job["to"], job["status"]) for job in jobs] == [
        ("2026-03-23T09:00:00Z", "2026-03-16", "2026-03-22", "done"),
        ("2026-03-16T09:00:00Z", "2026-03-09", "2026-03-15", "done"),
    ]
    assert await served.work() == 0
    asleep = {**body, "active": False}
    problem(served.client.put(path, json={**asleep, "version": 0}), 409, "conflict")
    changed = served.client.put(path, json={**asleep, "version": served.client.get(path).json()["version"]})
    assert (changed.status_code, changed.json()["next_due_at"]) == (200, None)
    assert served.client.get("/v1/report-schedules").json()["items"] == [changed.json()]
    assert served.client.delete(path).status_code == 204
    problem(served.client.get(path), 404, "not_found")
    assert len(served.client.get(f"{path}/jobs").json()["items"]) == 2


@pytest.mark.parametrize(
    ("kind", "about"),
    [("infractions", {"driver_id": "7"}), ("trips", {"vehicle_id": "7"}), ("ranking", {"group_id": "7"})],
)
def test_nobody_waits_for_a_report_about_what_is_not_there(
    client: httpx.Client, kind: str, about: dict[str, str]
) -> None:
    problem(client.post(f"/v1/reports/{kind}/jobs", json={**about, "format": "csv"}), 404, "not_found")
    when = {"name": "x", "period": "yesterday", "rhythm": "daily", "at": "06:00"}
    problem(client.post("/v1/report-schedules", json={**when, **about, "kind": kind}), 404, "not_found")


def test_rows_wait_for_who_reads_them(serving: Serving) -> None:
    """A long report takes the memory of what is on its way, not of what it will be."""
    served = Served(serving, GeneratedReports(200_000), direct_rows=300_000)
    before = psutil.Process().memory_info().rss
    with served.client.stream("GET", "/v1/reports/ranking.csv") as answer:
        chunks = answer.iter_bytes()
        lines = next(chunks).count(b"\n")
        assert not until(lambda: served.source.handed_out == 200_000, deadline_s=0.5)
        for chunk in chunks:
            lines += chunk.count(b"\n")
    assert lines == 200_001
    assert psutil.Process().memory_info().rss - before < 50_000_000
