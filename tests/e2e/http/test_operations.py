"""Health, metrics, ids, logs, headers, and the server itself."""

import asyncio
import io
import re
import socket
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest
import structlog
from structlog.testing import capture_logs

from tests.e2e.http.test_refusals import problem
from tests.e2e.http.world import DRIVER_ID, TOKEN, Fleet, fill, running, until
from trilha.application.ports import StorageUnavailable
from trilha.entrypoints.http import AddressNotAvailable, HttpParts, JsonLines, create_app, serve

Serving = Callable[[HttpParts], httpx.Client]
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_health_metrics_and_schema_need_no_token(address: str) -> None:
    for path in ("/", "/health/live", "/health/ready", "/metrics", "/schema", "/docs", "/schema/openapi.json"):
        assert httpx.get(address + path).status_code == 200, path


def test_readiness_names_what_does_not_answer_and_not_why(serving: Serving) -> None:
    async def well() -> None: ...
    async def refused() -> None:
        raise OSError("secret-host:5432 refused")

    async def stuck() -> None:
        await asyncio.Event().wait()

    client = serving(Fleet().parts(probes={"database": refused, "nats": stuck, "other": well}))
    answer = client.get("/health/ready")

    content = problem(answer, 503, "not_ready")
    assert "database, nats" in content["detail"]
    assert "other" not in answer.text
    assert "secret-host" not in answer.text
    assert [error["code"] for error in content["errors"]] == ["not_ready.database", "not_ready.nats"]
    assert "retry-after" in answer.headers
    assert client.get("/health/live").json() == {"status": "live", "version": "test"}


def test_metrics_group_paths_by_route(serving: Serving) -> None:
    fleet = Fleet()
    fill(fleet, fleet.add_organisation())
    client = serving(fleet.parts())
    for path in (f"/v1/drivers/{DRIVER_ID}", f"/v1/drivers/{DRIVER_ID - 1}", "/v1/drivers/1", "/nowhere/1234"):
        client.get(path)
    client.request("MAKE-A-SERIES", "/v1/drivers")

    text = client.get("/metrics").text

    count = 'trilha_http_request_duration_seconds_count{method="GET",route="/v1/drivers/{driver_id}",status="200"} 2.0'
    assert count in text
    assert 'route="unmatched",status="404"' in text
    assert 'method="OTHER"' in text
    assert str(DRIVER_ID) not in text
    assert "1234" not in text
    assert "trilha_http_requests_in_progress 1.0" in text


def test_ids_come_back_and_are_made_where_they_are_missing(client: httpx.Client) -> None:
    answer = client.get("/v1/groups", headers={"X-Request-Id": "order-7", "traceparent": TRACE})
    assert answer.headers["x-request-id"] == "order-7"
    assert re.fullmatch("00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01", answer.headers["traceparent"])
    assert "b7ad6b7169203331" not in answer.headers["traceparent"]

    for bad in ({}, {"X-Request-Id": "a\tb"}, {"X-Request-Id": "x" * 129}, {"traceparent": "00-" + "0" * 32}):
        answer = client.get("/v1/groups", headers=bad)
        assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])
        assert answer.headers["x-request-id"] in answer.headers["traceparent"]


def test_answers_carry_security_headers_and_allow_no_other_origin(client: httpx.Client) -> None:
    for path in ("/v1/drivers", "/nowhere", "/schema"):
        headers = client.get(path, headers={"Origin": "https://elsewhere.example"}).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"].startswith("default-src 'self'")
        assert "access-control-allow-origin" not in headers


def test_the_access_log_has_ids_but_no_names_and_no_token(client: httpx.Client) -> None:
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logged:
        client.get("/v1/drivers?search=Conceicao", headers={"X-Request-Id": "log-1", "traceparent": TRACE})

    (line,) = [entry for entry in logged if entry["event"] == "http.request"]
    assert line["request_id"] == "log-1"
    assert line["trace_id"] == "0af7651916cd43dd8448eb211c80319c"
    assert (line["method"], line["path"], line["status"]) == ("GET", "/v1/drivers", 200)
    assert "Conceicao" not in str(logged)
    assert TOKEN not in str(logged)


async def test_requests_side_by_side_keep_their_own_ids(address: str) -> None:
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logged:
        async with httpx.AsyncClient(base_url=address) as client:
            await asyncio.gather(
                *(client.get(f"/path-{number}", headers={"X-Request-Id": f"id-{number}"}) for number in range(40))
            )

    pairs = {(entry["path"], entry["request_id"]) for entry in logged if entry["event"] == "http.request"}
    assert pairs == {(f"/path-{number}", f"id-{number}") for number in range(40)}


