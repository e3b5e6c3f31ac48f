"""WebSockets of live positions, over a real server."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta

import aiohttp
import msgspec
import pytest

from tests.e2e.live.world import (
    DEADLINE_S,
    Client,
    MovingFleet,
    a_client,
    a_position,
    ids_of,
    metric,
    newest,
    serving,
    until_metric,
)
from trilha.adapters.memory import MemoryFleetQueries
from trilha.adapters.memory.live_feed import KEPT, MemoryLiveFeed
from trilha.application.fleet.queries import GroupView
from trilha.application.ports import VEHICLES, LiveMessage, Page, PageRequest
from trilha.domain.fleet import Vehicle
from trilha.domain.kernel import GroupId, OrganisationId, VehicleId
from trilha.entrypoints.http.live import channel, hub, sending
from trilha.entrypoints.http.live.filters import Wanted
from trilha.entrypoints.http.live.tickets import VALID_FOR

GOING_AWAY = 1001
SLOW_BYTES = 200_000
SLOW_MESSAGES = 120
"""More than what the machine's own buffers hold, and what may wait for a client."""


async def test_a_snapshot_comes_first_then_what_moves(
    fleet: MovingFleet, organisation_id: OrganisationId, client: Client
) -> None:
    first = await client.open()
    assert await first.snapshot() == []
    old = await fleet.move(organisation_id, 1, 2, 1)
    assert await first.positions(3) == old
    second = await client.open()
    assert sorted(await second.snapshot()) == old[1:]
    new = await fleet.move(organisation_id, 2, 3)
    assert [await one.positions(2) for one in (first, second)] == [new, new]


async def test_a_vehicle_never_goes_back_in_time(
    fleet: MovingFleet, organisation_id: OrganisationId, client: Client
) -> None:
    listener = await client.open()
    await listener.snapshot()
    await fleet.live.publish(organisation_id, VEHICLES, a_position(1, 50))
    await fleet.live.publish(organisation_id, VEHICLES, a_position(1, 49))
    await fleet.live.publish(organisation_id, VEHICLES, a_position(2, 10))
    assert await listener.positions(2) == ["50", "10"]
    assert sorted(await (await client.open()).snapshot()) == ["10", "50"]


@pytest.mark.parametrize(
    ("query", "seen"),
    [
        ("group=10", {1, 2}),
        ("group=11", {2}),
        ("group=11&group=20", {2, 3}),
        ("vehicle=4", {4}),
        ("vehicle=4&vehicle=1", {1, 4}),
        ("group=20&vehicle=4", {3, 4}),
        ("group=999", set[int]()),
    ],
)
async def test_filters(
    fleet: MovingFleet, organisation_id: OrganisationId, client: Client, query: str, seen: set[int]
) -> None:
    before = await fleet.move(organisation_id, 1, 2, 3, 4)
    everything = await client.open()
    await everything.snapshot()
    filtered = await client.open(query)
    assert await filtered.snapshot() == []
    ids = await fleet.move(organisation_id, 1, 2, 3, 4)
    assert await everything.positions(4) == ids
    wanted = [ids[vehicle - 1] for vehicle in sorted(seen)]
    assert await filtered.positions(len(wanted)) == wanted
    assert before
    assert sorted(await (await client.open(query)).snapshot()) == wanted


async def test_a_vehicle_that_changes_group_changes_what_is_seen(
    fleet: MovingFleet, organisation_id: OrganisationId, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "MEMBERSHIP_FRESH_S", 0.02)
    depot, witness = await client.open("group=20"), await client.open("vehicle=3&vehicle=4")
    await depot.snapshot()
    await witness.snapshot()
    vehicles = fleet.database.of(organisation_id).master["vehicles"]
    vehicles[3] = Vehicle(VehicleId(3), "Bus 3")
    vehicles[4] = Vehicle(VehicleId(4), "Bus 4", group_id=GroupId(20))
    seen = asyncio.create_task(depot.next())
    moved = list[str]()
    while not seen.done():
        moved += await fleet.move(organisation_id, 4)
        assert await witness.positions(1) == moved[-1:]
    assert set(ids_of(await seen)) <= set(moved)
    gone, last = await fleet.move(organisation_id, 3, 4)
    await witness.positions(2)
    found = list[str]()
    while depot.cursor != witness.cursor:
        found += ids_of(await depot.next())
    assert found[-1] == last
    assert gone not in found


