"""Faults and the side door, as a client sees them on the wire."""

import asyncio
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

import httpx
import msgspec
import pytest

from trilha.simulators.mix import Fault, FaultKind, Malformed, MixSimulator, Route, Scenario
from trilha.simulators.mix.faults import HEADERS, IN_PAGE, INSTEAD, ON_THE_WIRE, TOKENS
from trilha.simulators.mix.stream import write_token
from trilha.simulators.mix.timeline import to_ms
from trilha.simulators.mix.truth import fold
from trilha.simulators.mix.wire import Event

NOW = datetime(2026, 3, 10, 14, 30, 15, tzinfo=UTC)
SCENARIO = Scenario(epoch=NOW - timedelta(days=6), vehicles=10)


class Bounded(Event, frozen=True, kw_only=True):
    event_id: Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


@pytest.fixture
async def simulator():
    async with MixSimulator(SCENARIO, clock=lambda: NOW) as running:
        yield running


@pytest.fixture
async def client(simulator):
    login = SCENARIO.login
    form = {"grant_type": "password", "username": login.username, "password": login.password}
    form["scope"] = "offline_access MiX.Integrate"
    async with httpx.AsyncClient(base_url=simulator.api_url, trust_env=False, timeout=20) as plain:
        answer = await plain.post("/core/connect/token", data=form, auth=(login.client_id, login.client_secret))
        plain.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        yield plain


@pytest.fixture
def path(simulator):
    token = write_token(to_ms(NOW - timedelta(days=5)))
    group = simulator.organisation_id
    return f"/api/events/groups/createdsince/organisation/{group}/sincetoken/{token}/quantity/100"


async def break_next(client, **fault):
    answer = await client.post("/_sim/faults", json=[fault])
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("fault", "status", "text"),
    [
        ({"kind": "unauthorized"}, 401, "UnauthorizedAccessException"),
        ({"kind": "forbidden"}, 403, "SecurityException"),
        ({"kind": "too_many_requests"}, 429, "API calls quota exceeded"),
        ({"kind": "server_error"}, 500, "NullReferenceException"),
        ({"kind": "unavailable"}, 503, "<html>"),
        ({"kind": "html", "route": "events_since"}, 200, "<!DOCTYPE html>"),
        ({"kind": "empty_body"}, 200, ""),
    ],
)
async def test_an_answer_instead_then_the_right_one(client, path, fault, status, text):
    right = await client.get(path)
    await break_next(client, **fault, times=2)
    wrong = [await client.get(path) for _ in range(2)]
    assert [(answer.status_code, answer.text.startswith(text)) for answer in wrong] == [(status, True)] * 2
    assert (await client.get(path)).content == right.content


async def test_retry_after_only_when_the_fault_says_so(client, path):
    await break_next(client, kind="too_many_requests")
    await break_next(client, kind="too_many_requests", retry_after_s=7)
    answers = [await client.get(path) for _ in range(2)]
    assert [answer.headers.get("Retry-After") for answer in answers] == [None, "7"]


async def test_a_fault_waits_for_its_route(client, path, simulator):
    await break_next(client, kind="server_error", route="library")
    assert (await client.get(path)).status_code == 206
    assert (await client.get(f"/api/libraryevents/organisation/{simulator.organisation_id}")).status_code == 500


async def test_html_from_the_identity_host(client):
    await break_next(client, kind="html")
    answer = await client.post("/core/connect/token")
    assert answer.headers["Content-Type"].startswith("text/html")


async def read_into(received, answer):
    async for part in answer.aiter_raw():
        received += part


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
async def test_a_body_cut_in_the_middle(client, path, encoding):
    await break_next(client, kind="cut_body")
    received = bytearray()
    async with client.stream("GET", path, headers={"Accept-Encoding": encoding}) as answer:
        announced = int(answer.headers["Content-Length"])
        with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
            await read_into(received, answer)
    assert len(received) == announced // 2
    assert (await client.get(path)).status_code == 206


async def test_truncated_json_of_the_right_length(client, path):
    await break_next(client, kind="truncated_json")
    answer = await client.get(path)
    assert answer.status_code == 206
    with pytest.raises(json.JSONDecodeError):
        answer.json()


