"""Trips with their legs, from the bytes of a list to ours."""

from collections.abc import Sequence
from datetime import datetime
from itertools import chain

from trilha.adapters.mix import wire
from trilha.adapters.mix.decode import Decoded, ListDecoder
from trilha.adapters.mix.times import Times
from trilha.domain.telemetry import SubTrip, Trip, Understood

_TIMES = Times(wire.Trip, wire.TRIP_TIMES)
_LEG_TIMES = Times(wire.SubTrip, wire.SUB_TRIP_TIMES)


def read_trips(body: bytes, received_at: datetime) -> Understood:
    """The trips of a page; raises UnreadableAnswer if it is no JSON list. A leg that cannot be rejects its trip."""
    decoded: Decoded[wire.Trip] = _TRIPS.decode(body)
    return Understood(to_trips(decoded.records, received_at), decoded.rejected)


def to_trips(records: Sequence[wire.Trip], received_at: datetime) -> list[Trip]:
    """Our form of sound records. Written out in one expression, for it runs by the million.

    The second argument is the domain's `occurred_at`, spelt out to spare a call per row; a test compares the two.
    """
    nowhere, unclassified = wire.NOWHERE, wire.UNCLASSIFIED
    return [
        Trip(
            trip.trip_id,
            trip.trip_start or trip.trip_end or received_at,
            trip.driver_id,
            trip.asset_id,
            trip.trip_start,
            trip.trip_end,
            trip.first_depart,
            trip.last_halt,
            trip.driving_time,
            trip.standing_time,
            trip.duration,
            trip.distance_kilometers,
            trip.start_odometer_kilometers,
            trip.end_odometer_kilometers,
            trip.engine_seconds,
            trip.fuel_used_litres,
            trip.max_speed_kilometers_per_hour,
            trip.max_acceleration_kilometers_per_hour_per_second,
            trip.max_deceleration_kilometers_per_hour_per_second,
            trip.max_rpm,
            (start := trip.start_position or nowhere).latitude,
            start.longitude,
            (end := trip.end_position or nowhere).latitude,
            end.longitude,
            (trip.classification or unclassified).classification,
            trip.notes,
            tuple([_leg(leg) for leg in trip.sub_trips]) if trip.sub_trips else (),
        )
        for trip in records
    ]


def _leg(leg: wire.SubTrip) -> SubTrip:
    used_from, used_to = leg.energy_consumed_reading_start, leg.energy_consumed_reading_end
    start, end = leg.start_position or wire.NOWHERE, leg.end_position or wire.NOWHERE
    return SubTrip(
        leg.sub_trip_start,
        leg.depart,
        leg.halt,
        leg.sub_trip_end,
        leg.driving_time,
        leg.standing_time,
        leg.duration,
        leg.distance_kilometres,
        leg.start_odometer_kilometres,
        leg.end_odometer_kilometres,
        leg.fuel_used_litres,
        leg.max_speed_kilometers_per_hour,
        leg.max_acceleration_kilometers_per_hour_per_second,
        leg.max_deceleration_kilometers_per_hour_per_second,
        leg.max_rpm,
        start.latitude,
        start.longitude,
        end.latitude,
        end.longitude,
        None if used_from is None or used_to is None else used_to - used_from,
        leg.state_of_charge_start,
        leg.state_of_charge_end,
    )


def _are_utc(records: Sequence[wire.Trip]) -> bool:
    legs = chain.from_iterable(trip.sub_trips for trip in records if trip.sub_trips)
    return _TIMES.are_utc(records) and _LEG_TIMES.are_utc(legs)


def _to_utc(trip: wire.Trip) -> None:
    _TIMES.to_utc(trip)
    for place, leg in enumerate(trip.sub_trips or ()):
        _LEG_TIMES.to_utc(leg, f"SubTrips[{place}].")


_TRIPS = ListDecoder(wire.Trip, is_sound=_are_utc, mend=_to_utc, spare=wire.TRIP_SPARE)
