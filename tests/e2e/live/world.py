"""A real Granian in the test's own event loop, in front of a small fleet in memory, and clients that listen to it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import aiohttp
import msgspec

from tests.e2e.http.world import NOW, TOKEN, Fleet, free_port
from trilha.application.ports import VEHICLES
from trilha.application.telemetry.views import VehiclePositionView
from trilha.domain.fleet import Group, Vehicle
from trilha.domain.kernel import GroupId, OrganisationId, VehicleId
from trilha.entrypoints.http import HttpParts, create_app, serve

DEADLINE_S = 20.0
Update = dict[str, Any]


class MovingFleet(Fleet):
    """Vehicles 1 to 4 in groups 10 (1), 11 below 10 (2) and 20 (3); vehicle 4 is in none."""

    def __init__(self) -> None:
        super().__init__()
        self.moves = 0

    def add_organisation(self, name: str = "Viação Aurora") -> OrganisationId:
        organisation_id = super().add_organisation(name)
        master = self.database.of(organisation_id).master
        for number, parent in ((10, None), (11, GroupId(10)), (20, None)):
            master["groups"][number] = Group(GroupId(number), f"Garagem {number}", parent_id=parent)
        for number, group in ((1, GroupId(10)), (2, GroupId(11)), (3, GroupId(20)), (4, None)):
            master["vehicles"][number] = Vehicle(VehicleId(number), f"Bus {number}", group_id=group)
        return organisation_id

    async def move(self, organisation_id: OrganisationId, *vehicles: int) -> list[str]:
        """Each vehicle a step further, a message each; gives the ids of the positions."""
        ids = list[str]()
        for vehicle in vehicles:
            self.moves += 1
            ids.append(str(self.moves))
            await self.live.publish(organisation_id, VEHICLES, a_position(vehicle, self.moves))
        return ids


def a_position(vehicle: int, number: int, *, size: int = 0) -> bytes:
    view = VehiclePositionView(
        id=str(number),
        vehicle_id=str(vehicle),
        driver_id="1",
        occurred_at=NOW + timedelta(seconds=number),
        latitude_deg=-23.5,
        longitude_deg=-46.6,
        source="x" * size or None,
    )
    return msgspec.json.encode([view])


class Client:
    """One that knows the token."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self.http = http

    async def ticket(self, **headers: str) -> str:
        async with self.http.post("/v1/live/tickets", headers=headers) as answer:
            assert answer.status == 201, await answer.text()
            return str((await answer.json())["ticket"])

    async def open(self, query: str = "", **headers: str) -> "Socket":
        ticket = await self.ticket(**headers)
        return Socket(await self.http.ws_connect(f"/v1/live/vehicles?ticket={ticket}&{query}", max_msg_size=0))


class Socket:
    """A WebSocket and what came over it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.cursor = ""

    async def next(self) -> Update:
        update: Update = await self.socket.receive_json(timeout=DEADLINE_S)
        self.cursor = update["cursor"]
        return update

    async def snapshot(self) -> list[str]:
        update = await self.next()
        assert update["type"] == "snapshot"
        return ids_of(update)

    async def positions(self, count: int) -> list[str]:
        """The ids of the next ones, however they are put together."""
        found = list[str]()
        while len(found) < count:
            update = await self.next()
            assert update["type"] == "positions"
            assert not update["collapsed"]
            found += ids_of(update)
        return found


def ids_of(update: Update) -> list[str]:
    positions: Sequence[Update] = update["positions"]
    return [position["id"] for position in positions]


def newest(update: Update) -> dict[str, int]:
    """The number of each vehicle's position."""
    return {position["vehicle_id"]: int(position["id"]) for position in update["positions"]}


async def until_metric(client: Client, name: str, value: float) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while await metric(client, name) != value:  # noqa: ASYNC110 - nobody tells when a number of another task changes
            await asyncio.sleep(0.01)


async def metric(client: Client, name: str) -> float:
    async with client.http.get("/metrics") as answer:
        lines = dict(line.rsplit(" ", 1) for line in (await answer.text()).splitlines() if not line.startswith("#"))
    return float(lines.get(name, 0))


@asynccontextmanager
async def serving(parts: HttpParts) -> AsyncIterator[tuple[str, "asyncio.Task[None]"]]:
    """The application on a real server; gives its address and the task to cancel."""
    port = free_port()
    server = asyncio.create_task(serve(lambda: create_app(parts), "127.0.0.1", port, signals=False))
    try:
        await _until_listening(port)
        yield f"http://127.0.0.1:{port}", server
    finally:
        server.cancel()
        await asyncio.gather(server, return_exceptions=True)


@asynccontextmanager
async def a_client(address: str) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession(address, headers={"Authorization": f"Bearer {TOKEN}"}) as http:
        yield Client(http)


async def _until_listening(port: int) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.02)
                continue
            writer.close()
            await writer.wait_closed()
            return
