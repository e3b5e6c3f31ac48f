"""Where vehicles are now, for who keeps looking."""

from datetime import datetime
from http import HTTPStatus

import msgspec

from trilha.entrypoints.http.answers import Answer, json
from trilha.entrypoints.http.call import Call
from trilha.entrypoints.http.documentation import issues, reads, streams
from trilha.entrypoints.http.live.events import EventStream
from trilha.entrypoints.http.live.frames import LiveUpdate, parse_cursor
from trilha.entrypoints.http.live.listener import Closed, Listener
from trilha.entrypoints.http.live.queries import LiveQuery, PollQuery
from trilha.entrypoints.http.reading import Query

TICKETS_PATH = "/v1/live/tickets"
EVENTS_PATH = "/v1/live/vehicles/events"
POLL_PATH = "/v1/live/vehicles/poll"


class LiveTicket(msgspec.Struct, frozen=True):
    """Opens one socket, before it expires."""

    ticket: str
    expires_at: datetime


@issues(TICKETS_PATH, "issueLiveTicket", LiveTicket, tag="live")
async def issue_live_ticket(request: Call) -> Answer:
    """Issue a ticket for a WebSocket of live positions.

    A ticket opens one socket within 30 seconds: `GET /v1/live/vehicles?ticket=...` with `Upgrade: websocket`. The
    socket takes the parameters `group`, `vehicle` and `after` of `/v1/live/vehicles/events` and sends the same
    messages, as text: first a `snapshot` of every vehicle's last position (not when resuming with `after`), then
    `positions` as they come, and a `heartbeat` after 15 seconds of silence. Each carries the `cursor` to resume with.
    To a client that reads slower than vehicles move, only the newest position of each vehicle is sent
    (`"collapsed": true`); one that reads nothing for 20 seconds is cut off (4408, if it
    reads that). A server that stops closes with
    1001. Tickets that are wrong, used or expired are refused with 401 before the upgrade, pages of other origins with
    403. What clients send is ignored.
    """
    request.asks(Query)
    ticket, expires_at = request.serving.tickets.issue(await request.organisation())
    return json(LiveTicket(ticket, expires_at), status=int(HTTPStatus.CREATED))


@streams(EVENTS_PATH, "streamLiveVehicles", LiveUpdate, tag="live", query=LiveQuery)
async def stream_live_vehicles(request: Call) -> EventStream:
    """Live positions as server-sent events.

    The events are named by the `type` of their data; their ids are cursors, so that the header Last-Event-ID resumes.
    """
    asked = request.asks(LiveQuery)
    last = request.header(b"last-event-id")
    after = asked.after if last is None else parse_cursor(last.decode("latin-1"), "Last-Event-ID")
    return EventStream(request.serving.hub, await request.organisation(), asked.wanted, after)


@reads(POLL_PATH, "pollLiveVehicles", LiveUpdate, tag="live", query=PollQuery)
async def poll_live_vehicles(request: Call) -> Answer:
    """Live positions by long polling.

    Without `after`, the answer is a snapshot; pass its cursor to wait for what comes next. With no news in time the
    answer is a heartbeat.
    """
    asked, hub = request.asks(PollQuery), request.serving.hub
    async with hub.listening("poll", await request.organisation(), asked.wanted, asked.after) as listener:
        news = await _news(listener, asked.wait)
    hub.metrics.sent["poll"] += 1
    return Answer(news)


async def _news(listener: Listener, wait_s: int) -> bytes:
    try:
        frame = await listener.next(wait_s)
    except Closed:
        frame = listener.last_words()
    return frame.body


ROUTES = (issue_live_ticket, stream_live_vehicles, poll_live_vehicles)
