"""Days of work: what a vehicle or a driver did on each local day, made of its trips.

A trip counts on the local day it began. Where trips overlap (two devices, a wrong driver), an hour is an hour:
times are those of the union, and the overlap is told. A trip that cannot have been is counted as the source says, and
told as well.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import groupby
from typing import Final

import msgspec

from trilha.domain.kernel import GeoPoint, start_of_day, to_thousandths
from trilha.domain.performance.model import Journey
from trilha.domain.tracks import distance_m

MAX_MEAN_KMH: Final = 200.0
LEAP_KM: Final = 1.0
"""How much farther apart than its distance the ends of a trip may lie: positions are not exact."""
_HOUR_S: Final = 3600.0
_DAY: Final = timedelta(days=1)


class DaySheet(msgspec.Struct, frozen=True, kw_only=True):
    """One local day. `on_trip_s` is the time within trips, `overlap_s` how much of that trips share.

    `driving_s`, `standing_s` (engine on, at rest) and `engine_s` leave out what lies in an overlap. `stops` are the
    pauses between the day's trips. `utilisation` is driving time by the length of the day, which is 23 to 25 hours.
    `suspect_trips` are those that cannot have been, and `suspect_km` what they add to the distance.
    """

    day: date
    trips: int
    distance_km: float
    driving_s: float
    standing_s: float
    engine_s: float
    on_trip_s: float
    overlap_s: float
    first_departure: datetime
    last_arrival: datetime | None
    stops: int
    longest_stop_s: float
    fuel_l: float | None
    max_speed_kmh: float | None
    utilisation: float
    suspect_trips: int
    suspect_km: float


def day_sheets(journeys: Iterable[Journey], zone: tzinfo) -> Iterator[DaySheet]:
    """The days of one vehicle or driver, from trips in the order of their beginning; days without are left out.

    Takes trips as they come and keeps no more than a day of them.
    """
    for day, of_day in groupby(journeys, key=lambda one: one.began_at.astimezone(zone).date()):
        yield _sheet(day, list(of_day), zone)


def in_order(journeys: Iterable[Journey]) -> list[Journey]:
    """Trips of several vehicles by their beginning, as `day_sheets` of a driver takes them."""
    return sorted(journeys, key=lambda one: (one.began_at, one.id))


def is_suspect(journey: Journey) -> bool:
    """Whether a trip cannot have been: faster than 200 km/h in the mean, or ending farther away than it drove."""
    distance_km = journey.distance_km or 0.0
    span_s = journey.driving_s or _length_s(journey)
    if span_s is not None and distance_km > LEAP_KM and distance_km * _HOUR_S > MAX_MEAN_KMH * span_s:
        return True
    leap_km = _leap_km(journey)
    return leap_km is not None and journey.distance_km is not None and leap_km > distance_km + LEAP_KM


def _sheet(day: date, journeys: Sequence[Journey], zone: tzinfo) -> DaySheet:
    clocked = _clocked(journeys)
    stops = [stop for stop in clocked.pauses_s if stop > 0]
    suspects = [journey for journey in journeys if is_suspect(journey)]
    arrivals = [journey.ended_at for journey in journeys if journey.ended_at is not None]
    speeds = [journey.max_speed_kmh for journey in journeys if journey.max_speed_kmh is not None]
    fuel = [journey.fuel_l for journey in journeys if journey.fuel_l is not None]
    length_s = (start_of_day(day + _DAY, zone) - start_of_day(day, zone)).total_seconds()
    return DaySheet(
        day=day,
        trips=len(journeys),
        distance_km=_kilometres(journeys),
        driving_s=clocked.driving_s,
        standing_s=clocked.standing_s,
        engine_s=clocked.engine_s,
        on_trip_s=clocked.on_trip_s,
        overlap_s=clocked.overlap_s,
        first_departure=journeys[0].began_at.astimezone(UTC),
        last_arrival=max(arrivals).astimezone(UTC) if arrivals else None,
        stops=len(stops),
        longest_stop_s=max(stops, default=0.0),
        fuel_l=to_thousandths(sum(fuel)) if fuel else None,
        max_speed_kmh=max(speeds, default=None),
        utilisation=min(1.0, clocked.driving_s / length_s),
        suspect_trips=len(suspects),
        suspect_km=_kilometres(suspects),
    )


class _Clocked(msgspec.Struct):
    """Times of trips in their order, an instant counted once."""

    driving_s: float = 0.0
    standing_s: float = 0.0
    engine_s: float = 0.0
    on_trip_s: float = 0.0
    overlap_s: float = 0.0
    pauses_s: list[float] = []


def _clocked(journeys: Iterable[Journey]) -> _Clocked:
    sums = _Clocked()
    covered_until: datetime | None = None
    for journey in journeys:
        length_s = _length_s(journey) or 0.0
        pause_s = 0.0 if covered_until is None else (journey.began_at - covered_until).total_seconds()
        overlap_s = min(length_s, max(0.0, -pause_s))
        sums.pauses_s.append(max(0.0, pause_s))
        sums.on_trip_s += length_s - overlap_s
        sums.overlap_s += overlap_s
        fresh = 1.0 - overlap_s / length_s if length_s else 1.0
        sums.driving_s += fresh * (journey.driving_s or 0.0)
        sums.standing_s += fresh * (journey.standing_s or 0.0)
        sums.engine_s += fresh * (journey.engine_s or 0.0)
        ended_at = journey.ended_at or journey.began_at
        covered_until = ended_at if covered_until is None else max(covered_until, ended_at)
    return sums


def _length_s(journey: Journey) -> float | None:
    if journey.ended_at is None:
        return None
    return max(0.0, (journey.ended_at - journey.began_at).total_seconds())


def _kilometres(journeys: Iterable[Journey]) -> float:
    return to_thousandths(sum(journey.distance_km or 0.0 for journey in journeys))


def _leap_km(journey: Journey) -> float | None:
    """How far the end lies from the beginning, as the crow flies."""
    start, end = start_of(journey), end_of(journey)
    return None if start is None or end is None else distance_m(start, end) / 1000


def start_of(journey: Journey) -> GeoPoint | None:
    """Where a trip began."""
    return _point(journey.start_latitude_deg, journey.start_longitude_deg)


def end_of(journey: Journey) -> GeoPoint | None:
    """Where a trip ended."""
    return _point(journey.end_latitude_deg, journey.end_longitude_deg)


def _point(latitude_deg: float | None, longitude_deg: float | None) -> GeoPoint | None:
    return None if latitude_deg is None or longitude_deg is None else GeoPoint(latitude_deg, longitude_deg)
