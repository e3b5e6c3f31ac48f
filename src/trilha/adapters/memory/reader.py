"""Pages of the source made up in memory: lists of records in JSON, named as the Structs name their fields."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from trilha.domain.kernel import InvalidValue, RejectedRecord, SourceUnavailable
from trilha.domain.telemetry import (
    AMENDED_FEEDS,
    FEEDS,
    Amendment,
    Position,
    Record,
    Stream,
    TelemetryEvent,
    Trip,
    Understood,
    UnderstoodAmendments,
)

_encoder = msgspec.json.Encoder()
_items = msgspec.json.Decoder(list[msgspec.Raw])
_amendments = msgspec.json.Decoder(Amendment)
_readers: dict[
    Stream, msgspec.json.Decoder[TelemetryEvent] | msgspec.json.Decoder[Position] | msgspec.json.Decoder[Trip]
] = {
    Stream.EVENTS: msgspec.json.Decoder(TelemetryEvent),
    Stream.POSITIONS: msgspec.json.Decoder(Position),
    Stream.TRIPS: msgspec.json.Decoder(Trip),
}


def feed_of(record: Record) -> Stream:
    """The feed that brings such records."""
    match record:
        case TelemetryEvent():
            return Stream.EVENTS
        case Position():
            return Stream.POSITIONS
        case Trip():
            return Stream.TRIPS


def body_of(records: Sequence[Record | RejectedRecord]) -> bytes:
    """The bytes of a page."""
    items = (one.raw if isinstance(one, RejectedRecord) else _encoder.encode(one) for one in records)
    return b"[" + b",".join(items) + b"]"


class MemoryPageReader:
    """A PageReader. Records whose id is in `not_understood` are beyond it; take the id out, and a better one reads."""

    def __init__(self) -> None:
        self.not_understood: set[int] = set()

    def understand(self, stream: Stream, body: bytes, received_at: datetime) -> Understood:  # noqa: ARG002 - all times are in the body
        """Read a body, record by record."""
        if stream not in _readers:
            raise InvalidValue("stream", stream, ", ".join(FEEDS))
        try:
            items = _items.decode(body)
        except msgspec.DecodeError as error:
            raise SourceUnavailable(f"the answer is no list of {stream}: {error}") from error
        read = [self._read(stream, position, bytes(item)) for position, item in enumerate(items)]
        return Understood(
            records=[one for one in read if not isinstance(one, RejectedRecord)],
            rejected=[one for one in read if isinstance(one, RejectedRecord)],
        )

    def understand_amendments(self, feed: Stream, body: bytes) -> UnderstoodAmendments:
        """Read a list of amendments, one by one."""
        if feed not in AMENDED_FEEDS:
            raise InvalidValue("feed", feed, " or ".join(AMENDED_FEEDS))
        try:
            items = _items.decode(body)
        except msgspec.DecodeError as error:
            raise SourceUnavailable(f"the answer is no list of amendments: {error}") from error
        read = [_read_amendment(position, bytes(item)) for position, item in enumerate(items)]
        return UnderstoodAmendments(
            amendments=tuple(one for one in read if not isinstance(one, RejectedRecord)),
            rejected=tuple(one for one in read if isinstance(one, RejectedRecord)),
        )

    def _read(self, stream: Stream, position: int, item: bytes) -> Record | RejectedRecord:
        try:
            record = _readers[stream].decode(item)
        except msgspec.DecodeError as error:
            return RejectedRecord(position, "malformed", str(error), item)
        if record.id in self.not_understood:
            return RejectedRecord(position, "not_understood", "id", item)
        return record


def _read_amendment(position: int, item: bytes) -> Amendment | RejectedRecord:
    try:
        return _amendments.decode(item)
    except msgspec.DecodeError as error:
        return RejectedRecord(position, "malformed", str(error), item)
