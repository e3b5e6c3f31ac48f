"""One connection to NATS that outlives its server."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypedDict
from urllib.parse import urlsplit

import nats
from nats.aio.client import Client
from nats.errors import Error as NatsClientError

from trilha.adapters.nats.errors import BusUnavailable

log = logging.getLogger(__name__)

RECONNECT_PAUSE_S = 0.25


class ConnectOptions(TypedDict):
    """Options for every client of ours."""

    max_reconnect_attempts: int
    reconnect_time_wait: float
    connect_timeout: float
    error_cb: Callable[[Exception], Awaitable[None]]
    disconnected_cb: Callable[[], Awaitable[None]]
    reconnected_cb: Callable[[], Awaitable[None]]


def connect_options() -> ConnectOptions:
    """Reconnect for ever: the client's default gives up after 60 tries and stays deaf."""
    return ConnectOptions(
        max_reconnect_attempts=-1,
        reconnect_time_wait=RECONNECT_PAUSE_S,
        connect_timeout=2,
        error_cb=_on_error,
        disconnected_cb=_on_disconnect,
        reconnected_cb=_on_reconnect,
    )


@asynccontextmanager
async def open_nats(url: str, *, name: str = "trilha", within_s: float = 10) -> AsyncGenerator[Client, None]:
    """A connected client, closed at the end of the block. Raises BusUnavailable."""
    try:
        client = await asyncio.wait_for(nats.connect(url, name=name, **connect_options()), within_s)
    except (NatsClientError, OSError) as error:
        raise BusUnavailable(
            f"NATS at {_without_secrets(url)} did not answer within {within_s:g} s ({type(error).__name__}); "
            "start it, or check TRILHA_NATS_URL"
        ) from error
    try:
        yield client
    finally:
        # close, not drain: drain waits for every unread subscription, and unread messages come again anyway
        with suppress(OSError):  # of a connection that broke with something unsent
            await client.close()


def _without_secrets(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or 4222}"


async def _on_error(error: Exception) -> None:
    log.warning("NATS connection: %s", type(error).__name__)


async def _on_disconnect() -> None:
    log.info("NATS connection lost or closed")


async def _on_reconnect() -> None:
    log.info("NATS connection is back")
