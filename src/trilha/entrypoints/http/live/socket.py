"""The WebSocket of live positions, on the bare ASGI interface: a frame is handed over as it was encoded.

Refusals are answered before the upgrade, as problems, like those of every other route.
"""

import asyncio
from contextlib import suppress
from urllib.parse import urlsplit

import structlog
from litestar.types import Receive, Scope, Send

from trilha.domain.kernel import DomainError, InvalidValue
from trilha.entrypoints.http.call import CallContext
from trilha.entrypoints.http.departing import STUCK_S
from trilha.entrypoints.http.live.frames import Frame
from trilha.entrypoints.http.live.queries import SocketQuery
from trilha.entrypoints.http.live.sending import End, send_all
from trilha.entrypoints.http.problems import MEDIA_TYPE, Refusal, bad_header, bad_parameter, encode_problem
from trilha.entrypoints.http.statuses import RETRY_AFTER_S, STATUS_OF_CODE

PATH = "/v1/live/vehicles"
SWITCHED = 101
CLOSED_WITHIN_S = 1.0
STOPPING = (1001, "the server stops; come back and resume")
STUCK = (4408, f"nothing was read for {STUCK_S:g} s")
"""Read only by those who go on after all within CLOSED_WITHIN_S; else the connection is cut."""
_log = structlog.stdlib.get_logger("trilha.http")


async def serve_socket(context: CallContext, scope: Scope, receive: Receive, send: Send) -> int:
    """One socket from the handshake to its end; gives the status that the handshake was answered with."""
    await receive()
    try:
        return await _listen(context, scope, receive, send)
    except Refusal as refusal:
        return await _refuse(send, refusal, context.request_id)
    except DomainError as error:
        return await _refuse(send, _refusal(error), context.request_id)


async def _listen(context: CallContext, scope: Scope, receive: Receive, send: Send) -> int:
    serving = context.serving
    if scope["path"] != PATH:
        raise Refusal(404, "route.not_found", f"there is no such socket; the one there is: {PATH}")
    _check_origin(context)
    asked = SocketQuery.parse(scope["query_string"])
    organisation_id = await serving.tickets.redeem(asked.ticket)
    async with serving.hub.listening("websocket", organisation_id, asked.wanted, asked.after) as listener:

        async def send_frame(frame: Frame) -> None:
            await send({"type": "websocket.send", "text": frame.text, "bytes": None})

        await send({"type": "websocket.accept", "subprotocol": None, "headers": []})
        end = await send_all(listener, receive, send_frame, metrics=serving.hub.metrics, way="websocket")
        if end is not End.GONE:
            await _close(send, *(STUCK if end is End.STUCK else STOPPING))
    return SWITCHED


async def _close(send: Send, code: int, reason: str) -> None:
    with suppress(TimeoutError, RuntimeError):
        async with asyncio.timeout(CLOSED_WITHIN_S):
            await send({"type": "websocket.close", "code": code, "reason": reason})


def _check_origin(context: CallContext) -> None:
    """A page of another origin has no business here; what is no browser sends no Origin."""
    sent = context.headers.get(b"origin")
    if sent is None:
        return
    origin, host = sent.decode("latin-1"), context.headers.get(b"host", b"").decode("latin-1")
    with suppress(ValueError):  # what is no URL is of no origin of ours
        if urlsplit(origin).netloc.lower() == host.lower():
            return
    told = f"Origin is {origin[:100]!r}; sockets are for pages of this server and for programs, which send none"
    problem = bad_header("Origin", "live.foreign_origin", told)
    raise Refusal(403, "live.foreign_origin", told, errors=problem.errors)


def _refusal(error: DomainError) -> Refusal:
    if isinstance(error, InvalidValue):
        return bad_parameter(error.field, error.code, str(error))
    status = STATUS_OF_CODE.get(error.code, 500)
    if status != 503:  # noqa: PLR2004 - an HTTP status
        _log.error("http.unexpected", exc_info=error)
        return Refusal(500, "internal", "something went wrong here; the log has it under this request id")
    return Refusal(status, error.code, str(error), headers=(("Retry-After", str(RETRY_AFTER_S)),))


async def _refuse(send: Send, refusal: Refusal, request_id: str) -> int:
    headers = [(name.lower().encode(), value.encode()) for name, value in refusal.headers]
    body = encode_problem(refusal, request_id)
    headers += [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", b"%d" % len(body))]
    await send({"type": "websocket.http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body, "more_body": False})
    return refusal.status