async def test_who_joins_a_group_is_seen_at_once_and_who_leaves_is_gone(
    fleet: MovingFleet, organisation_id: OrganisationId, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "MEMBERSHIP_FRESH_S", 0.02)
    depot, witness = await client.open("group=20"), await client.open()
    await depot.snapshot()
    await witness.snapshot()
    ids = await fleet.move(organisation_id, 4)
    assert await witness.positions(1) == ids
    vehicles = fleet.database.of(organisation_id).master["vehicles"]
    vehicles[4] = Vehicle(VehicleId(4), "Bus 4", group_id=GroupId(20))
    assert await depot.snapshot() == ids
    vehicles[4] = Vehicle(VehicleId(4), "Bus 4")
    assert await depot.snapshot() == []


async def test_groups_are_read_once_for_all_who_come_at_once(
    fleet: MovingFleet, organisation_id: OrganisationId
) -> None:
    counted = CountedFleet(fleet.database)
    begun = hub.Hub(fleet.parts(fleet=counted))
    wanted = [Wanted(groups=frozenset({group})) for group in (10, 11, 20)] * 10
    async with AsyncExitStack() as stack:
        stack.push_async_callback(begun.close)
        listening = [begun.listening("websocket", organisation_id, one, None) for one in wanted]
        await asyncio.gather(*(stack.enter_async_context(one) for one in listening))
    assert counted.reads == 1


class CountedFleet(MemoryFleetQueries):
    """Counts how often all groups are read, and lets others run meanwhile."""

    reads = 0

    async def groups(self, organisation_id: OrganisationId, page: PageRequest) -> Page[GroupView | msgspec.Raw]:
        self.reads += 1
        await asyncio.sleep(0)
        return await super().groups(organisation_id, page)


async def test_who_listens_goes_on_after_a_surprise(
    fleet: MovingFleet, organisation_id: OrganisationId, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel, "RETRY_S", 0.01)
    listener = await client.open()
    await listener.snapshot()
    await fleet.live.publish(organisation_id, VEHICLES, b"no positions")
    assert await listener.snapshot() == []
    ids = await fleet.move(organisation_id, 1)
    assert await listener.positions(1) == ids


async def test_an_organisation_nobody_looks_at_is_followed_no_longer(
    fleet: MovingFleet, organisation_id: OrganisationId, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "MEMBERSHIP_FRESH_S", 0.02)
    monkeypatch.setattr(hub, "LINGER_S", 0.05)
    listener = await client.open()
    await listener.snapshot()
    assert await metric(client, "trilha_live_channels") == 1
    await listener.socket.close()
    await until_metric(client, "trilha_live_channels", 0)
    back = await client.open()
    await back.snapshot()
    ids = await fleet.move(organisation_id, 1)
    assert await back.positions(1) == ids


async def test_what_was_missed_comes_once_and_in_order(
    fleet: MovingFleet, organisation_id: OrganisationId, client: Client
) -> None:
    witness = await client.open()
    listener = await client.open("vehicle=1&vehicle=2")
    await witness.snapshot()
    await listener.snapshot()
    seen = await fleet.move(organisation_id, 1, 2)
    assert await listener.positions(2) == seen
    await listener.socket.close()
    missed = await fleet.move(organisation_id, *[1, 2] * 50)
    await fleet.move(organisation_id, 3)
    await witness.positions(103)
    back = await client.open(f"vehicle=1&vehicle=2&after={listener.cursor}")
    new = await fleet.move(organisation_id, 2, 1)
    assert await back.positions(102) == missed + new


@pytest.mark.parametrize("tick_s", [0.0, 0.5], ids=["after they were sent", "before they are sent"])
async def test_every_cursor_goes_on_with_what_follows_it(
    fleet: MovingFleet, organisation_id: OrganisationId, client: Client, monkeypatch: pytest.MonkeyPatch, tick_s: float
) -> None:
    monkeypatch.setattr(channel, "TICK_S", tick_s)
    witness = await client.open()
    await witness.snapshot()
    start = int(witness.cursor)
    ids = await fleet.move(organisation_id, *[1, 2, 3] * 2)
    if not tick_s:
        await witness.positions(6)
    back = [await client.open(f"after={start + number}") for number in range(7)]
    ids += await fleet.move(organisation_id, 3, 1)
    for number, listener in enumerate(back):
        assert await listener.positions(len(ids) - number) == ids[number:]


async def test_what_comes_while_the_missed_is_read_comes_after_it(
    fleet: MovingFleet, organisation_id: OrganisationId
) -> None:
    fleet.live = feed = InterruptedFeed()
    ids = await fleet.move(organisation_id, 1, 2, 1)
    async with serving(fleet.parts()) as (address, _), a_client(address) as client:
        witness = await client.open()
        await witness.snapshot()

        async def move_on() -> None:
            ids.extend(await fleet.move(organisation_id, 2))
            await witness.positions(1)

        feed.meanwhile = move_on
        back = await client.open(f"after={int(witness.cursor) - 2}")
        assert await back.positions(3) == ids[1:]


