"""The access log: one line a request, with its ids; no query strings (names are searched there), no headers (tokens).

A line through structlog and the standard library took as long as the whole request (100 us of CPU against 110, under
Granian). Where lines are for machines they are therefore encoded here and written together, twice a second.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import BinaryIO

import msgspec
import structlog

FLUSH_AFTER_S = 0.5
FLUSH_AT_BYTES = 64 * 1024
EVENT = "http.request"
LOGGER = "trilha.http"
_log = structlog.stdlib.get_logger(LOGGER)
_encoder = msgspec.json.Encoder()


class AccessLine(msgspec.Struct, frozen=True, gc=False):
    """One answered request, by the names that structlog gives the same things."""

    timestamp: datetime
    method: str
    path: str
    route: str
    status: int
    duration_ms: float
    request_id: str
    trace_id: str
    process: str = "api"
    level: str = "info"
    logger: str = LOGGER
    event: str = EVENT


AccessLog = Callable[[AccessLine], None]


def silent(_: AccessLine) -> None:
    """Keep no access log."""


def through_structlog(line: AccessLine) -> None:
    """Log as everything else is logged: for people in a terminal, and for tests."""
    _log.info(
        EVENT,
        method=line.method,
        path=line.path,
        route=line.route,
        status=line.status,
        duration_ms=line.duration_ms,
    )


class JsonLines:
    """Writes lines of JSON in batches; what waits is written half a second later at the latest, or by `flush`."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._waiting = bytearray()
        self._timer: asyncio.TimerHandle | None = None

    def __call__(self, line: AccessLine) -> None:
        """Take a line; belongs to one event loop."""
        self._waiting += _encoder.encode(line)
        self._waiting += b"\n"
        if len(self._waiting) >= FLUSH_AT_BYTES:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_AFTER_S, self.flush)

    def flush(self) -> None:
        """Write what waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._waiting:
            self._stream.write(self._waiting)
            self._stream.flush()
            self._waiting.clear()
