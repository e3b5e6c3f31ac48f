"""How large a place is: the smallest rectangle, turned any way, around points on a plane."""

from collections.abc import Iterable, Iterator, Sequence
from math import hypot
from typing import TypeAlias

Flat: TypeAlias = tuple[float, float]


def convex_hull(points: Iterable[Flat]) -> list[Flat]:
    """The corners around the points, counter-clockwise (Andrew 1979); of one or two points, those."""
    ordered = sorted(set(points))
    if len(ordered) <= 2:  # noqa: PLR2004 - two points turn nowhere
        return ordered
    return _chain(ordered)[:-1] + _chain(ordered[::-1])[:-1]


def _chain(ordered: Sequence[Flat]) -> list[Flat]:
    chain: list[Flat] = []
    for point in ordered:
        while len(chain) > 1 and turn(chain[-2], chain[-1], point) <= 0:
            chain.pop()
        chain.append(point)
    return chain


def turn(start: Flat, end: Flat, point: Flat) -> float:
    """Above 0 if `point` lies left of the line from `start` to `end`."""
    return (end[0] - start[0]) * (point[1] - start[1]) - (end[1] - start[1]) * (point[0] - start[0])


def is_inside(hull: Sequence[Flat], point: Flat) -> bool:
    """Whether a point lies within the corners or on their edge."""
    corners = len(hull)
    return corners > 2 and all(turn(hull[i - 1], hull[i], point) >= 0 for i in range(corners))  # noqa: PLR2004 - an area


def diagonal(hull: Sequence[Flat]) -> Flat:
    """From corner to opposite corner of the rectangle of least area around a hull; one of its sides lies on an edge.

    Of the two diagonals the one that falls across that edge from left to right, seen along it: where the axes have
    different scales the two are not equally long, and that is the one by which the published figures were made.
    """
    if len(hull) <= 2:  # noqa: PLR2004 - a line, or less
        return (hull[-1][0] - hull[0][0], hull[-1][1] - hull[0][1]) if hull else (0.0, 0.0)
    _, length, width, ux, uy = min(_rectangles(hull))
    return length * ux + width * uy, length * uy - width * ux


def _rectangles(hull: Sequence[Flat]) -> Iterator[tuple[float, float, float, float, float]]:
    """Area, length and width of the rectangle on each edge, with the edge's direction."""
    for (ax, ay), (bx, by) in zip(hull, [*hull[1:], hull[0]], strict=True):
        edge = hypot(bx - ax, by - ay)
        ux, uy = (bx - ax) / edge, (by - ay) / edge
        along = [x * ux + y * uy for x, y in hull]
        across = [y * ux - x * uy for x, y in hull]
        length, width = max(along) - min(along), max(across) - min(across)
        yield length * width, length, width, ux, uy
