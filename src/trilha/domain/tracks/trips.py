"""Trips and the stops between them, told from motion: the interval method of Traccar's reports.

A point moves or it does not. A change counts once it has lasted: a move by distance or by time, whichever comes first,
a halt by time or by ignition off. Short halts stay in the trip, short moves in the stop. The points around a silence
count as standing.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import accumulate, pairwise

import msgspec

from trilha.domain.tracks.distance import steps_m
from trilha.domain.tracks.limits import check_not_negative
from trilha.domain.tracks.points import KMH_PER_MPS, TrackPoint, seconds_between
from trilha.domain.tracks.stops import Stop, stop_between


class TripPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """When a change of motion counts; the defaults are those of Traccar's interval method.

    A trip has begun after `min_trip_m` metres or `min_trip_s` seconds of motion, it has ended after `min_parking_s`
    seconds without, or at once with the ignition off if `use_ignition`. A silence of `no_data_s` seconds ends a trip
    (None: it does not). A point moves above `moving_above_kmh` (0.01 knots); receivers that report no speed of their
    own need more, such as 3 km/h, for their fixes wander.
    """

    min_trip_m: float = 500.0
    min_trip_s: float = 300.0
    min_parking_s: float = 300.0
    no_data_s: float | None = 3_600.0
    use_ignition: bool = False
    moving_above_kmh: float = 0.01852

    def __post_init__(self) -> None:
        for field in ("min_trip_m", "min_trip_s", "min_parking_s", "no_data_s", "moving_above_kmh"):
            check_not_negative(field, getattr(self, field))


class Trip(msgspec.Struct, frozen=True):
    """A journey. `first` and `last` are positions in the points that were given, from 0, both belonging to the trip."""

    first: int
    last: int
    start: datetime
    end: datetime
    distance_m: float
    max_speed_kmh: float

    @property
    def duration_s(self) -> float:
        """Seconds from the first point to the last."""
        return (self.end - self.start).total_seconds()

    @property
    def average_speed_kmh(self) -> float:
        """Distance by duration, short halts included; 0 for a trip of no duration."""
        return self.distance_m / self.duration_s * KMH_PER_MPS if self.duration_s else 0.0


class TripsAndStops(msgspec.Struct, frozen=True):
    """Trips and stops in order of time. They take turns: where one ends, the other begins."""

    trips: tuple[Trip, ...]
    stops: tuple[Stop, ...]


INTERVAL_METHOD = TripPolicy()


def trips_and_stops(points: Sequence[TrackPoint], policy: TripPolicy = INTERVAL_METHOD) -> TripsAndStops:
    """Cut points, in strict order of time, into trips and stops from the first point to the last.

    What the first point does is taken as going on since before. A change that has not lasted long enough when the
    points end has not happened yet: ask again with the points that follow. A point without a speed has that of the step
    that led to it.
    """
    travelled_m = list(accumulate(steps_m(points), initial=0.0))
    speeds_kmh = _speeds_kmh(points, travelled_m)
    trips: list[Trip] = []
    stops: list[Stop] = []
    for first, last, moving in _spans(points, travelled_m, speeds_kmh, policy):
        if moving:
            distance_m = travelled_m[last] - travelled_m[first]
            top_kmh = max(speeds_kmh[first : last + 1])
            trips.append(Trip(first, last, points[first].at, points[last].at, distance_m, top_kmh))
        else:
            stops.append(stop_between(points, first, last))
    return TripsAndStops(tuple(trips), tuple(stops))


def _spans(
    points: Sequence[TrackPoint], travelled_m: Sequence[float], speeds_kmh: Sequence[float], policy: TripPolicy
) -> Iterator[tuple[int, int, bool]]:
    """First and last position of each span, and whether it moves."""
    first, since = 0, None
    moving = bool(points) and _moves(points, speeds_kmh, 0, policy)
    for i in range(1, len(points)):
        if _moves(points, speeds_kmh, i, policy) == moving:
            since = None
        elif since is None:
            since = i
        elif _has_lasted(points, travelled_m, since, i, policy, moving=not moving):
            if since > first:
                yield first, since, moving
            first, since, moving = since, None, not moving
    if first < len(points) - 1:
        yield first, len(points) - 1, moving


def _has_lasted(
    points: Sequence[TrackPoint],
    travelled_m: Sequence[float],
    since: int,
    now: int,
    policy: TripPolicy,
    *,
    moving: bool,
) -> bool:
    lasted_s = seconds_between(points[since], points[now])
    if moving:
        return lasted_s >= policy.min_trip_s or travelled_m[now] - travelled_m[since] >= policy.min_trip_m
    return lasted_s >= policy.min_parking_s or (policy.use_ignition and points[now].ignition is False)


def _moves(points: Sequence[TrackPoint], speeds_kmh: Sequence[float], i: int, policy: TripPolicy) -> bool:
    if policy.no_data_s is not None:
        around = points[max(0, i - 1) : i + 2]
        if any(seconds_between(a, b) >= policy.no_data_s for a, b in pairwise(around)):
            return False
    return speeds_kmh[i] > policy.moving_above_kmh


def _speeds_kmh(points: Sequence[TrackPoint], travelled_m: Sequence[float]) -> list[float]:
    speeds_kmh: list[float] = []
    for i, point in enumerate(points):
        speed_kmh = point.speed_kmh
        if speed_kmh is None and i:
            elapsed_s = seconds_between(points[i - 1], point)
            speed_kmh = (travelled_m[i] - travelled_m[i - 1]) / elapsed_s * KMH_PER_MPS if elapsed_s > 0 else 0.0
        speeds_kmh.append(speed_kmh or 0.0)
    return speeds_kmh
