"""What each fault does to an answer, a page or a record."""

from datetime import UTC, datetime
from typing import Any

from msgspec import structs

from trilha.simulators.mix.faults import Fault, FaultKind, Malformed
from trilha.simulators.mix.identity import HTML_PAGE
from trilha.simulators.mix.messages import HTML, TEXT, Response, refusal
from trilha.simulators.mix.wire import ActiveEvent, Classification, Event, Position, Streamed, Trip, encode

_INSTEAD = {
    FaultKind.UNAUTHORIZED: refusal(401, "UnauthorizedAccessException", "Token expired"),
    FaultKind.FORBIDDEN: refusal(403, "SecurityException", "Forbidden"),
    FaultKind.SERVER_ERROR: refusal(500, "NullReferenceException", "Object reference not set to an object."),
    FaultKind.UNAVAILABLE: Response(503, b"<html><body>Service Unavailable</body></html>", HTML),
    FaultKind.HTML: HTML_PAGE,
    FaultKind.EMPTY_BODY: Response(200),
}


def answer_instead(fault: Fault) -> Response:
    """The answer of a fault of the kinds `INSTEAD`."""
    if fault.kind is FaultKind.TOO_MANY_REQUESTS:
        return quota_exceeded("20 per Minute", fault.retry_after_s)
    if fault.kind is FaultKind.SILENT:
        return Response(200, never_answer=True, wait_s=fault.wait_s)
    return _INSTEAD[fault.kind]


def quota_exceeded(limit: str, retry_after_s: int | None) -> Response:
    """429 in the words of section 4."""
    headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
    text = f"API calls quota exceeded! maximum admitted {limit}."
    return Response(429, text.encode(), TEXT, headers)


def spoil(fault: Fault, response: Response) -> Response:
    """The answer as a fault of the kinds `ON_THE_WIRE` or `HEADERS` delivers it."""
    match fault.kind:
        case FaultKind.SLOW:
            return response.but(wait_s=response.wait_s + fault.wait_s)
        case FaultKind.CUT_BODY:
            return response.but(cut=True)
        case FaultKind.TRUNCATED_JSON:
            return response.but(body=response.body[: len(response.body) // 2])
        case FaultKind.MISSING_HAS_MORE:
            return _without(response, "HasMoreItems")
        case FaultKind.MISSING_SINCE_TOKEN:
            return _without(response, "GetSinceToken")
        case _:
            return _without(response, "HasMoreItems", "GetSinceToken")


def _without(response: Response, *names: str) -> Response:
    return response.but(headers={name: value for name, value in response.headers.items() if name not in names})


_FIRST_DATE = datetime(1, 1, 1, tzinfo=UTC)
_LAST_DATE = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
_LARGEST = 1.7976931348623157e308
_ODD: dict[type[Streamed], tuple[dict[str, Any], ...]] = {
    Event: (
        {"value_units": "km\0/h"},
        {"end_date_time": _FIRST_DATE},
        {"end_date_time": _LAST_DATE},
        {"value": _LARGEST},
    ),
    ActiveEvent: ({"value_units": "km\0/h"}, {"received_date_time": _FIRST_DATE}, {"value": _LARGEST}),
    Position: (
        {"formatted_address": "Rua\0 12"},
        {"speed_kilometres_per_hour": _LARGEST},
        {"altitude_metres": -(2**31)},
        {"heading": 65_535},
    ),
    Trip: (
        {"notes": "nota\0"},
        {"first_depart": _FIRST_DATE},
        {"last_halt": _LAST_DATE},
        {"max_rpm": _LARGEST},
    ),
}
_IDS = {
    Malformed.NULL_ID: b"null",
    Malformed.TEXT_ID: b'"not a number"',
    Malformed.FLOAT_ID: b"1.5",
    Malformed.ID_TOO_LARGE: b"9223372036854775808",
}
_NUMBERS = {Event: "TotalTimeSeconds", ActiveEvent: "Priority", Position: "Latitude", Trip: "DistanceKilometers"}
_TEXTS = {Event: "ValueUnits", ActiveEvent: "ValueUnits", Position: "FormattedAddress", Trip: "Notes"}
_NESTED = {Event: "StartPosition", ActiveEvent: "Position", Position: "Longitude", Trip: "StartPosition"}
_WHOLE = {Malformed.NOT_AN_OBJECT: b'"an event, allegedly"', Malformed.NULL: b"null"}


def malformed(record: Streamed, how: Malformed) -> bytes:
    """A copy of `record`, broken."""
    sound = encode(record)
    if how in _WHOLE:
        return _WHOLE[how]
    identity = f'"{record.id_name}":{record.identity}'.encode()
    if how is Malformed.MISSING_ID:
        return sound.replace(identity + b",", b"", 1)
    if how in _IDS:
        return sound.replace(identity, f'"{record.id_name}":'.encode() + _IDS[how], 1)
    return _changed(sound, _member(type(record), how))


def _member(kind: type[Streamed], how: Malformed) -> bytes:
    match how:
        case Malformed.TEXT_NUMBER:
            return f'"{_NUMBERS[kind]}":"many"'.encode()
        case Malformed.LONE_SURROGATE:
            return f'"{_TEXTS[kind]}":"km\\ud800"'.encode()
        case Malformed.NO_UTF8:
            return f'"{_TEXTS[kind]}":"'.encode() + b'\xb0C"'
        case Malformed.WRONG_NESTING:
            return f'"{_NESTED[kind]}":[1,2,3]'.encode()
        case _:
            return f'"{kind.date_name}":"0000-13-45T99:00:00Z"'.encode()


def _changed(sound: bytes, member: bytes) -> bytes:
    """The member said twice, wrong the last time: what counts for every JSON reader."""
    return sound[:-1] + b"," + member + b"}"


def with_unknown_words(record: Streamed) -> Streamed:
    """The record with words that no list of the contract contains."""
    match record:
        case Event(start_position=position):
            return structs.replace(
                record,
                event_category="Premonition",
                value_type="Guessed" if record.value_type else None,
                start_position=structs.replace(position, source="Dowsing") if position else None,
            )
        case Position():
            return structs.replace(record, source="Dowsing")
        case Trip():
            return structs.replace(record, classification=Classification(classification="Pilgrimage"))
        case ActiveEvent():
            return structs.replace(record, value_type="Guessed")


def with_odd_value(record: Streamed, place: int) -> Streamed:
    """The record with one value that is allowed and unexpected; what `truth` speaks about is untouched."""
    odd = _ODD[type(record)]
    return structs.replace(record, **odd[place % len(odd)])
