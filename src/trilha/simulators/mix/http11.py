"""A small HTTP/1.1 server on asyncio streams and h11.

An ASGI application cannot close its socket in the middle of a body, nor refuse to answer at all, and both are
faults that a client must survive. Hence this server instead of Litestar on Granian.
"""

import asyncio
import gzip
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus

import h11

from trilha.simulators.mix.messages import TEXT, Request, Response

_READ_BYTES = 65_536
_LARGEST_BODY_BYTES = 8 * 1024 * 1024
_WORTH_GZIP_BYTES = 512
_BODILESS = frozenset({204, 304})

Answer = Callable[[Request], Response]


class HttpServer:
    """Serves `answer` on one address until `stop`."""

    def __init__(self, answer: Answer, *, compress: Callable[[], bool]) -> None:
        self._answer = answer
        self._compress = compress
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self, host: str, port: int) -> int:
        """Listen; returns the port, which the system chooses when asked for 0."""
        self._server = await asyncio.start_server(self._accept, host, port)
        chosen: int = self._server.sockets[0].getsockname()[1]
        return chosen

    async def stop(self) -> None:
        """Close the listener and every connection, whatever it is waiting for."""
        if self._server is None:
            return
        self._server.close()
        for task in tuple(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._server is None or not self._server.is_serving():
            writer.transport.abort()  # accepted by the system just before the listener closed
            return
        connection = _Connection(reader, writer, self._answer, self._compress)
        task = asyncio.get_running_loop().create_task(connection.serve())
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)


class _Connection:
    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        answer: Answer,
        compress: Callable[[], bool],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._answer = answer
        self._compress = compress
        self._protocol = h11.Connection(h11.SERVER)

    async def serve(self) -> None:
        try:
            while (request := await self._next_request()) is not None:
                if not await self._send(self._answer(request), request):
                    break
                self._protocol.start_next_cycle()
        except h11.RemoteProtocolError as error:
            await self._refuse(error.error_status_hint)
        except ConnectionError:
            pass  # the client left, which is its right
        except asyncio.CancelledError:
            self._writer.transport.abort()  # a client that does not read must not keep the server from stopping
            raise
        finally:
            self._writer.close()
            with suppress(ConnectionError):
                await self._writer.wait_closed()

    async def _next_request(self) -> Request | None:
        """`None` when the client closed the connection between two requests."""
        head: h11.Request | None = None
        body = bytearray()
        while True:
            event = self._protocol.next_event()
            if event is h11.NEED_DATA:
                await self._feed()
            elif isinstance(event, h11.Request):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > _LARGEST_BODY_BYTES:
                    raise h11.RemoteProtocolError("request body too large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            elif isinstance(event, h11.EndOfMessage) and head is not None:
                return _request(head, bytes(body))
            else:
                return None

    async def _feed(self) -> None:
        if self._protocol.they_are_waiting_for_100_continue:
            self._write(h11.InformationalResponse(status_code=100, headers=[]))
        self._protocol.receive_data(await self._reader.read(_READ_BYTES))

    async def _send(self, response: Response, request: Request) -> bool:
        """Whether the connection may carry another request."""
        if response.wait_s:
            await asyncio.sleep(response.wait_s)
        if response.never_answer:
            return False
        headers, body = self._render(response, request)
        self._write(h11.Response(status_code=response.status, headers=headers))
        if request.method != "HEAD":
            self._write(h11.Data(data=body[: len(body) // 2] if response.cut else body))
        if response.cut:
            await self._flush()
            return False
        self._write(h11.EndOfMessage())
        await self._writer.drain()
        return self._protocol.our_state is h11.DONE and self._protocol.their_state is h11.DONE

    def _render(self, response: Response, request: Request) -> tuple[list[tuple[str, str]], bytes]:
        headers = list(response.headers.items())
        if response.status in _BODILESS:
            return headers, b""
        body = response.body
        accepts_gzip = "gzip" in request.headers.get("accept-encoding", "")
        if accepts_gzip and self._compress() and len(body) >= _WORTH_GZIP_BYTES:
            body = gzip.compress(body, compresslevel=1, mtime=0)
            headers.append(("Content-Encoding", "gzip"))
        headers += [("Content-Type", response.content_type), ("Content-Length", str(len(body)))]
        return headers, body

    async def _flush(self) -> None:
        """Until every byte so far is with the system, so that closing loses none of them."""
        self._writer.transport.set_write_buffer_limits(high=0)
        await self._writer.drain()

    async def _refuse(self, status: int) -> None:
        if self._protocol.our_state not in {h11.IDLE, h11.SEND_RESPONSE}:
            return
        text = b"malformed request"
        headers = [("Content-Type", TEXT), ("Content-Length", str(len(text))), ("Connection", "close")]
        self._write(h11.Response(status_code=status, headers=headers))
        self._write(h11.Data(data=text))
        self._write(h11.EndOfMessage())
        await self._flush()

    def _write(self, event: h11.Event) -> None:
        data = self._protocol.send(event)
        if data:
            self._writer.write(data)


def _request(head: h11.Request, body: bytes) -> Request:
    path, _, query = head.target.decode("ascii").partition("?")
    headers = {name.decode("ascii"): value.decode("latin-1") for name, value in head.headers}
    return Request(head.method.decode("ascii"), path, query, headers, body)