class Broken:
    """Queries whose every method raises."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, name: str) -> Any:
        async def fail(*_: object) -> None:
            raise self._error

        return fail


def test_a_mistake_of_ours_is_logged_whole_and_told_without_detail(serving: Serving) -> None:
    fleet = Fleet()
    fleet.add_organisation()
    client = serving(fleet.parts(fleet=Broken(RuntimeError("password=hunter2"))))

    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logged:
        answer = client.get("/v1/drivers")

    content = problem(answer, 500, "internal")
    assert "hunter2" not in answer.text
    (line,) = [entry for entry in logged if entry["event"] == "http.unexpected"]
    assert line["request_id"] == content["request_id"]
    assert "hunter2" in str(line["exc_info"])


def test_while_the_store_is_away_the_client_is_asked_to_come_back(serving: Serving) -> None:
    fleet = Fleet()
    fleet.add_organisation()
    client = serving(fleet.parts(fleet=Broken(StorageUnavailable("the database cannot be reached now: try again"))))

    answer = client.get("/v1/drivers")

    problem(answer, 503, "storage.unavailable")
    assert int(answer.headers["retry-after"]) > 0


def test_a_taken_port_is_told_with_the_setting_that_changes_it() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        with pytest.raises(AddressNotAvailable, match=f"port {port} .* taken .* TRILHA_HTTP_PORT"):
            asyncio.run(serve(lambda: create_app(Fleet().parts()), "127.0.0.1", port))


def test_two_servers_never_share_a_port() -> None:
    with running(Fleet().parts()) as address, pytest.raises(AddressNotAvailable, match="TRILHA_HTTP_PORT"):
        asyncio.run(serve(lambda: create_app(Fleet().parts()), "127.0.0.1", httpx.URL(address).port or 0))


def test_a_stop_lets_requests_under_way_end() -> None:
    fleet = Fleet()
    fill(fleet, fleet.add_organisation())
    begun = threading.Event()
    answers: list[httpx.Response] = []

    async def slow() -> None:
        begun.set()
        await asyncio.sleep(0.5)

    with running(fleet.parts(probes={"slow": slow})) as address:
        asking = threading.Thread(target=lambda: answers.append(httpx.get(f"{address}/health/ready")))
        asking.start()
        assert begun.wait(10)
    asking.join(10)

    assert [answer.status_code for answer in answers] == [200]


def test_lines_for_machines_are_written_together_and_hold_the_same() -> None:
    fleet = Fleet()
    fill(fleet, fleet.add_organisation())
    stream = io.BytesIO()
    lines = JsonLines(stream)

    with (
        running(fleet.parts(access_log=lines)) as address,
        httpx.Client(base_url=address, headers={"Authorization": f"Bearer {TOKEN}", "traceparent": TRACE}) as client,
    ):
        for number in range(5):
            client.get(f"/v1/drivers?search=Conceicao&limit={number}", headers={"X-Request-Id": f"line-{number}"})
        client.get("/health/live")
        assert until(lambda: stream.getvalue().count(b"\n") == 5)

    logged = [msgspec.json.decode(line) for line in stream.getvalue().splitlines()]
    assert [line["request_id"] for line in logged] == [f"line-{number}" for number in range(5)]
    assert [line["status"] for line in logged] == [400, 200, 200, 200, 200]
    assert {line["trace_id"] for line in logged} == {"0af7651916cd43dd8448eb211c80319c"}
    assert b"Conceicao" not in stream.getvalue()
    assert TOKEN.encode() not in stream.getvalue()


def test_metrics_tell_how_the_feed_stands(serving: Serving) -> None:
    fleet = Fleet()
    organisation_id = fleet.add_organisation()
    fill(fleet, organisation_id)
    fleet.clock.advance(timedelta(minutes=5))

    text = serving(fleet.parts()).get("/metrics").text

    labels = f'{{organisation="{organisation_id}",stream="events"}}'
    assert f"trilha_feed_token_age_seconds{labels} 3900.0" in text
    assert f"trilha_feed_idle_seconds{labels} 300.0" in text
    assert f"trilha_feed_open_gaps{labels} 0.0" in text
    assert f"trilha_feed_rows{labels} 0.0" in text
    assert f'trilha_feed_status{{organisation="{organisation_id}",status="behind",stream="events"}} 1.0' in text
    assert f'trilha_feed_status{{organisation="{organisation_id}",status="stale",stream="trips"}} 1.0' in text
    assert f'trilha_feed_token_age_seconds{{organisation="{organisation_id}",stream="trips"}}' not in text
    assert f'trilha_open_dead_letters{{organisation="{organisation_id}"}} 0.0' in text
    assert 'trilha_source_calls_allowed{window_s="3600"} 500.0' in text
    assert "trilha_unsent_events 0.0" in text
    assert "trilha_backfill_done_share{" not in text


def test_metrics_outlive_the_database(serving: Serving) -> None:
    away = Broken(StorageUnavailable("the database cannot be reached now: try again"))

    answer = serving(Fleet().parts(organisations=away, ingestion=away)).get("/metrics")

    assert answer.status_code == 200
    assert "trilha_http_requests_in_progress" in answer.text
    assert 'stream="events"' not in answer.text
