"""Telling the server that we are still at it."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager

from nats.aio.msg import Msg
from nats.errors import Error as NatsClientError

log = logging.getLogger(__name__)

BEATS_PER_ACK_WAIT = 3


@asynccontextmanager
async def held(messages: Iterable[Msg], ack_wait_s: float) -> AsyncGenerator[None, None]:
    """Keep `messages` from being delivered elsewhere while the block works on them, however long it takes.

    The beat stops with the event loop, so a hung process loses its messages after `ack_wait_s` all the same.
    """
    beat = asyncio.create_task(_beat(messages, ack_wait_s / BEATS_PER_ACK_WAIT), name="nats-in-progress")
    try:
        yield
    finally:
        beat.cancel()
        await asyncio.gather(beat, return_exceptions=True)


async def _beat(messages: Iterable[Msg], every_s: float) -> None:
    while True:
        await asyncio.sleep(every_s)
        for message in [one for one in messages if not one.is_acked]:
            try:
                await message.in_progress()
            except NatsClientError as error:
                log.warning("cannot hold message %s: %s", message.subject, type(error).__name__)