async def test_silence_ends_without_an_answer(client, path):
    await break_next(client, kind="silent", wait_s=0.05)
    with pytest.raises(httpx.RemoteProtocolError):
        await client.get(path)


async def test_a_client_with_less_patience_than_a_slow_server(client, path):
    await break_next(client, kind="slow", wait_s=60)
    with pytest.raises(httpx.ReadTimeout):
        await client.get(path, timeout=httpx.Timeout(5, read=0.05))
    assert (await client.get(path)).status_code == 206


@pytest.mark.parametrize(
    ("kind", "left"),
    [
        ("missing_headers", []),
        ("missing_has_more", ["GetSinceToken"]),
        ("missing_since_token", ["HasMoreItems"]),
    ],
)
async def test_missing_headers(client, path, kind, left):
    await break_next(client, kind=kind)
    answer = await client.get(path)
    assert [name for name in ("HasMoreItems", "GetSinceToken") if name in answer.headers] == left


async def test_a_page_far_larger_than_asked_still_joins_the_next(client, path, simulator):
    await break_next(client, kind="oversized_page")
    large = await client.get(path)
    assert len(large.json()) >= 300
    rest = await client.get(re.sub(r"sincetoken/\d+", f"sincetoken/{large.headers['GetSinceToken']}", path))
    events = msgspec.json.decode(large.content, type=list[Event]) + msgspec.json.decode(rest.content, type=list[Event])
    until = datetime.strptime(rest.headers["GetSinceToken"][:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    held = fold({event.event_id: event for event in events}.values(), len(events))
    assert held == simulator.truth(NOW - timedelta(days=5), until)


async def test_unknown_words(client, path):
    await break_next(client, kind="unknown_enum")
    assert {event["EventCategory"] for event in (await client.get(path)).json()} == {"Premonition"}


async def test_odd_values_are_sound_json_and_leave_the_truth_alone(client, path):
    usual = msgspec.json.decode((await client.get(path)).content, type=list[Event])
    await break_next(client, kind="odd_values")
    answer = await client.get(path)
    odd = msgspec.json.decode(answer.content, type=list[Event])
    assert fold(odd, len(odd)) == fold(usual, len(usual))
    assert rb"\u0000" in answer.content
    assert {event.end_date_time.year for event in odd if event.end_date_time} == {1, 2026, 9999}


@pytest.mark.parametrize("how", list(Malformed))
async def test_one_malformed_record_between_sound_ones(client, path, how):
    sound = msgspec.json.decode((await client.get(path)).content, type=list[msgspec.Raw])
    await break_next(client, kind="malformed_record", record=how)
    answer = await client.get(path)
    rest = answer.content
    for record in map(bytes, sound):
        before, found, after = rest.partition(record)
        assert found
        rest = before + after
    assert rest.strip(b"[,]")
    with pytest.raises((msgspec.MsgspecError, UnicodeDecodeError)):
        msgspec.json.decode(answer.content, type=list[Bounded])


async def test_faults_are_listed_counted_down_and_dropped(client, path):
    await break_next(client, kind="server_error", times=3)
    await client.get(path)
    (waiting,) = (await client.get("/_sim/faults")).json()
    assert (waiting["kind"], waiting["times"]) == ("server_error", 2)
    assert (await client.delete("/_sim/faults")).json() == []
    assert (await client.get(path)).status_code == 206


@pytest.mark.parametrize(
    ("door", "body"),
    [
        ("/_sim/faults", b'[{"kind":"earthquake"}]'),
        ("/_sim/faults", b'{"kind":"server_error"}'),
        ("/_sim/faults", b"["),
        ("/_sim/clock", b'{"advance":1}'),
        ("/_sim/clock", b'{"set":"2026-01-01T00:00:00"}'),
        ("/_sim/events", b'{"count":-1}'),
    ],
)
async def test_the_side_door_explains_what_it_does_not_understand(client, door, body):
    answer = await client.post(door, content=body)
    assert (answer.status_code, answer.text != "") == (400, True)


async def test_clock_over_the_side_door(client):
    stopped = await client.post("/_sim/clock", json={"set": "2026-03-11T00:00:00Z", "stop": True, "advance_s": 5})
    assert stopped.json() == {"now": "2026-03-11T00:00:05Z"}
    assert (await client.get("/_sim/clock")).json() == stopped.json()
    assert (await client.post("/_sim/clock", json={"reset": True})).json() == {"now": "2026-03-10T14:30:15Z"}


async def test_revoked_tokens_are_refused(client, path):
    assert (await client.get(path)).status_code == 206
    assert (await client.post("/_sim/tokens/revoke", json={"refresh": True})).json() == {"revoked": 2}
    assert (await client.get(path)).status_code == 401


async def test_late_events_and_their_truth_over_the_side_door(client):
    before = (await client.get("/_sim/truth")).json()
    made = (await client.post("/_sim/events", json={"count": 3, "late_by_s": 864_000})).json()
    assert {event.get("StartDateTime", "2026-02-28T14:30:15Z") for event in made} == {"2026-02-28T14:30:15Z"}
    await client.post("/_sim/clock", json={"advance_s": 1})
    span = {"since": "2026-03-10T14:30:15", "until": "2026-03-10T14:30:16Z"}
    after = (await client.get("/_sim/truth", params=span)).json()
    assert after["events"] - 3 in {0, 1}
    assert before["events"] > 100


async def test_calls_are_counted_by_route_and_status(client, path, simulator):
    await break_next(client, kind="silent", wait_s=0, route="version")
    with pytest.raises(httpx.RemoteProtocolError):
        await client.get("/version")
    await client.get(path)
    await client.get("/nowhere")
    calls = (await client.get("/_sim/calls")).json()
    assert calls["events_since"] == {"calls": 1, "statuses": {"206": 1}}
    assert calls["version"] == {"calls": 1, "statuses": {"0": 1}}
    assert calls["unknown"]["statuses"] == {"404": 1}
    await client.delete("/_sim/calls")
    assert simulator.calls() == {}


async def test_behaviour_is_changed_member_by_member(client):
    answer = await client.patch("/_sim/behaviour", json={"html_identity": True, "expires_in_s": 60})
    assert (answer.json()["html_identity"], answer.json()["calls_per_minute"]) == (True, 20)
    assert (await client.post("/core/connect/token")).text.startswith("<!DOCTYPE")
    assert (await client.patch("/_sim/behaviour", json={"gzip": "maybe"})).status_code == 400


async def test_the_side_door_lists_itself(client):
    assert "/_sim/truth" in (await client.get("/_sim/")).text


@pytest.mark.parametrize("garbage", [b"\x16\x03\x01\x02\x00", b"GET / HTTP/1.1\r\n\r\n", b"GET /" + b"x" * 70_000])
async def test_what_is_no_http_is_refused_and_the_server_lives(simulator, client, garbage):
    host, port = simulator.api_url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(garbage + b"\r\n\r\n")
    assert (await reader.read()).startswith((b"HTTP/1.1 4", b"HTTP/1.0 4"))
    writer.close()
    assert (await client.get("/_sim/clock")).status_code == 200


async def test_every_fault_kind_has_its_place(simulator):
    """A kind that no stage takes would wait for ever."""
    assert sorted([*HEADERS, *IN_PAGE, *INSTEAD, *ON_THE_WIRE, *TOKENS]) == sorted(FaultKind)
    simulator.faults.add(Fault(FaultKind.SLOW, times=0), Fault(FaultKind.SLOW, route=Route.TOKEN))
    assert len(simulator.faults.waiting()) == 1


async def wait_until(holds):
    while not holds():  # noqa: ASYNC110 - the server under test runs in this very loop
        await asyncio.sleep(0)


async def test_stop_does_not_wait_for_slow_answers(client, path, simulator):
    await break_next(client, kind="slow", wait_s=600)
    hanging = asyncio.create_task(client.get(path))
    async with asyncio.timeout(5):
        await wait_until(lambda: Route.EVENTS_SINCE in simulator.calls())
        await simulator.stop()
        with pytest.raises(httpx.HTTPError):
            await hanging
