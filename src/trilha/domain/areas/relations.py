"""Where a place or a way lies to an area."""

from collections.abc import Sequence
from itertools import pairwise
from math import sin

from trilha.domain.areas.flat import ON_EDGE, edges_of, flattened, meeting, side
from trilha.domain.areas.model import Area, Circle, Corridor, Polygon
from trilha.domain.tracks.distance import distance_to_segment_m
from trilha.domain.tracks.points import Located
from trilha.domain.tracks.rectangle import Flat
from trilha.domain.tracks.seam import TURN_DEG
from trilha.domain.tracks.sphere import EARTH_RADIUS_M, Vector, from_arc_m, unit_vector


def contains(area: Area, place: Located) -> bool:
    """Whether a place lies inside; the edge belongs to the area, that of a hole too."""
    match area:
        case Circle():
            return chord_squared(unit_vector(area.center), unit_vector(place)) <= reach_squared(area.radius_m)
        case Corridor():
            vector = unit_vector(place)
            legs = pairwise(map(unit_vector, area.line))
            return any(is_along(start, end, area.half_width_m, vector) for start, end in legs)
        case Polygon():
            rings = flat_rings(area)
            edges = [edge for ring in rings for edge in edges_of(ring)]
            return side(edges, in_frame(rings[0], place.longitude_deg), place.latitude_deg) >= ON_EDGE


def crosses(area: Area, start: Located, end: Located) -> bool:
    """Whether the way from one place to another, the short way round, touches the area anywhere.

    Straight in degrees for polygons, a great circle's arc for the others, as their own sides are: alike for the few
    kilometres between two fixes.
    """
    match area:
        case Circle():
            return distance_to_segment_m(area.center, start, end) <= area.radius_m
        case Corridor():
            return any(_arcs_apart_m(leg, (start, end)) <= area.half_width_m for leg in pairwise(area.line))
        case Polygon():
            return contains(area, start) or contains(area, end) or _cuts(flat_rings(area), flattened((start, end)))


def distance_to_edge_m(area: Area, place: Located) -> float:
    """Metres from a place to the nearest point of the area's edge, whichever side it lies on.

    The middle line of a corridor is its half width from the edge. Sides of polygons count as arcs here.
    """
    match area:
        case Circle():
            return abs(distance_to_segment_m(place, area.center, area.center) - area.radius_m)
        case Corridor():
            nearest = min(distance_to_segment_m(place, *leg) for leg in pairwise(area.line))
            return abs(nearest - area.half_width_m)
        case Polygon():
            return min(distance_to_segment_m(place, *ends) for ring in area.rings for ends in pairwise(ring))


def chord_squared(one: Vector, other: Vector) -> float:
    """The square of the straight distance through the earth, in earth radii."""
    (ax, ay, az), (bx, by, bz) = one, other
    return (ax - bx) ** 2 + (ay - by) ** 2 + (az - bz) ** 2


def reach_squared(metres: float) -> float:
    """The same of a distance over the ground."""
    return (2 * sin(metres / (2 * EARTH_RADIUS_M))) ** 2


def is_along(start: Vector, end: Vector, half_width_m: float, place: Vector) -> bool:
    """Whether a place lies within reach of a leg."""
    return from_arc_m(place, start, end) <= half_width_m


def flat_rings(polygon: Polygon) -> list[list[Flat]]:
    """The rings on one plane; the holes beside the outer ring, not a turn away."""
    outer = flattened(polygon.rings[0])
    middle = (min(x for x, _ in outer) + max(x for x, _ in outer)) / 2
    return [outer, *(flattened(hole, middle) for hole in polygon.rings[1:])]


def in_frame(outer: Sequence[Flat], longitude_deg: float) -> float:
    """The longitude moved by a whole turn to where a ring is drawn, if that is where it belongs."""
    west, east = min(x for x, _ in outer), max(x for x, _ in outer)
    return moved_between(west, east, longitude_deg)


def moved_between(west: float, east: float, longitude_deg: float) -> float:
    """The longitude moved by a whole turn to between two others, or beyond them if it does not lie there."""
    if longitude_deg < west:
        return longitude_deg + TURN_DEG
    return longitude_deg - TURN_DEG if longitude_deg > east else longitude_deg


def _cuts(rings: Sequence[Sequence[Flat]], way: Sequence[Flat]) -> bool:
    (ax, ay), (bx, by) = way
    return any(
        meeting((ax + turn, ay), (bx + turn, by), corner, following) is not None
        for turn in (-TURN_DEG, 0.0, TURN_DEG)
        for ring in rings
        for corner, following in pairwise(ring)
    )


def _arcs_apart_m(one: Sequence[Located], other: Sequence[Located]) -> float:
    """Metres between the nearest points of two arcs."""
    if _arcs_cross([unit_vector(end) for end in one], [unit_vector(end) for end in other]):
        return 0.0
    return min(
        *(distance_to_segment_m(end, *other) for end in one),
        *(distance_to_segment_m(end, *one) for end in other),
    )


def _arcs_cross(one: Sequence[Vector], other: Sequence[Vector]) -> bool:
    along_one, along_other = _normal(*one), _normal(*other)
    if _dot(along_one, other[0]) * _dot(along_one, other[1]) >= 0.0:
        return False
    if _dot(along_other, one[0]) * _dot(along_other, one[1]) >= 0.0:
        return False
    meets = _normal(along_one, along_other)
    # the two circles meet twice, on opposite sides of the earth: both arcs must pass the same place
    return (_dot(meets, one[0]) + _dot(meets, one[1])) * (_dot(meets, other[0]) + _dot(meets, other[1])) > 0.0


def _normal(one: Vector, other: Vector) -> Vector:
    (ax, ay, az), (bx, by, bz) = one, other
    return ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx


def _dot(one: Vector, other: Vector) -> float:
    return one[0] * other[0] + one[1] * other[1] + one[2] * other[2]