class InterruptedFeed(MemoryLiveFeed):
    """Something happens while what was missed is read."""

    meanwhile: Callable[[], Awaitable[None]]

    async def missed(
        self, organisation_id: OrganisationId, topic: str, after: int, limit: int
    ) -> Sequence[LiveMessage]:
        found = await super().missed(organisation_id, topic, after, limit)
        await self.meanwhile()
        return found


async def test_another_process_goes_on_where_the_first_one_ended(
    fleet: MovingFleet, organisation_id: OrganisationId, client: Client
) -> None:
    listener = await client.open()
    await listener.snapshot()
    seen = await fleet.move(organisation_id, 1)
    assert await listener.positions(1) == seen
    missed = await fleet.move(organisation_id, 2, 1, 1)
    await listener.positions(3)
    async with serving(fleet.parts()) as (address, _), a_client(address) as elsewhere:
        ahead = await elsewhere.open(f"after={listener.cursor}")
        back = await elsewhere.open(f"after={int(listener.cursor) - 3}")
        assert await back.positions(3) == missed
        new = await fleet.move(organisation_id, 3)
        assert await back.positions(1) == new
        assert await ahead.positions(1) == new


async def test_a_cursor_too_old_or_foreign_gives_a_snapshot(
    fleet: MovingFleet, organisation_id: OrganisationId, client: Client
) -> None:
    await fleet.move(organisation_id, 1)
    fleet.live.forget()
    listener = await client.open("after=0")
    assert await listener.snapshot() == []
    now = await fleet.move(organisation_id, 2)
    assert await listener.positions(1) == now
    for after in ("0", "999999999999999999999999999999"):
        assert await (await client.open(f"after={after}")).snapshot() == now


async def test_those_who_listen_get_a_snapshot_when_the_feed_loses_its_memory(
    fleet: MovingFleet, organisation_id: OrganisationId, client: Client
) -> None:
    listener = await client.open()
    await listener.snapshot()
    for number in range(1, KEPT + 50):
        await fleet.live.publish(organisation_id, VEHICLES, a_position(1, number))
    updates = [await listener.next()]
    while updates[-1]["type"] != "snapshot":
        updates.append(await listener.next())
    now = await fleet.move(organisation_id, 2)
    assert await listener.positions(1) == now


async def test_a_slow_client_gets_the_newest_only_and_others_are_unaffected(
    fleet: MovingFleet, organisation_id: OrganisationId, client: Client
) -> None:
    fast, slow = await client.open(), await client.open()
    assert await fast.snapshot() == await slow.snapshot() == []
    await fleet.live.publish(organisation_id, VEHICLES, a_position(9, 1))
    assert await fast.positions(1) == await slow.positions(1) == ["1"]
    for number in range(1, SLOW_MESSAGES + 1):
        await fleet.live.publish(organisation_id, VEHICLES, a_position(number % 5, number, size=SLOW_BYTES))
        assert await fast.positions(1) == [str(number)]
    given = {"9": 1}
    update = await slow.next()
    while not update["collapsed"]:
        given |= newest(update)
        update = await slow.next()
    assert len(update["positions"]) == len(newest(update))
    assert all(number > given.get(vehicle, 0) for vehicle, number in newest(update).items())
    while slow.cursor != fast.cursor:
        given |= newest(update)
        update = await slow.next()
    assert given | newest(update) == {"9": 1} | {
        str(number % 5): number for number in range(SLOW_MESSAGES - 4, SLOW_MESSAGES + 1)
    }
    assert await metric(client, "trilha_live_collapsed_total") >= 1


async def test_one_that_reads_nothing_is_turned_away(
    fleet: MovingFleet, organisation_id: OrganisationId, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "STUCK_S", 0.2)
    fast, stuck = await client.open(), await client.open()
    await fast.snapshot()
    number = 0
    async with asyncio.timeout(DEADLINE_S):
        while not await metric(client, "trilha_live_stuck_total"):
            number += 1
            await fleet.live.publish(organisation_id, VEHICLES, a_position(number % 5, number, size=SLOW_BYTES))
            assert await fast.positions(1) == [str(number)]
    await until_metric(client, 'trilha_live_listeners{way="websocket"}', 1)
    async with asyncio.timeout(DEADLINE_S):
        while (await stuck.socket.receive()).type is aiohttp.WSMsgType.TEXT:
            pass
    assert stuck.socket.close_code in (4408, 1006)


