"""Noticing that a client has gone while an answer is still being made for it."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress

from litestar.types import Receive

STUCK_S = 20.0
"""Who has read nothing for so long, while there was something to read, is turned away."""
_LAST = frozenset({"http.disconnect", "websocket.disconnect"})


@asynccontextmanager
async def watched(receive: Receive, on_gone: Callable[[], object]) -> AsyncGenerator["asyncio.Task[None]", None]:
    """A task that ends when the client is gone, and then calls `on_gone`, as it does at the end of the block."""
    gone = asyncio.create_task(_until_gone(receive))
    gone.add_done_callback(lambda _: on_gone())
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
