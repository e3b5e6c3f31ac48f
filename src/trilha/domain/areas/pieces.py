"""Areas cut into pieces that a point is quickly compared with: a box around each, and a test prepared once."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from math import asin, atan2, cos, degrees, hypot, radians, sin
from typing import NamedTuple, TypeAlias

from trilha.domain.areas.flat import ON_EDGE, Edge, edges_of, side
from trilha.domain.areas.model import Area, Circle, Corridor, Polygon
from trilha.domain.areas.relations import chord_squared, flat_rings, is_along, moved_between, reach_squared
from trilha.domain.kernel import GeoPoint
from trilha.domain.kernel.point import MAX_LATITUDE_DEG
from trilha.domain.tracks.seam import HALF_TURN_DEG, without_seam
from trilha.domain.tracks.sphere import EARTH_RADIUS_M, Vector, unit_vector, vector_of

Test: TypeAlias = Callable[[float, float], bool]
"""Of latitude and longitude, in degrees."""

MARGIN_DEG = 1e-8
"""A millimetre: what boxes are wider than their areas, so that rounding leaves nothing out."""
MOST_BANDS = 64


class Piece(NamedTuple):
    """West and east may lie beyond 180 degrees, west below east; `test` decides within the box."""

    west: float
    east: float
    south: float
    north: float
    test: Test


def pieces_of(area: Area) -> Iterator[Piece]:
    """Pieces that together are the area: a corridor's legs, anything else whole."""
    match area:
        case Circle():
            test = partial(_in_circle, unit_vector(area.center), reach_squared(area.radius_m))
            yield _around(area.center, area.center, area.radius_m, test)
        case Corridor():
            for start, end in pairwise(area.line):
                test = partial(_along_leg, unit_vector(start), unit_vector(end), area.half_width_m)
                yield _around(start, end, area.half_width_m, test)
        case Polygon():
            yield _of_polygon(area)


def _in_circle(center: Vector, limit: float, latitude_deg: float, longitude_deg: float) -> bool:
    return chord_squared(center, vector_of(latitude_deg, longitude_deg)) <= limit


def _along_leg(start: Vector, end: Vector, half_width_m: float, latitude_deg: float, longitude_deg: float) -> bool:
    return is_along(start, end, half_width_m, vector_of(latitude_deg, longitude_deg))


def _around(start: GeoPoint, end: GeoPoint, reach_m: float, test: Test) -> Piece:
    """The box of what lies within reach of an arc; once around the earth if it holds a pole."""
    south, north = _latitudes(start, end)
    west, east = sorted(without_seam((start.longitude_deg, end.longitude_deg)))
    reach = degrees(reach_m / EARTH_RADIUS_M)
    farthest = max(abs(south), abs(north))
    if farthest + reach + MARGIN_DEG >= MAX_LATITUDE_DEG or east - west >= HALF_TURN_DEG:
        west, east = -HALF_TURN_DEG, HALF_TURN_DEG
    else:
        aside = degrees(asin(sin(radians(reach)) / cos(radians(farthest)))) + MARGIN_DEG
        west, east = west - aside, east + aside
    return Piece(west, east, south - reach - MARGIN_DEG, north + reach + MARGIN_DEG, test)


def _latitudes(start: GeoPoint, end: GeoPoint) -> tuple[float, float]:
    """The southernmost and northernmost of an arc, which swings towards the pole between its ends."""
    ends = sorted((start.latitude_deg, end.latitude_deg))
    (ax, ay, az), (bx, by, bz) = unit_vector(start), unit_vector(end)
    nx, ny, nz = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
    norm = hypot(nx, ny, nz)
    if not norm:
        return ends[0], ends[1]
    top = degrees(atan2(hypot(nx, ny), abs(nz)))
    # the summit is where the arc goes neither up nor down: between the ends only if they differ in it
    falls = ny * ax - nx * ay, ny * bx - nx * by
    if falls[0] * falls[1] >= 0.0:
        return ends[0], ends[1]
    return (ends[0], max(ends[1], top)) if falls[0] < 0.0 else (min(ends[0], -top), ends[1])


def _of_polygon(polygon: Polygon) -> Piece:
    rings = flat_rings(polygon)
    xs, ys = [x for x, _ in rings[0]], [y for _, y in rings[0]]
    west, east, south, north = min(xs), max(xs), min(ys), max(ys)
    bands = _Bands([edge for ring in rings for edge in edges_of(ring)], west, east, south, north)
    return Piece(west - MARGIN_DEG, east + MARGIN_DEG, south - MARGIN_DEG, north + MARGIN_DEG, bands)


class _Bands:
    """The edges of a polygon by bands of latitude, so that a point meets few of a thousand."""

    def __init__(self, edges: list[Edge], west: float, east: float, south: float, north: float) -> None:
        self._west, self._east, self._south, self._north = west, east, south, north
        count = min(MOST_BANDS, len(edges))
        self._scale = count / (north - south)
        self._bands: list[list[Edge]] = [[] for _ in range(count + 1)]
        for edge in edges:
            for band in range(self._band(edge[1]), self._band(edge[3]) + 1):
                self._bands[band].append(edge)

    def _band(self, latitude_deg: float) -> int:
        return int((latitude_deg - self._south) * self._scale)

    def __call__(self, latitude_deg: float, longitude_deg: float) -> bool:
        x = moved_between(self._west, self._east, longitude_deg)
        if not (self._south <= latitude_deg <= self._north and self._west <= x <= self._east):
            return False
        return side(self._bands[self._band(latitude_deg)], x, latitude_deg) >= ON_EDGE
