"""Amendments: what MiX changed about events and trips afterwards."""

from collections.abc import Sequence
from datetime import date, datetime

from trilha.adapters.mix import wire
from trilha.adapters.mix.decode import ListDecoder, Unfit
from trilha.adapters.mix.times import Times
from trilha.domain.kernel import InvalidValue
from trilha.domain.telemetry import AMENDED_FEEDS, Amendment, AmendmentKind, AmendmentPage, Stream, UnderstoodAmendments

_KINDS = {
    "quarantinedevent": AmendmentKind.WITHDRAWN,
    "quarantinedtrip": AmendmentKind.WITHDRAWN,
    "reassignedevent": AmendmentKind.REASSIGNED,
    "reassignedtrip": AmendmentKind.REASSIGNED,
}


def read_amendments(stream: Stream, first: date, last: date, body: bytes, received_at: datetime) -> AmendmentPage:
    """The answer about the days from `first` to `last`; raises UnreadableAnswer if it is no JSON list."""
    understood = understand_amendments(stream, body)
    return AmendmentPage(
        stream=stream,
        first=first,
        last=last,
        received_at=received_at,
        body=body,
        amendments=understood.amendments,
        rejected=understood.rejected,
    )


def understand_amendments(stream: Stream, body: bytes) -> UnderstoodAmendments:
    """What a list says; raises UnreadableAnswer if it is no JSON list, InvalidValue for a feed without amendments.

    Of a kind that we do not know, or to a driver whom it does not name, an amendment is rejected: it may matter.
    """
    decoded = _decoder(stream).decode(body)
    return UnderstoodAmendments(tuple(_amendment(stream, one) for one in decoded.records), tuple(decoded.rejected))


def _decoder(stream: Stream) -> ListDecoder[wire.Amended]:
    if stream not in _DECODERS:
        raise InvalidValue("stream", stream, " or ".join(AMENDED_FEEDS))
    return _DECODERS[stream]


def _amendment(stream: Stream, one: wire.Amended) -> Amendment:
    kind = _KINDS[one.amendment_type.casefold()]
    driver_id = one.new_driver_id if kind is AmendmentKind.REASSIGNED else None
    return Amendment(stream, one.record_id, kind, one.amendment_date, driver_id)


def _never_sound(_records: Sequence[wire.Amended]) -> bool:
    """There are few of them, so each is looked at."""
    return False


def _mend(one: wire.Amended) -> None:
    _TIMES.to_utc(one)
    kind = _KINDS.get(one.amendment_type.casefold())
    if kind is None:
        raise Unfit("unknown_amendment", "AmendmentType: expected a reassigned or quarantined event or trip")
    if kind is AmendmentKind.REASSIGNED and one.new_driver_id is None:
        raise Unfit("missing_field", "NewDriverId: expected the driver that the record was reassigned to")


_TIMES = Times(wire.Amended, wire.AMENDMENT_TIMES)
_DECODERS: dict[Stream, ListDecoder[wire.Amended]] = {
    Stream.EVENTS: ListDecoder(wire.AmendedEvent, is_sound=_never_sound, mend=_mend),
    Stream.TRIPS: ListDecoder(wire.AmendedTrip, is_sound=_never_sound, mend=_mend),
}
