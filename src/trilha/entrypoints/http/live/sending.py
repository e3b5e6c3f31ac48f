"""Giving a client its frames, one after the other, until it is gone, stuck, or the server stops."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from enum import Enum, auto

from litestar.types import Receive

from trilha.entrypoints.http.live.frames import Frame
from trilha.entrypoints.http.live.listener import Closed, Listener
from trilha.entrypoints.http.live.metrics import LiveMetrics, Way

HEARTBEAT_S = 15.0
STUCK_S = 20.0
"""Who has read nothing for so long, while there was something to read, is turned away."""
_LAST = frozenset({"http.disconnect", "websocket.disconnect"})


class End(Enum):
    """Why no more is sent."""

    GONE = auto()
    STUCK = auto()
    STOPPING = auto()


async def send_all(
    listener: Listener,
    receive: Receive,
    send: Callable[[Frame], Awaitable[None]],
    *,
    metrics: LiveMetrics,
    way: Way,
) -> End:
    """Send what the listener has as it comes."""
    async with _watched(listener, receive) as gone:
        try:
            while True:
                frame = await listener.next(HEARTBEAT_S)
                if gone.done():
                    return End.GONE
                async with asyncio.timeout(STUCK_S):
                    await send(frame)
                metrics.sent[way] += 1
        except Closed:
            return End.GONE if gone.done() else End.STOPPING
        except TimeoutError:
            metrics.stuck += 1
            return End.STUCK
        except RuntimeError:  # Granian's, on writing to a client that has just gone
            if not gone.done():
                await asyncio.wait([gone], timeout=1)
            return End.GONE


@asynccontextmanager
async def _watched(listener: Listener, receive: Receive) -> AsyncGenerator["asyncio.Task[None]", None]:
    """A task that ends when the client is gone, and then closes the listener."""
    gone = asyncio.create_task(_until_gone(receive))
    gone.add_done_callback(lambda _: listener.close())
    try:
        yield gone
    finally:
        # also lets go of the connection's reading half, which Granian needs to send a close frame
        gone.cancel()
        with suppress(asyncio.CancelledError):
            await gone


async def _until_gone(receive: Receive) -> None:
    with suppress(RuntimeError):
        while (await receive())["type"] not in _LAST:
            pass
