"""Longitudes where they jump from 180 degrees to -180, which is a line on paper and nothing on the earth."""

from collections.abc import Iterable

HALF_TURN_DEG = 180.0
TURN_DEG = 360.0


def half_turn(degrees: float) -> float:
    """The same angle from -180 to 180."""
    return degrees if abs(degrees) <= HALF_TURN_DEG else (degrees + HALF_TURN_DEG) % TURN_DEG - HALF_TURN_DEG


def without_seam(longitudes_deg: Iterable[float], near_deg: float | None = None) -> list[float]:
    """Longitudes that go on beyond 180 where a line crosses it, so that neighbours stay neighbours.

    Each is moved by whole turns to within half a turn of the one before it; the first to `near_deg`, or not at all.
    """
    moved: list[float] = []
    last = near_deg
    for longitude in longitudes_deg:
        last = longitude if last is None else longitude + TURN_DEG * round((last - longitude) / TURN_DEG)
        moved.append(last)
    return moved
