"""Giving a client its frames, one after the other, until it is gone, stuck, or the server stops."""

import asyncio
from collections.abc import Awaitable, Callable
from enum import Enum, auto

from litestar.types import Receive

from trilha.entrypoints.http.departing import STUCK_S, watched
from trilha.entrypoints.http.live.frames import Frame
from trilha.entrypoints.http.live.listener import Closed, Listener
from trilha.entrypoints.http.live.metrics import LiveMetrics, Way

HEARTBEAT_S = 15.0


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
    async with watched(receive, listener.close) as gone:
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
