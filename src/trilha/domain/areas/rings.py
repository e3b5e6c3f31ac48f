"""What a polygon's rings must be, and the one form in which they are kept."""

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise
from typing import NamedTuple

from trilha.domain.areas.errors import CrossingRings
from trilha.domain.areas.flat import INSIDE, OUTSIDE, area_twice, edges_of, flattened, meeting, side
from trilha.domain.areas.limits import MAX_VERTICES, rounded
from trilha.domain.kernel import GeoPoint, InvalidValue
from trilha.domain.tracks.rectangle import Flat, turn
from trilha.domain.tracks.seam import HALF_TURN_DEG, half_turn

Ring = tuple[GeoPoint, ...]

LEAST_CORNERS = 3


class _Segment(NamedTuple):
    """A side of a ring; `number` counts the corners as they were given, from 1."""

    ring: int
    number: int
    start: Flat
    end: Flat
    follows: int
    """Its place in the ring after doubled corners were left out."""
    last: bool


def settled(rings: Sequence[Sequence[GeoPoint]]) -> tuple[Ring, ...]:
    """The rings closed, to nine decimals, without doubled corners, the outer one turning left and the holes right.

    Raises InvalidValue or CrossingRings for what is no polygon on the earth.
    """
    if not rings:
        raise InvalidValue("rings", (), "an outer ring, then its holes if any")
    drawn = [_closed(ring, number) for number, ring in enumerate(rings, start=1)]
    # as they are kept, without the end that closes each: what was taken must be taken again when it is read
    vertices = sum(len(ring) - 1 for ring in drawn)
    if vertices > MAX_VERTICES:
        raise InvalidValue("rings", f"{vertices} vertices", f"{MAX_VERTICES} vertices or fewer; simplify the outline")
    outer = flattened([corner for _, corner in drawn[0]])
    middle = (min(x for x, _ in outer) + max(x for x, _ in outer)) / 2
    flat = [outer, *(flattened([corner for _, corner in ring], middle) for ring in drawn[1:])]
    for number, corners in enumerate(flat, start=1):
        _check_turns(corners, number)
    segments = [segment for number in range(len(drawn)) for segment in _segments(drawn[number], flat[number], number)]
    _check_crossings(segments)
    _check_holes(flat)
    turned = [_turned(ring, corners) for ring, corners in zip(drawn, flat, strict=True)]
    return (turned[0], *(hole[::-1] for hole in turned[1:]))


def _closed(ring: Sequence[GeoPoint], number: int) -> list[tuple[int, GeoPoint]]:
    """The ring's corners with their numbers as given, each once, and the first again at the end."""
    corners = [(i, rounded(corner)) for i, corner in enumerate(ring, start=1)]
    once = [corner for i, corner in enumerate(corners) if i == 0 or corner[1] != corners[i - 1][1]]
    if len(once) > 1 and once[0][1] == once[-1][1]:
        once.pop()
    if len({corner for _, corner in once}) < LEAST_CORNERS:
        raise InvalidValue(f"ring {number}", f"{len(ring)} points", "3 or more different points")
    return [*once, once[0]]


def _check_turns(corners: Sequence[Flat], ring: int) -> None:
    for (ax, ay), (bx, by) in pairwise(corners):
        if abs(bx - ax) >= HALF_TURN_DEG:
            raise InvalidValue(
                f"ring {ring}",
                f"a side from longitude {ax:g}, latitude {ay:g} half around the earth to {bx:g}, {by:g}",
                "sides of less than 180 degrees of longitude: put a corner between",
            )
    if corners[0] != corners[-1]:
        raise InvalidValue(
            f"ring {ring}",
            "once around the earth's axis",
            "a ring with no pole inside: such an area has no inside on a map; use a circle round the pole",
        )


def _segments(ring: Sequence[tuple[int, GeoPoint]], corners: Sequence[Flat], number: int) -> Iterator[_Segment]:
    sides = len(corners) - 1
    for i in range(sides):
        yield _Segment(number + 1, ring[i][0], corners[i], corners[i + 1], i, i == sides - 1)


def _check_crossings(segments: Sequence[_Segment]) -> None:
    """Sweep eastwards, so that only segments that overlap in longitude are compared."""
    under_way: list[_Segment] = []
    for segment in sorted(segments, key=lambda each: min(each.start[0], each.end[0])):
        west = min(segment.start[0], segment.end[0])
        under_way = [other for other in under_way if max(other.start[0], other.end[0]) >= west]
        for other in under_way:
            point = _meeting(segment, other)
            if point is not None:
                one, two = sorted((segment, other), key=lambda each: (each.ring, each.follows))
                raise CrossingRings((one.ring, one.number), (two.ring, two.number), half_turn(point[0]), point[1])
        under_way.append(segment)


def _meeting(one: _Segment, other: _Segment) -> Flat | None:
    """Where two segments meet that must not; rings may touch one another, but not cross."""
    if one.ring != other.ring:
        sides = (turn(one.start, one.end, other.start), turn(one.start, one.end, other.end))
        back = (turn(other.start, other.end, one.start), turn(other.start, other.end, one.end))
        return None if 0.0 in (*sides, *back) else meeting(one.start, one.end, other.start, other.end)
    first, second = sorted((one, other), key=lambda each: each.follows)
    if second.last and first.follows == 0:
        first, second = second, first
    elif second.follows != first.follows + 1:
        return meeting(one.start, one.end, other.start, other.end)
    return _fold(first.start, first.end, second.end)


def _fold(before: Flat, corner: Flat, after: Flat) -> Flat | None:
    """The corner, if a ring goes back there the way it came."""
    (ax, ay), (bx, by), (cx, cy) = before, corner, after
    backwards = (ax - bx) * (cx - bx) + (ay - by) * (cy - by) > 0.0
    return corner if backwards and turn(before, corner, after) == 0.0 else None


def _check_holes(flat: Sequence[Sequence[Flat]]) -> None:
    outer = edges_of(flat[0])
    for number, hole in enumerate(flat[1:], start=2):
        if any(side(outer, x, y) == OUTSIDE for x, y in hole):
            raise InvalidValue(f"ring {number}", "a hole that reaches out", "holes within the first ring")
    for (one, hole), (other, second) in combinations(enumerate(flat[1:], start=2), 2):
        if _reaches_into(hole, second) or _reaches_into(second, hole):
            raise InvalidValue(f"ring {other}", f"a hole that overlaps ring {one}", "holes apart from one another")


def _reaches_into(ring: Sequence[Flat], other: Sequence[Flat]) -> bool:
    edges = edges_of(other)
    return any(side(edges, x, y) == INSIDE for x, y in ring) or set(ring) == set(other)


def _turned(ring: Sequence[tuple[int, GeoPoint]], corners: Sequence[Flat]) -> Ring:
    """The ring turning left."""
    places = [corner for _, corner in ring]
    return tuple(places if area_twice(corners) > 0.0 else places[::-1])
