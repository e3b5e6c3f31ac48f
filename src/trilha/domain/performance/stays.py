"""Where a vehicle stood: between its trips, and with a running engine within them."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from trilha.domain.kernel import DriverId, GeoPoint, TimeRange, TripId, VehicleId
from trilha.domain.performance.days import end_of, start_of
from trilha.domain.performance.model import Journey

SHORT_S: Final = 180.0
"""Shorter stands are traffic."""
LOOK_AHEAD: Final = timedelta(days=7)
"""So far after the days asked for the trip is looked for that ends their last stand: a weekend, a holiday, a repair."""


class StayKind(StrEnum):
    """How it stood."""

    PARKED = "parked"
    """Between two trips, where the first of them ended."""
    IDLING = "idling"
    """Within a trip, engine on: the source gives only how long in all, so the times are those of the trip."""


class Stay(msgspec.Struct, frozen=True, kw_only=True):
    """A stand of one vehicle. `driver_id` is who drove before it, or while; `place` None where nobody knows."""

    vehicle_id: VehicleId
    kind: StayKind
    began_at: datetime
    ended_at: datetime
    duration_s: float
    driver_id: DriverId
    trip_id: TripId
    """The trip that it follows, or lies in."""
    place: GeoPoint | None


def stays(journeys: Iterable[Journey], least_s: float = SHORT_S, until: datetime | None = None) -> Iterator[Stay]:
    """Stands of at least so many seconds, from trips by vehicle and then by their beginning, in that order.

    A stand belongs to the trip that it follows or lies in. Trips from `until` on have none; they only say when the
    vehicle left. The last stand of each vehicle has no end yet and is left out. Where trips overlap, the one that ended
    last counts.
    """
    last: Journey | None = None
    for journey in journeys:
        if last is not None and last.vehicle_id != journey.vehicle_id:
            last = None
        if last is not None and (until is None or last.began_at < until):
            yield from _parked(last, journey, least_s)
        if until is None or journey.began_at < until:
            yield from _idling(journey, least_s)
        if last is None or _end(journey) >= _end(last):
            last = journey


def with_ends(began: TimeRange) -> TimeRange:
    """When trips began that have to be read for the stands of those that began then."""
    return began if began.end is None else TimeRange(began.start, began.end + LOOK_AHEAD)


def _parked(before: Journey, after: Journey, least_s: float) -> Iterator[Stay]:
    duration_s = (after.began_at - _end(before)).total_seconds()
    if before.ended_at is not None and duration_s >= max(least_s, 1.0):
        yield Stay(
            vehicle_id=before.vehicle_id,
            kind=StayKind.PARKED,
            began_at=before.ended_at,
            ended_at=after.began_at,
            duration_s=duration_s,
            driver_id=before.driver_id,
            trip_id=before.id,
            place=end_of(before) or start_of(after),
        )


def _idling(journey: Journey, least_s: float) -> Iterator[Stay]:
    standing_s = journey.standing_s or 0.0
    if journey.ended_at is not None and standing_s >= max(least_s, 1.0):
        yield Stay(
            vehicle_id=journey.vehicle_id,
            kind=StayKind.IDLING,
            began_at=journey.began_at,
            ended_at=journey.ended_at,
            duration_s=standing_s,
            driver_id=journey.driver_id,
            trip_id=journey.id,
            place=None,
        )


def _end(journey: Journey) -> datetime:
    return journey.ended_at or journey.began_at
