"""Everything that may be wrong with a request ends in a problem that names it, never in a 500."""

from base64 import urlsafe_b64encode
from typing import Any

import httpx
import msgspec
import pytest

from tests.e2e.http.world import DRIVER_ID

PREFIX = "urn:trilha:problem:"


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    content: dict[str, Any] = answer.json()
    assert content["type"] == PREFIX + code
    assert content["status"] == status
    assert content["request_id"] == answer.headers["x-request-id"]
    return content


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("/v1/drivers?limit=0", "limit"),
        ("/v1/drivers?limit=501", "limit"),
        ("/v1/drivers?limit=99999999999999999999", "limit"),
        ("/v1/drivers?limit=-1", "limit"),
        ("/v1/drivers?limit=1.0", "limit"),
        ("/v1/drivers?limit=%D9%A1", "limit"),
        ("/v1/drivers?limit=", "limit"),
        ("/v1/drivers?cursor=nonsense", "cursor"),
        ("/v1/drivers?cursor=%00", "cursor"),
        ("/v1/drivers?cursor=%C3%A9", "cursor"),
        ("/v1/drivers?people_only=yes", "people_only"),
        ("/v1/drivers?active=null", "active"),
        ("/v1/drivers?group_id=abc", "group_id"),
        ("/v1/drivers?group_id=9223372036854775808", "group_id"),
        ("/v1/drivers?search=", "search"),
        ("/v1/drivers?search=a%00b", "search"),
        ("/v1/drivers?search=%ED%A0%80", "search"),
        ("/v1/drivers?search=%FF", "search"),
        ("/v1/drivers?search=" + "x" * 101, "search"),
        ("/v1/drivers/abc", "driver_id"),
        ("/v1/drivers/9223372036854775808", "driver_id"),
        ("/v1/drivers/%00", "driver_id"),
        ("/v1/drivers/1e3/events", "driver_id"),
        ("/v1/vehicles/--1", "vehicle_id"),
        ("/v1/event-types?classification=harmless", "classification"),
        ("/v1/telemetry/events?from=yesterday", "from"),
        ("/v1/telemetry/events?from=2026-03-10", "from"),
        ("/v1/telemetry/events?from=2026-03-10T12:00:00", "from"),
        ("/v1/telemetry/events?from=2026-02-30T12:00:00Z", "from"),
        ("/v1/telemetry/events?from=2026-03-10T12:00:00+02:00", "from"),
        ("/v1/telemetry/events?to=0001-01-01T00:00:00%2B10:00", "to"),
        ("/v1/telemetry/events?to=9999-12-31T23:59:59-10:00", "to"),
        ("/v1/telemetry/events?from=2026-03-10T12:00:00Z&to=2026-03-10T11:00:00Z", "to"),
        ("/v1/telemetry/events?event_type_id=", "event_type_id"),
        ("/v1/etl/runs?kind=nonsense", "kind"),
        ("/v1/etl/runs?status=nonsense", "status"),
    ],
)
def test_a_bad_parameter_is_named(client: httpx.Client, path: str, parameter: str) -> None:
    content = problem(client.get(path), 400, "invalid_value")

    assert [error["parameter"] for error in content["errors"]] == [parameter]
    assert content["errors"][0]["message"].startswith(parameter)


def test_a_time_whose_plus_became_a_space_is_explained(client: httpx.Client) -> None:
    content = problem(client.get("/v1/telemetry/events?from=2026-03-10T12:00:00+02:00"), 400, "invalid_value")

    assert "%2B" in content["detail"]


def test_a_cursor_of_another_list_is_refused(client: httpx.Client) -> None:
    cursor = client.get("/v1/drivers?limit=1").json()["next_cursor"]

    content = problem(client.get("/v1/vehicles", params={"cursor": cursor}), 400, "invalid_value")
    assert content["errors"][0]["parameter"] == "cursor"


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("/v1/drivers?serach=ana", "serach"),
        (f"/v1/drivers/{DRIVER_ID}?limit=1", "limit"),
        ("/v1/etl/checkpoints?stream=events", "stream"),
        ("/v1/organisations?limit=1", "limit"),
        (f"/v1/drivers/{DRIVER_ID}/events?driver_id=1", "driver_id"),
        ("/v1/drivers?from_=2026-03-10T12:00:00Z", "from_"),
    ],
)
def test_a_misspelt_parameter_does_not_silently_match_everything(
    client: httpx.Client, path: str, parameter: str
) -> None:
    content = problem(client.get(path), 400, "request.unknown_parameter")

    assert content["errors"][0]["parameter"] == parameter


def test_a_parameter_given_twice_is_refused(client: httpx.Client) -> None:
    content = problem(client.get("/v1/drivers?search=ana&search=jose"), 400, "request.repeated_parameter")

    assert content["errors"][0]["parameter"] == "search"


def test_an_endless_query_string_is_refused(client: httpx.Client) -> None:
    problem(client.get("/v1/drivers?search=" + "x" * 9_000), 414, "request.query_too_long")


