"""The listening process: WebSockets that note when each frame has come in whole, and up to where it reaches.

    python -m benchmarks.listening URL SOCKETS OUTPUT     the token in TRILHA_API_TOKEN

Says `ready` when every socket has had its snapshot; ends with the end of standard input, and then leaves in OUTPUT, as
JSON, a list of [cursor, ns] for each socket. Frames are not decoded but for their cursor: two hundred browsers are not
one process of Python, whose time would be measured instead of ours.
"""

import asyncio
import os
import re
import sys
import time
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import msgspec

_SHORT, _MEDIUM, _LENGTHS = 125, 126, {126: (2, 4), 127: (2, 10)}
_HEAD_BYTES = 120
_CURSOR = re.compile(rb'"cursor":"(\d+)"')
_HANDSHAKE = (
    "GET /v1/live/vehicles?ticket={ticket} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


class Listener(asyncio.Protocol):
    """One socket. The server's frames are not masked, and each message is one frame."""

    def __init__(self, handshake: bytes, ready: asyncio.Semaphore) -> None:
        self.frames: list[tuple[int, int]] = []
        self._handshake = handshake
        self._ready = ready
        self._received = bytearray()
        self._upgraded = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        assert isinstance(transport, asyncio.WriteTransport)
        transport.write(self._handshake)

    def data_received(self, data: bytes) -> None:
        """Take what is whole."""
        now = time.monotonic_ns()
        self._received += data
        if not self._upgraded:
            head, end, rest = bytes(self._received).partition(b"\r\n\r\n")
            if not end:
                return
            if b" 101 " not in head.partition(b"\r\n")[0]:
                raise SystemExit(f"no socket: {head[:200]!r} {rest[:500]!r}")
            self._upgraded, self._received = True, bytearray(rest)
        while (length := self._whole()) is not None:
            found = _CURSOR.search(self._received, 0, _HEAD_BYTES)
            if found:
                self.frames.append((int(found[1]), now))
                if len(self.frames) == 1:
                    self._ready.release()
            del self._received[:length]

    def _whole(self) -> int | None:
        """The length of the first frame, if all of it is there."""
        received = self._received
        if len(received) < 2 or (received[1] > _SHORT and len(received) < _LENGTHS[received[1]][1]):
            return None
        start, end = _LENGTHS.get(received[1], (1, 2))
        length = end + int.from_bytes(received[start:end], "big")
        return length if len(received) >= length else None


async def main(url: str, sockets: int, output: Path) -> None:
    """Open all sockets, then listen until told to end."""
    address = urlsplit(url)
    ready = asyncio.Semaphore(0)
    loop = asyncio.get_running_loop()
    listeners: list[Listener] = []
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {os.environ['TRILHA_API_TOKEN']}"}) as client:
        for _ in range(sockets):
            answer = await client.post(f"{url}/v1/live/tickets")
            handshake = _HANDSHAKE.format(ticket=answer.raise_for_status().json()["ticket"], host=address.netloc)
            listener = Listener(handshake.encode(), ready)
            listeners.append(listener)
            await loop.create_connection(partial(_itself, listener), address.hostname or "", address.port or 0)
    for _ in listeners:
        await ready.acquire()
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    frames = msgspec.json.encode([[(str(cursor), ns) for cursor, ns in one.frames] for one in listeners])
    await asyncio.to_thread(output.write_bytes, frames)


def _itself(listener: Listener) -> Listener:
    return listener


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])))
