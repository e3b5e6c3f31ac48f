"""Clients that never read: they are cut off, and neither others nor the end of the server wait for them."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import ExitStack

import pytest

from tests.e2e.http.world import TOKEN
from tests.e2e.live.world import DEADLINE_S, MovingFleet, a_client, a_position, metric, serving
from trilha.application.ports import VEHICLES
from trilha.domain.kernel import OrganisationId
from trilha.entrypoints.http import server
from trilha.entrypoints.http.live import sending

UPGRADE = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + "A" * 22 + "=="
)
BYTES = 200_000


@pytest.fixture
async def deaf(fleet: MovingFleet) -> AsyncIterator[ExitStack]:
    assert fleet.live
    with ExitStack() as opened:
        yield opened


async def test_nobody_waits_for_who_never_reads(
    fleet: MovingFleet, organisation_id: OrganisationId, deaf: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "STUCK_S", 0.2)
    monkeypatch.setattr(server, "DEAF_AFTER_S", 2.0)
    number = 0
    async with serving(fleet.parts()) as (address, running), a_client(address) as client:
        port = int(address.rpartition(":")[2])
        ticket = await client.ticket()
        _ask(deaf, port, f"/v1/live/vehicles?ticket={ticket}", UPGRADE)
        _ask(deaf, port, "/v1/live/vehicles/events", f"Authorization: Bearer {TOKEN}")
        fast = await client.open()
        await fast.snapshot()
        async with asyncio.timeout(DEADLINE_S):
            while await metric(client, "trilha_live_stuck_total") < 2:
                number += 1
                await fleet.live.publish(organisation_id, VEHICLES, a_position(number % 5, number, size=BYTES))
                assert await fast.positions(1) == [str(number)]
        running.cancel()
        async with asyncio.timeout(DEADLINE_S):
            await asyncio.gather(running, return_exceptions=True)


def _ask(opened: ExitStack, port: int, path: str, headers: str) -> None:
    deaf = opened.enter_context(socket.socket())
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    deaf.connect(("127.0.0.1", port))
    deaf.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}\r\n\r\n".encode())