@pytest.mark.parametrize("path", ["/v1/drivers/12345", "/v1/vehicles/12345", "/v1/drivers/12345/events"])
def test_an_unknown_id_is_not_found(client: httpx.Client, path: str) -> None:
    assert "12345" in problem(client.get(path), 404, "not_found")["detail"]


@pytest.mark.parametrize("path", ["/v2/drivers", "/v1", "/nowhere", "/v1/drivers/1/2/3", "/schema/nothing"])
def test_an_unknown_route_is_a_problem(client: httpx.Client, path: str) -> None:
    problem(client.get(path), 404, "route.not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("DELETE", "/v1/drivers", "GET"), ("GET", "/v1/etl/sync", "POST"), ("BREW", "/v1/drivers", "GET")],
)
def test_a_wrong_method_is_a_problem_that_says_what_is_allowed(
    client: httpx.Client, method: str, path: str, allowed: str
) -> None:
    answer = client.request(method, path)

    problem(answer, 405, "route.method_not_allowed")
    assert allowed in answer.headers["allow"]


@pytest.mark.parametrize("path", ["/v1/drivers", "//v1/drivers", "/v1//drivers/", f"/v1/drivers/{DRIVER_ID}/events"])
@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        (None, "auth.missing_token"),
        ("Basic YTpi", "auth.malformed_token"),
        ("Bearer wrong", "auth.wrong_token"),
        ("Bearer", "auth.malformed_token"),
        ("Bearer \xff\xfe", "auth.wrong_token"),
    ],
)
def test_nothing_under_v1_is_shown_without_the_token(
    address: str, path: str, authorization: str | None, code: str
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization.encode("latin-1")}

    answer = httpx.get(address + path, headers=headers)

    problem(answer, 401, code)
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("content", "pointer", "code"),
    [
        ('{"kinds": ["everything"]}', "/kinds/0", "invalid_value"),
        ('{"kinds": ["events", 5]}', "/kinds/1", "invalid_value"),
        ('{"kinds": "events"}', "/kinds", "invalid_value"),
        ('{"kinds": []}', "/kinds", "invalid_value"),
        ('{"kinds": null}', "/kinds", "invalid_value"),
        ('{"kind": ["events"]}', "", "invalid_value"),
        ("[]", "", "invalid_value"),
        ("null", "", "invalid_value"),
        ("", "", "request.malformed_json"),
        ("{", "", "request.malformed_json"),
        ('{"kinds": ["\\ud800"]}', "", "request.malformed_json"),
        ("[" * 100_000, "", "invalid_value"),
    ],
)
def test_a_bad_body_is_pointed_at(client: httpx.Client, content: str, pointer: str, code: str) -> None:
    answer = client.post("/v1/etl/sync", content=content, headers={"Content-Type": "application/json"})

    (error,) = problem(answer, 400, code)["errors"]
    assert error["pointer"] == pointer


def test_a_body_that_is_no_utf8_is_refused(client: httpx.Client) -> None:
    answer = client.post("/v1/etl/sync", content=b'{"kinds": ["\xff"]}', headers={"Content-Type": "application/json"})

    problem(answer, 400, "request.malformed_json")


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded", "nonsense", ""])
def test_another_content_type_is_refused(client: httpx.Client, content_type: str | None) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}

    answer = client.post("/v1/etl/sync", content=b"{}", headers=headers)

    problem(answer, 415, "request.unsupported_media_type")


@pytest.mark.parametrize("chunked", [False, True])
def test_an_oversized_body_is_refused(client: httpx.Client, chunked: bool) -> None:
    blank = b" " * (1024 * 1024 + 1)
    content: Any = iter([blank[: len(blank) // 2], blank[len(blank) // 2 :]]) if chunked else blank

    answer = client.post("/v1/etl/sync", content=content, headers={"Content-Type": "application/json"})

    problem(answer, 413, "request.body_too_large")
    assert client.get("/v1/drivers?limit=1").status_code == 200


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("drivers", ("a\0b", 1)),
        ("drivers", ("ana", 2**63)),
        ("drivers", ("ana", "1")),
        ("drivers", ("ana",)),
        ("drivers", "ana"),
        ("vehicles", ("bus", 2**64 - 1)),
        ("telemetry/events", ("2026-03-10T12:00:00", 1)),
        ("telemetry/events", ("yesterday", 1)),
        ("etl/runs", ("2026-03-10T12:00:00", "00000000-0000-7000-8000-000000000000")),
    ],
)
def test_a_forged_cursor_is_refused(client: httpx.Client, path: str, key: object) -> None:
    listing = {"telemetry/events": "events", "etl/runs": "runs"}.get(path, path)
    forged = urlsafe_b64encode(msgspec.msgpack.encode((listing, key))).decode().rstrip("=")

    content = problem(client.get(f"/v1/{path}", params={"cursor": forged}), 400, "invalid_value")

    assert content["errors"][0]["parameter"] == "cursor"
