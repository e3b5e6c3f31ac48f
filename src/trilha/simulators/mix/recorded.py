"""The routes of recorded data: pages, ranges and amendments of events, positions, trips and alerts."""

from datetime import datetime

from msgspec import structs

from trilha.simulators.mix.amendments import Amendments
from trilha.simulators.mix.arguments import days_of, quantity_of, selection_of, since_of, types_of, window_of
from trilha.simulators.mix.faults import AMENDED, RANGES, SINCE, FaultBook, FaultKind, Route
from trilha.simulators.mix.fleet import Fleet
from trilha.simulators.mix.messages import NOT_AUTHORISED, Request, Response, json_response
from trilha.simulators.mix.ranges import Ranges
from trilha.simulators.mix.records import Kind
from trilha.simulators.mix.refusals import Refused
from trilha.simulators.mix.routes import Asked
from trilha.simulators.mix.sabotage import malformed, with_odd_value, with_unknown_words
from trilha.simulators.mix.scenario import Behaviour
from trilha.simulators.mix.selection import EVERYTHING, Selection
from trilha.simulators.mix.stream import RecordStream, write_token
from trilha.simulators.mix.wire import Streamed, Trip, encode

_OVERSIZE = 3
RECORDED = SINCE | RANGES | AMENDED
"""The routes that are answered here."""
_FILTERED_BY_TYPE = frozenset({Route.EVENTS_SINCE_FILTERED, Route.ACTIVE_EVENTS_SINCE_FILTERED})


def kind_of(route: Route) -> Kind:
    """What a route of recorded data serves."""
    return Kind[route.name.partition("_SINCE")[0].partition("_RANGE")[0].partition("_AMENDED")[0]]


class RecordedApi:
    """Answers requests on the streams of one organisation."""

    def __init__(
        self,
        fleet: Fleet,
        streams: dict[Kind, RecordStream],
        amendments: dict[Kind, Amendments],
        faults: FaultBook,
    ) -> None:
        self._amendments = amendments
        self._fleet = fleet
        self._streams = streams
        self._ranges = {kind: Ranges(stream) for kind, stream in streams.items()}
        self._faults = faults

    def answer(self, request: Request, asked: Asked, behaviour: Behaviour, now: datetime) -> Response:
        """A page, a window, or amendments."""
        if asked.route in AMENDED:
            return self._amended(asked, behaviour, now)
        if asked.route in RANGES:
            return self._window(request, asked, behaviour, now)
        return self._page(request, asked, behaviour, now)

    def _window(self, request: Request, asked: Asked, behaviour: Behaviour, now: datetime) -> Response:
        start_ms, end_ms = window_of(asked.named, behaviour, now)
        only = selection_of(request, asked, self._fleet, filtered=asked.route is Route.EVENTS_RANGE)
        records = self._ranges[kind_of(asked.route)].between(start_ms, end_ms, now, only)
        if not records:
            return Response(204)
        return Response(200, self._body(request, asked.route, records, behaviour))

    def _amended(self, asked: Asked, behaviour: Behaviour, now: datetime) -> Response:
        self._check_organisation(asked)
        first, until = days_of(asked.named, behaviour)
        found = self._amendments[kind_of(asked.route)].between(first, until, now)
        return json_response(found, explicit_nulls=behaviour.explicit_nulls) if found else Response(204)

    def _page(self, request: Request, asked: Asked, behaviour: Behaviour, now: datetime) -> Response:
        only = self._selected(request, asked)
        since_ms = since_of(asked.named["token"], behaviour, now)
        quantity = quantity_of(asked.named["quantity"], behaviour)
        large = self._faults.take(asked.route, {FaultKind.OVERSIZED_PAGE})
        stream = self._streams[kind_of(asked.route)]
        page = stream.page(since_ms, quantity, now, only=only, factor=_OVERSIZE if large else 1)
        token, more = page.next_token, page.more
        if page.records and self._faults.take(asked.route, {FaultKind.STUCK_TOKEN}):
            token = write_token(since_ms)
        if page.records and self._faults.take(asked.route, {FaultKind.REPEATED_PAGE}):
            token, more = write_token(since_ms), True
        headers = {"HasMoreItems": str(more), "GetSinceToken": token}
        if not page.records and not more:
            return Response(204, headers=headers)
        body = self._body(request, asked.route, page.records, behaviour)
        return Response(206 if more else 200, body, headers=headers)

    def _selected(self, request: Request, asked: Asked) -> Selection:
        if "organisation" not in asked.named:
            return selection_of(request, asked, self._fleet, filtered=False)
        self._check_organisation(asked)
        return types_of(request.body) if asked.route in _FILTERED_BY_TYPE else EVERYTHING

    def _check_organisation(self, asked: Asked) -> None:
        if int(asked.named["organisation"]) != self._fleet.organisation_id:
            raise Refused(NOT_AUTHORISED)

    def _body(self, request: Request, route: Route, records: list[Streamed], behaviour: Behaviour) -> bytes:
        if request.parameters().get("includeSubTrips", "").lower() != "true":
            records = [_without_parts(record) for record in records]
        if records and self._faults.take(route, {FaultKind.UNKNOWN_ENUM}):
            records = [with_unknown_words(record) for record in records]
        if records and self._faults.take(route, {FaultKind.ODD_VALUES}):
            records = [with_odd_value(record, place) for place, record in enumerate(records)]
        broken = self._faults.take(route, {FaultKind.MALFORMED_RECORD}) if records else None
        if not broken:
            return encode(records, explicit_nulls=behaviour.explicit_nulls)
        raw = [encode(record, explicit_nulls=behaviour.explicit_nulls) for record in records]
        middle = len(raw) // 2
        raw.insert(middle, malformed(records[middle], broken.record))
        return b"[" + b",".join(raw) + b"]"


def _without_parts(record: Streamed) -> Streamed:
    return structs.replace(record, sub_trips=()) if isinstance(record, Trip) else record
