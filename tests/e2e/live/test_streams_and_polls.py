"""Server-sent events and long polling of live positions, over a real server."""

import asyncio

import aiohttp
import msgspec

from tests.e2e.live.world import DEADLINE_S, Client, MovingFleet, Update, a_client, ids_of, serving, until_metric
from trilha.domain.kernel import OrganisationId

EVENTS = "/v1/live/vehicles/events"
POLL = "/v1/live/vehicles/poll"


async def next_event(answer: aiohttp.ClientResponse) -> tuple[str, str, Update]:
    async with asyncio.timeout(DEADLINE_S):
        raw = await answer.content.readuntil(b"\n\n")
    identity, kind, data = (line.partition(": ")[2] for line in raw.decode().strip().split("\n"))
    return identity, kind, msgspec.json.decode(data)


async def test_events_follow_a_snapshot_and_resume(
    fleet: MovingFleet, organisation_id: OrganisationId, client: Client
) -> None:
    old = await fleet.move(organisation_id, 1)
    async with client.http.get(EVENTS, params={"group": "10"}) as answer:
        assert answer.content_type == "text/event-stream"
        _, kind, update = await next_event(answer)
        assert (kind, ids_of(update)) == ("snapshot", [])
        new = await fleet.move(organisation_id, 3, 2)
        last, kind, update = await next_event(answer)
        assert (kind, ids_of(update), update["cursor"]) == ("positions", new[1:], last)
    missed = await fleet.move(organisation_id, 1, 1)
    async with client.http.get(EVENTS, params={"vehicle": "1"}, headers={"Last-Event-ID": last}) as answer:
        got = list[str]()
        while len(got) < len(missed):
            got += ids_of((await next_event(answer))[2])
        assert got == missed
    assert old


async def test_events_end_when_the_server_stops(fleet: MovingFleet, organisation_id: OrganisationId) -> None:
    assert organisation_id
    async with (
        serving(fleet.parts()) as (address, server),
        a_client(address) as client,
        client.http.get(EVENTS) as one,
        client.http.get(EVENTS) as other,
    ):
        for answer in (one, other):
            await next_event(answer)
        server.cancel()
        async with asyncio.timeout(DEADLINE_S):
            assert [await answer.content.read() for answer in (one, other)] == [b"", b""]


async def test_a_poll_waits_for_news(fleet: MovingFleet, organisation_id: OrganisationId, client: Client) -> None:
    first = await _poll(client)
    assert first["type"] == "snapshot"
    waiting = asyncio.create_task(_poll(client, after=first["cursor"], wait="30"))
    listening = asyncio.create_task(client.open())
    await (await listening).snapshot()
    assert not waiting.done()
    ids = await fleet.move(organisation_id, 1)
    second = await waiting
    assert (second["type"], ids_of(second)) == ("positions", ids)
    missed = await fleet.move(organisation_id, 2, 1)
    third = await _poll(client, after=second["cursor"])
    found = ids_of(third)
    while len(found) < len(missed):
        third = await _poll(client, after=third["cursor"])
        found += ids_of(third)
    assert found == missed
    quiet = await _poll(client, after=third["cursor"], wait="0")
    assert (quiet["type"], quiet["cursor"], quiet["positions"]) == ("heartbeat", third["cursor"], [])


async def test_what_cannot_be_read_is_refused(client: Client) -> None:
    for path, params in ((POLL, {"wait": "31"}), (POLL, {"after": "x"}), (EVENTS, {"group": "x"}), (POLL, {"x": "1"})):
        async with client.http.get(path, params=params) as answer:
            assert (answer.status, answer.content_type) == (400, "application/problem+json")
    async with client.http.get(EVENTS, headers={"Last-Event-ID": "x"}) as answer:
        assert answer.status == 400
    for path in (POLL, EVENTS):
        async with client.http.get(path, headers={"Authorization": "Bearer wrong"}) as answer:
            assert answer.status == 401


async def test_clients_that_leave_are_forgotten(client: Client) -> None:
    async with client.http.get(EVENTS) as answer:
        await next_event(answer)
        await until_metric(client, 'trilha_live_listeners{way="events"}', 1)
    await until_metric(client, 'trilha_live_listeners{way="events"}', 0)


async def _poll(client: Client, **params: str) -> Update:
    async with asyncio.timeout(DEADLINE_S), client.http.get(POLL, params=params) as answer:
        assert answer.status == 200, await answer.text()
        update: Update = await answer.json()
        return update
