"""Events, from the bytes of a list to ours."""

from collections.abc import Sequence
from datetime import datetime

from trilha.adapters.mix import wire
from trilha.adapters.mix.decode import Decoded, ListDecoder
from trilha.adapters.mix.times import Times
from trilha.domain.telemetry import TelemetryEvent, Understood

_TIMES = Times(wire.Event, wire.EVENT_TIMES)
_EVENTS = ListDecoder(wire.Event, is_sound=_TIMES.are_utc, mend=_TIMES.to_utc)


def read_events(body: bytes, received_at: datetime) -> Understood:
    """The events of a page; raises UnreadableAnswer if it is no JSON list."""
    decoded: Decoded[wire.Event] = _EVENTS.decode(body)
    return Understood(to_events(decoded.records, received_at), decoded.rejected)


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
