"""Answers that are written while they are sent, of any length in little memory.

One that cannot be finished is cut: the connection ends without the mark that ends a whole answer, so that no client
takes a part for the whole.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from http import HTTPStatus

import structlog
from litestar.types import HTTPResponseBodyEvent, HTTPResponseStartEvent, Receive, Scope, Send

from trilha.domain.kernel import DomainError
from trilha.entrypoints.http.attachments import attachment
from trilha.entrypoints.http.departing import STUCK_S, watched
from trilha.entrypoints.http.problems import Refusal

_WITHOUT_AN_END = ("1", "1.0")
"""HTTP/1.0, as servers call it."""
_END: HTTPResponseBodyEvent = {"type": "http.response.body", "body": b"", "more_body": False}
_log = structlog.stdlib.get_logger("trilha.http")


class Download:
    """A whole response: a file in pieces. `close` is awaited however it ends."""

    def __init__(
        self,
        pieces: AsyncIterator[bytes],
        *,
        name: str,
        media_type: str,
        close: Callable[[], Awaitable[None]] | None = None,
        headers: Iterable[tuple[bytes, bytes]] = (),
    ) -> None:
        self._pieces = pieces
        self._name = name
        self._close = close
        self._headers = [
            (b"content-type", media_type.encode()),
            (b"content-disposition", attachment(name).encode()),
            *headers,
        ]

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, until all is sent or the client has left."""
        async with AsyncExitStack() as stack:
            if self._close is not None:
                stack.push_async_callback(self._close)
            start: HTTPResponseStartEvent = {"type": "http.response.start", "status": 200, "headers": self._headers}
            await send(start)
            gone = await stack.enter_async_context(watched(receive, lambda: None))
            try:
                await self._send_all(send, gone)
            except TimeoutError:
                _log.warning("http.answer_cut", file=self._name, reason=f"the client read nothing for {STUCK_S:g} s")
            except DomainError as error:
                _log.error("http.answer_cut", file=self._name, code=error.code)
            except Exception as error:  # noqa: BLE001 - the client cannot be told any more, only cut off; the log has it
                _log.error("http.answer_cut", file=self._name, exc_info=error)

    async def _send_all(self, send: Send, gone: "asyncio.Task[None]") -> None:
        while (piece := await self._next(gone)) is not None:
            body: HTTPResponseBodyEvent = {"type": "http.response.body", "body": piece, "more_body": True}
            try:
                async with asyncio.timeout(STUCK_S):
                    await send(body)
            except RuntimeError:  # Granian's, on writing to a client that has just gone
                return
        if not gone.done():
            await send(_END)

    async def _next(self, gone: "asyncio.Task[None]") -> bytes | None:
        """The next piece; None at the end, or when nobody is there to have it."""
        making = asyncio.ensure_future(anext(self._pieces, None))
        try:
            await asyncio.wait({making, gone}, return_when=asyncio.FIRST_COMPLETED)
            return making.result() if making.done() else None
        finally:
            if not making.done():
                making.cancel()
                await asyncio.wait({making})


def require_whole_answers(scope: Scope) -> None:
    """Refuse HTTP/1.0, where the end of a connection is the end of an answer, so that a cut one looks whole."""
    if scope.get("http_version") in _WITHOUT_AN_END:
        raise Refusal(
            HTTPStatus.HTTP_VERSION_NOT_SUPPORTED,
            "request.http_1_0",
            "a report cannot be sent over HTTP/1.0, which does not tell a part from the whole: use HTTP/1.1 "
            "(nginx: proxy_http_version 1.1), or let it be made as a job",
        )
