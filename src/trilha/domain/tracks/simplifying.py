"""Fewer points for the same trail: Ramer (1972), Douglas and Peucker (1973), with the tolerance in metres."""

from collections.abc import Sequence
from typing import TypeVar

from trilha.domain.tracks.limits import check_not_negative
from trilha.domain.tracks.points import Located
from trilha.domain.tracks.sphere import Vector, farthest, unit_vector

LocatedT = TypeVar("LocatedT", bound=Located)

DEEPEST = 64
"""Cuts inside cuts before ranges are halved instead. Recorded trails need about 30; a spiral would need one a point."""


def simplify(points: Sequence[LocatedT], tolerance_m: float) -> tuple[LocatedT, ...]:
    """Leave out points nearer than `tolerance_m` to the line that remains; the first and the last stay.

    Time is bounded by the count of points times (64 + its logarithm), whatever their shape. Raises InvalidValue for a
    tolerance that is negative or not finite.
    """
    check_not_negative("tolerance_m", tolerance_m)
    kept = _kept([unit_vector(point) for point in points], tolerance_m)
    return tuple(point for point, keep in zip(points, kept, strict=True) if keep)


def _kept(path: Sequence[Vector], tolerance_m: float) -> bytearray:
    kept = bytearray(len(path))
    if path:
        kept[0] = kept[-1] = 1
    ranges = [(0, len(path) - 1, 0)]
    while ranges:
        first, last, depth = ranges.pop()
        if last - first < 2:  # noqa: PLR2004 - nothing lies between neighbours
            continue
        index, distance_m = farthest(path, first, last)
        if distance_m <= tolerance_m:
            continue
        if depth >= DEEPEST:
            index = (first + last) // 2
        kept[index] = 1
        ranges += [(first, index, depth + 1), (index, last, depth + 1)]
    return kept
