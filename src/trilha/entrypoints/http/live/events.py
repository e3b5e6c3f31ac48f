"""Live positions as server-sent events: for browsers and programs that cannot hold a WebSocket."""

from litestar.types import HTTPResponseBodyEvent, HTTPResponseStartEvent, Receive, Scope, Send

from trilha.domain.kernel import OrganisationId
from trilha.entrypoints.http.live.filters import Wanted
from trilha.entrypoints.http.live.frames import Frame
from trilha.entrypoints.http.live.hub import Hub
from trilha.entrypoints.http.live.listener import Listener
from trilha.entrypoints.http.live.sending import End, send_all

MEDIA_TYPE = "text/event-stream"
_HEADERS = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"x-accel-buffering", b"no")]
_END: HTTPResponseBodyEvent = {"type": "http.response.body", "body": b"", "more_body": False}


class EventStream:
    """A whole response: events until the client leaves. Joined before it begins, so that refusals are problems."""

    def __init__(self, hub: Hub, organisation_id: OrganisationId, wanted: Wanted, after: int | None) -> None:
        self._hub = hub
        self._asked = (organisation_id, wanted, after)

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Send events as they come."""
        async with self._hub.listening("events", *self._asked) as listener:
            await self._stream(listener, receive, send)

    async def _stream(self, listener: Listener, receive: Receive, send: Send) -> None:
        async def send_frame(frame: Frame) -> None:
            await send({"type": "http.response.body", "body": _event(frame), "more_body": True})

        start: HTTPResponseStartEvent = {"type": "http.response.start", "status": 200, "headers": list(_HEADERS)}
        await send(start)
        end = await send_all(listener, receive, send_frame, metrics=self._hub.metrics, way="events")
        if end is End.STOPPING:  # to one that reads nothing it could not be sent; dropping the response ends it
            await send(_END)


def _event(frame: Frame) -> bytes:
    return b"id: %d\nevent: %b\ndata: %b\n\n" % (frame.cursor, frame.kind.encode(), frame.body)
