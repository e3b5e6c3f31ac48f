"""The event stream: pages by since-token."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime

import httpx

from trilha.adapters.mix import log_events, wire
from trilha.adapters.mix.decode import Decoded, ListDecoder, Unfit
from trilha.adapters.mix.since_token import time_of
from trilha.adapters.mix.split import UnreadableAnswer
from trilha.domain.kernel import InvalidValue, RejectedRecord
from trilha.domain.telemetry import SourcePage, Stream, TelemetryEvent

_LOG = logging.getLogger(__name__)
_MORE_AVAILABLE = 206
_ONLY_UTC: frozenset[object] = frozenset({UTC})


def read_page(response: httpx.Response, since_token: str, received_at: datetime) -> SourcePage:
    """A successful answer (200, 204 or 206) with its two headers; raises UnreadableAnswer."""
    next_token = _next_token(response.headers)
    body = response.content
    events, rejected = read_events(body, received_at)
    return SourcePage(
        stream=Stream.EVENTS,
        since_token=since_token,
        next_token=next_token,
        has_more=_has_more(response),
        received_at=received_at,
        body=body,
        events=events,
        rejected=rejected,
    )


def _has_more(response: httpx.Response) -> bool:
    """The header's word; where it is missing or says neither, status 206 means the same."""
    text = str(response.headers.get("HasMoreItems", "")).strip().casefold()
    if text in ("true", "false"):
        return text == "true"
    _LOG.warning(log_events.HEADER_MISSING, extra={"header": "HasMoreItems"})
    return response.status_code == _MORE_AVAILABLE


def _next_token(headers: httpx.Headers) -> str | None:
    """Where the source names no token ours must stay; one that is no token makes the answer nonsense."""
    token = str(headers.get("GetSinceToken", "")).strip()
    if not token:
        _LOG.warning(log_events.HEADER_MISSING, extra={"header": "GetSinceToken"})
        return None
    try:
        time_of(token)
    except InvalidValue as error:
        problem = str(error)
    else:
        return token
    raise UnreadableAnswer(f"the header GetSinceToken cannot be: {problem}")


def read_events(body: bytes, received_at: datetime) -> tuple[list[TelemetryEvent], tuple[RejectedRecord, ...]]:
    """The events of a page; raises UnreadableAnswer if it is no JSON list."""
    decoded: Decoded[wire.Event] = _EVENTS.decode(body)
    return to_events(decoded.records, received_at), decoded.rejected


def to_events(records: Sequence[wire.Event], received_at: datetime) -> list[TelemetryEvent]:
    """Our form of sound records. Written out in one expression, for it runs by the million.

    The second argument is the domain's `occurred_at`, spelt out to spare a call per row; a test compares the two.
    """
    nowhere = wire.NOWHERE
    return [
        TelemetryEvent(
            event.event_id,
            event.start_date_time or event.end_date_time or received_at,
            event.driver_id,
            event.asset_id,
            event.event_type_id,
            event.event_category or "",
            1 if event.total_occurances is None else event.total_occurances,
            event.start_date_time,
            event.end_date_time,
            event.total_time_seconds,
            event.value,
            event.value_type,
            event.value_units,
            event.speed_limit,
            event.fuel_used_litres,
            event.start_odometer_kilometres,
            event.end_odometer_kilometres,
            (start := event.start_position or nowhere).latitude,
            start.longitude,
            (end := event.end_position or nowhere).latitude,
            end.longitude,
            event.location_id,
        )
        for event in records
    ]


def _is_utc(records: Sequence[wire.Event]) -> bool:
    starts = {event.start_date_time.tzinfo for event in records if event.start_date_time is not None}
    ends = {event.end_date_time.tzinfo for event in records if event.end_date_time is not None}
    return starts <= _ONLY_UTC and ends <= _ONLY_UTC


def _to_utc(event: wire.Event) -> None:
    event.start_date_time = _in_utc(event.start_date_time, "StartDateTime")
    event.end_date_time = _in_utc(event.end_date_time, "EndDateTime")


def _in_utc(moment: datetime | None, field: str) -> datetime | None:
    if moment is None:
        return None
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise Unfit("bad_time", f"{field}: lies outside the years 1 to 9999 in UTC") from None


_EVENTS = ListDecoder(wire.Event, is_sound=_is_utc, mend=_to_utc)