async def test_silence_is_kept_alive(
    fleet: MovingFleet, organisation_id: OrganisationId, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "HEARTBEAT_S", 0.05)
    listener = await client.open("vehicle=2")
    await listener.snapshot()
    other = await client.open("vehicle=1")
    await other.snapshot()
    await fleet.move(organisation_id, 1)
    await other.positions(1)
    async with asyncio.timeout(DEADLINE_S):
        while listener.cursor < other.cursor:
            assert (await listener.next())["type"] == "heartbeat"


async def test_a_ticket_opens_one_socket(client: Client) -> None:
    ticket = await client.ticket()
    opened = await asyncio.gather(*(_status(client, f"ticket={ticket}") for _ in range(4)))
    assert sorted(opened) == [101, 401, 401, 401]


async def test_a_ticket_expires(fleet: MovingFleet, client: Client) -> None:
    ticket = await client.ticket()
    fleet.clock.advance(VALID_FOR)
    assert await _status(client, f"ticket={ticket}") == 401


@pytest.mark.parametrize("ticket", ["", "x", "A" * 96, "é", "A" * 5_000])
async def test_what_is_no_ticket_opens_nothing(client: Client, ticket: str) -> None:
    assert await _status(client, f"ticket={ticket}") in (400, 401)
    assert await _status(client, "") == 400


async def test_a_changed_ticket_opens_nothing(client: Client) -> None:
    ticket = await client.ticket()
    for place in (0, 20, 40, 60, 90):
        other = "A" if ticket[place] != "A" else "B"
        assert await _status(client, f"ticket={ticket[:place]}{other}{ticket[place + 1 :]}") == 401


async def test_tickets_need_the_token(client: Client) -> None:
    async with client.http.post("/v1/live/tickets", headers={"Authorization": "Bearer wrong"}) as answer:
        assert answer.status == 401


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "http://[x", "http://é.example", "http://a℀b", "null"])
async def test_pages_of_other_origins_are_refused(client: Client, origin: str) -> None:
    ticket = await client.ticket()
    # asked by hand for the problem: a server whose application breaks answers 403, too, but with nothing
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Origin": origin}
    upgrade["Sec-WebSocket-Key"] = "A" * 22 + "=="
    async with client.http.get("/v1/live/vehicles", params={"ticket": ticket}, headers=upgrade) as answer:
        assert (answer.status, answer.content_type) == (403, "application/problem+json")
        assert "live.foreign_origin" in await answer.text()
    assert await _status(client, f"ticket={ticket}", origin=str(client.http._base_url).rstrip("/")) == 101


@pytest.mark.parametrize("query", ["after=x", "vehicle=x", "group=", "limit=3"])
async def test_what_cannot_be_read_is_refused_by_name(client: Client, query: str) -> None:
    ticket = await client.ticket()
    assert await _status(client, f"ticket={ticket}&{query}") == 400
    assert await _status(client, f"ticket={ticket}") == 101


async def test_another_organisation_sees_nothing(
    fleet: MovingFleet, organisation_id: OrganisationId, client: Client
) -> None:
    other = fleet.add_organisation("Viação Vizinha")
    fleet.clock.advance(timedelta(seconds=1))
    mine = await client.open(**{"Trilha-Organisation": str(organisation_id)})
    theirs = await client.open(**{"Trilha-Organisation": str(other)})
    assert await mine.snapshot() == await theirs.snapshot() == []
    ids = await fleet.move(organisation_id, 1, 2)
    assert await mine.positions(2) == ids
    own = await fleet.move(other, 1)
    assert await theirs.positions(1) == own


async def test_a_server_that_stops_says_so(fleet: MovingFleet, organisation_id: OrganisationId) -> None:
    async with serving(fleet.parts()) as (address, server), a_client(address) as client:
        listeners = [await client.open() for _ in range(20)]
        for listener in listeners:
            await listener.snapshot()
        ids = await fleet.move(organisation_id, 1)
        for listener in listeners:
            await listener.positions(1)
        server.cancel()
        for listener in listeners:
            message = await listener.socket.receive(timeout=DEADLINE_S)
            assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, GOING_AWAY)
        await asyncio.gather(server, return_exceptions=True)
    async with serving(fleet.parts()) as (address, _), a_client(address) as client:
        back = await client.open(f"after={listeners[0].cursor}")
        new = await fleet.move(organisation_id, 1)
        assert await back.positions(1) == new
    assert ids


async def _status(client: Client, query: str, *, origin: str | None = None) -> int:
    try:
        socket = await client.http.ws_connect(f"/v1/live/vehicles?{query}", origin=origin)
    except aiohttp.WSServerHandshakeError as error:
        return error.status
    await socket.close()
    return 101
