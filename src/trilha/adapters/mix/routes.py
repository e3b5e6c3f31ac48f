"""The questions about feeds. Each feed has a spelling of its own, down to the order of the path."""

from datetime import date, datetime, timedelta

import msgspec

from trilha.adapters.mix.since_token import second_of
from trilha.adapters.mix.transport import Call
from trilha.application.ports import Priority
from trilha.domain.kernel import InvalidValue, utc
from trilha.domain.telemetry import AMENDED_FEEDS, FEEDS, Stream

_WHOLE_TRIPS = "?includeSubTrips=true"
_QUERIES = {Stream.TRIPS: _WHOLE_TRIPS}
_RANGES = {
    Stream.EVENTS: "/api/events/groups/entitytype/Asset/from/{start}/to/{end}",
    Stream.POSITIONS: "/api/positions/groups/from/{start}/to/{end}",
    Stream.TRIPS: "/api/trips/groups/from/{start}/to/{end}/entitytype/Asset" + _WHOLE_TRIPS,
}
_SECOND = timedelta(seconds=1)


def since(stream: Stream, external_id: int, token: str, quantity: int, *, urgent: bool) -> Call:
    """What an organisation's feed has made since a token. Raises InvalidValue for what is no feed."""
    path = f"/api/{_feed(stream)}/groups/createdsince/organisation/{external_id}/sincetoken/{token}/quantity/{quantity}"
    priority = Priority.MORE_PAGES if urgent else Priority.DUE_STREAM
    return Call(path + _QUERIES.get(stream, ""), priority, external_id)


def window_of(start: datetime, end: datetime) -> tuple[str, str]:
    """A window as MiX is asked for it: whole seconds, widened to them where need be. Raises InvalidValue."""
    start, end = utc(start, "start"), utc(end, "end")
    if start >= end:
        raise InvalidValue("start", start.isoformat(), f"a time before end ({end.isoformat()})")
    return second_of(start), second_of(end if not end.microsecond else end + _SECOND)


def between(stream: Stream, external_id: int, window: tuple[str, str]) -> Call:
    """What happened of a feed in a window. Raises InvalidValue for what is no feed.

    The last second asked for is the end itself, which our port excludes. Whether MiX includes it is not known, and a
    second asked for twice costs a repeated record, one never asked for a lost one.
    """
    path = _RANGES[_feed(stream)].format(start=window[0], end=window[1])
    ids = [external_id]
    body = msgspec.json.encode({"EntityIds": ids} if stream is Stream.EVENTS else ids)
    return Call(path, Priority.BACKFILL, external_id, body=body, may_ask_for_less=True)


def amended(stream: Stream, external_id: int, first: date, last: date) -> Call:
    """What was amended of a feed on some days, both ends included. Raises InvalidValue for a feed without any."""
    if stream not in AMENDED_FEEDS:
        raise InvalidValue("stream", stream, " or ".join(AMENDED_FEEDS))
    path = f"/api/{stream}/groups/amended/{external_id}/from/{first:%Y%m%d}/to/{last:%Y%m%d}"
    return Call(path, Priority.AMENDMENTS, external_id)


def _feed(stream: Stream) -> Stream:
    if stream not in FEEDS:
        raise InvalidValue("stream", stream, ", ".join(FEEDS))
    return stream
