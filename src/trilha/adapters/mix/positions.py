"""Positions, from the bytes of a list to ours."""

from collections.abc import Sequence
from datetime import datetime

from trilha.adapters.mix import wire
from trilha.adapters.mix.decode import Decoded, ListDecoder
from trilha.adapters.mix.times import Times
from trilha.domain.telemetry import Position, Understood

_TIMES = Times(wire.Position, wire.POSITION_TIMES)
_POSITIONS = ListDecoder(wire.Position, is_sound=_TIMES.are_utc, mend=_TIMES.to_utc, spare=wire.POSITION_SPARE)


def read_positions(body: bytes, received_at: datetime) -> Understood:
    """The positions of a page; raises UnreadableAnswer if it is no JSON list.

    A position without coordinates, or off the earth, is rejected; one at 0, 0 is what the source says. An odd side
    value (heading, precision, age and the like) is left out and costs nothing else.
    """
    decoded: Decoded[wire.Position] = _POSITIONS.decode(body)
    return Understood(to_positions(decoded.records, received_at), decoded.rejected)


def to_positions(records: Sequence[wire.Position], received_at: datetime) -> list[Position]:
    """Our form of sound records. Written out in one expression, for it runs by the million."""
    return [
        Position(
            position.position_id,
            position.timestamp or received_at,
            position.driver_id,
            position.asset_id,
            position.latitude,
            position.longitude,
            position.speed_kilometres_per_hour,
            position.speed_limit,
            position.heading,
            position.altitude_metres,
            position.odometer_kilometres,
            position.number_of_satellites,
            position.hdop,
            position.vdop,
            position.pdop,
            position.age_of_reading_seconds,
            position.distance_since_reading_kilometres,
            position.source,
        )
        for position in records
    ]
