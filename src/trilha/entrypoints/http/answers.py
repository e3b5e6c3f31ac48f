"""Answers whose bytes are ready: sending them costs two messages and nothing else.

Litestar's own Response builds, merges and normalises headers for each answer; that took a third of the time of a
request that does nothing. An ASGI application as a handler's result is the framework's own way around it.
"""

from collections.abc import Iterable

import msgspec
from litestar.types import HTTPResponseBodyEvent, HTTPResponseStartEvent, Receive, Scope, Send

JSON = b"application/json"
_encoder = msgspec.json.Encoder()
_NO_HEADERS: tuple[tuple[bytes, bytes], ...] = ()


class Answer:
    """A whole response: status, media type, body."""

    __slots__ = ("_body", "_headers", "_status")

    def __init__(
        self,
        body: bytes,
        *,
        media_type: bytes = JSON,
        status: int = 200,
        headers: Iterable[tuple[bytes, bytes]] = _NO_HEADERS,
    ) -> None:
        self._body = body
        self._status = status
        self._headers = [(b"content-type", media_type), (b"content-length", b"%d" % len(body)), *headers]

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send it."""
        start: HTTPResponseStartEvent = {
            "type": "http.response.start",
            "status": self._status,
            "headers": self._headers,
        }
        body: HTTPResponseBodyEvent = {"type": "http.response.body", "body": self._body, "more_body": False}
        await send(start)
        await send(body)


def json(value: object, *, status: int = 200, headers: Iterable[tuple[bytes, bytes]] = _NO_HEADERS) -> Answer:
    """`value` as JSON; pages may hold items that are JSON already."""
    return Answer(_encoder.encode(value), status=status, headers=headers)
