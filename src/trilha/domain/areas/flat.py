"""Rings as they are drawn: on a plane of degrees, east to the right and north up, with no seam at 180."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TypeAlias

from trilha.domain.tracks.points import Located
from trilha.domain.tracks.rectangle import Flat, turn
from trilha.domain.tracks.seam import without_seam

Edge: TypeAlias = tuple[float, float, float, float]
"""x and y of the lower end, then of the upper one."""

INSIDE, ON_EDGE, OUTSIDE = 1, 0, -1


def flattened(line: Sequence[Located], near_deg: float | None = None) -> list[Flat]:
    """The places of a line on the plane; the first as near as can be to a longitude, if one is given."""
    east = without_seam([place.longitude_deg for place in line], near_deg)
    return list(zip(east, (place.latitude_deg for place in line), strict=True))


def edges_of(corners: Iterable[Flat]) -> list[Edge]:
    """The edges of a closed ring."""
    return [(*lower, *upper) for lower, upper in (sorted(ends, key=lambda end: end[1]) for ends in pairwise(corners))]


def side(edges: Iterable[Edge], x: float, y: float) -> int:
    """INSIDE, ON_EDGE or OUTSIDE of all rings together, by the even-odd rule: what lies in a hole is outside."""
    inside = False
    for ax, ay, bx, by in edges:
        if ay <= y <= by:
            left = (bx - ax) * (y - ay) - (by - ay) * (x - ax)
            if left > 0.0:
                inside ^= y < by
            elif left == 0.0 and (ax <= x <= bx or bx <= x <= ax):
                return ON_EDGE
    return INSIDE if inside else OUTSIDE


def meeting(a: Flat, b: Flat, c: Flat, d: Flat) -> Flat | None:
    """A point that the segments from `a` to `b` and from `c` to `d` have in common, if there is one."""
    c_side, d_side, a_side, b_side = turn(a, b, c), turn(a, b, d), turn(c, d, a), turn(c, d, b)
    for at, point, start, end in ((c_side, c, a, b), (d_side, d, a, b), (a_side, a, c, d), (b_side, b, c, d)):
        if at == 0.0 and _spans(start, end, point):
            return point
    if not crossing(c_side, d_side) or not crossing(a_side, b_side):
        return None
    share = c_side / (c_side - d_side)
    return c[0] + share * (d[0] - c[0]), c[1] + share * (d[1] - c[1])


def crossing(one_side: float, other_side: float) -> bool:
    """Whether two ends lie on different sides of a line, neither on it."""
    return (one_side > 0.0 > other_side) or (one_side < 0.0 < other_side)


def area_twice(corners: Sequence[Flat]) -> float:
    """Twice the area of a closed ring in square degrees, above 0 if it turns left."""
    ox, oy = corners[0]
    return sum((ax - ox) * (by - oy) - (bx - ox) * (ay - oy) for (ax, ay), (bx, by) in pairwise(corners))


def _spans(start: Flat, end: Flat, point: Flat) -> bool:
    return min(start[0], end[0]) <= point[0] <= max(start[0], end[0]) and (
        min(start[1], end[1]) <= point[1] <= max(start[1], end[1])
    )
