"""Work that blocks, off the event loop."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

Made = TypeVar("Made")


async def to_the_end(work: Callable[[], Made]) -> Made:
    """Run it in a thread; a cancelled caller still waits, because a thread cannot be cancelled."""
    running = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait({running})
        raise
