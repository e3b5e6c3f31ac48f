"""Where somebody stayed, told from the places alone: no speed and no ignition are needed.

The published definition of movingpandas' TrajectoryStopDetector, so that figures compare: for at least so long, all
points fit into one place: the diagonal of the smallest rectangle around them, turned any way, is below so many metres.
The rectangle is laid in degrees, as there; away from the equator it is slanted on the ground, its diagonals differ.
"""

from collections import deque
from collections.abc import Sequence
from datetime import datetime
from math import cos, hypot, radians
from statistics import median

import msgspec

from trilha.domain.tracks.limits import check_not_negative
from trilha.domain.tracks.points import TrackPoint, seconds_between
from trilha.domain.tracks.rectangle import Flat, convex_hull, diagonal, is_inside
from trilha.domain.tracks.seam import half_turn, without_seam
from trilha.domain.tracks.sphere import EARTH_RADIUS_M


class StopPolicy(msgspec.Struct, frozen=True):
    """What counts as a stop: less than `max_diameter_m` metres across for at least `min_duration_s` seconds."""

    max_diameter_m: float = 30.0
    min_duration_s: float = 120.0

    def __post_init__(self) -> None:
        check_not_negative("max_diameter_m", self.max_diameter_m)
        check_not_negative("min_duration_s", self.min_duration_s)


class Stop(msgspec.Struct, frozen=True):
    """A stay, from the first of its points to the last; its place is the median of them.

    `first` and `last` are positions in the points that were given, from 0, both belonging to the stop.
    """

    first: int
    last: int
    start: datetime
    end: datetime
    latitude_deg: float
    longitude_deg: float

    @property
    def duration_s(self) -> float:
        """Seconds from the first point to the last."""
        return (self.end - self.start).total_seconds()


SHORT_STAY = StopPolicy()
SHORTCUT = 1.5
"""A window whose upright rectangle has a diagonal this many times the limit is no stop, however it is turned."""


def find_stops(points: Sequence[TrackPoint], policy: StopPolicy = SHORT_STAY) -> tuple[Stop, ...]:
    """Stops among points in strict order of time, as `clean` leaves them, in order and without overlap.

    Points far apart in time but near in place count as a stay: a parked vehicle says nothing for hours.
    """
    stops: list[Stop] = []
    window = _Window(points, policy)
    stopped = False
    for i in range(len(points)):
        was_stopped, stopped = stopped, window.take(i, growing=stopped)
        if was_stopped and not stopped and window.lasts(i - 1):
            stops.append(stop_between(points, window.first, i - 1))
            window.restart(i)
    if stopped and window.lasts(len(points) - 1):
        stops.append(stop_between(points, window.first, len(points) - 1))
    return tuple(stops)


def stop_between(points: Sequence[TrackPoint], first: int, last: int) -> Stop:
    """The stop that the points from `first` to `last` make. Its place holds across 180 degrees of longitude."""
    stay = points[first : last + 1]
    anchor = stay[0].longitude_deg
    east = median(half_turn(point.longitude_deg - anchor) for point in stay)
    return Stop(
        first=first,
        last=last,
        start=stay[0].at,
        end=stay[-1].at,
        latitude_deg=median(point.latitude_deg for point in stay),
        longitude_deg=half_turn(anchor + east),
    )


class _Window:
    """The points that may be a stop: as long as the shortest stop while moving, growing while it holds."""

    def __init__(self, points: Sequence[TrackPoint], policy: StopPolicy) -> None:
        self.first = 0
        self._points = points
        self._policy = policy
        self._east_deg = without_seam([point.longitude_deg for point in points])
        self._north_deg = [point.latitude_deg for point in points]
        self._width = _Extent(self._east_deg)
        self._height = _Extent(self._north_deg)
        self._hull: list[Flat] = []

    def restart(self, first: int) -> None:
        self.first = first

    def lasts(self, last: int) -> bool:
        return seconds_between(self._points[self.first], self._points[last]) >= self._policy.min_duration_s

    def take(self, last: int, *, growing: bool) -> bool:
        """Take in the next point; whether all of the window lies within one place then."""
        while not growing and last - self.first > 1 and self.lasts(last):
            self.first += 1
        upright = self._width.with_next(last, self.first), self._height.with_next(last, self.first)
        # the definition's own shortcut: most windows of a journey end here, without a hull
        if last == self.first or self._metres(upright) >= SHORTCUT * self._policy.max_diameter_m:
            return False
        point = self._east_deg[last], self._north_deg[last]
        if growing and is_inside(self._hull, point):
            return True
        self._hull = convex_hull([*self._hull, point] if growing else self._flat(last))
        return self._metres(diagonal(self._hull)) < self._policy.max_diameter_m

    def _flat(self, last: int) -> list[Flat]:
        window = slice(self.first, last + 1)
        return list(zip(self._east_deg[window], self._north_deg[window], strict=True))

    def _metres(self, degrees: Flat) -> float:
        shrinking = cos(radians(self._north_deg[self.first]))
        return EARTH_RADIUS_M * hypot(radians(degrees[0]) * shrinking, radians(degrees[1]))


class _Extent:
    """Highest less lowest value of a window that only moves forward, each step in constant time on average."""

    def __init__(self, values: Sequence[float]) -> None:
        self._values = values
        self._falling: deque[int] = deque()
        self._rising: deque[int] = deque()

    def with_next(self, last: int, first: int) -> float:
        values, value = self._values, self._values[last]
        while self._falling and values[self._falling[-1]] <= value:
            self._falling.pop()
        while self._rising and values[self._rising[-1]] >= value:
            self._rising.pop()
        for positions in (self._falling, self._rising):
            positions.append(last)
            while positions[0] < first:
                positions.popleft()
        return values[self._falling[0]] - values[self._rising[0]]
