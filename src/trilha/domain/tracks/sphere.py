"""The earth as a sphere, its places as unit vectors: no seam at 180 degrees, no special case at the poles."""

from collections.abc import Sequence
from math import asin, cos, hypot, radians, sin, sqrt
from typing import TypeAlias

from trilha.domain.tracks.points import Located

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius R1 of the International Union of Geodesy and Geophysics; within 0.6 % of the ellipsoid."""

Vector: TypeAlias = tuple[float, float, float]


def unit_vector(place: Located) -> Vector:
    """The place as seen from the earth's centre."""
    return vector_of(place.latitude_deg, place.longitude_deg)


def vector_of(latitude_deg: float, longitude_deg: float) -> Vector:
    """The same, of degrees that belong to no place yet."""
    latitude, longitude = radians(latitude_deg), radians(longitude_deg)
    cos_latitude = cos(latitude)
    return cos_latitude * cos(longitude), cos_latitude * sin(longitude), sin(latitude)


def farthest(path: Sequence[Vector], first: int, last: int) -> tuple[int, float]:
    """Which vector strictly between two of the path is farthest from the arc between them, and by how many metres.

    The arc ends at its ends: beyond them the distance to the nearer end counts. Distances are kept as squared chords
    inside the loop, which is the one that runs a million times.
    """
    ax, ay, az = path[first]
    bx, by, bz = path[last]
    ux, uy, uz = bx - ax, by - ay, bz - az
    arc_squared = ux * ux + uy * uy + uz * uz
    nx, ny, nz = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
    norm = hypot(nx, ny, nz)
    if norm:
        nx, ny, nz = nx / norm, ny / norm, nz / norm
    index, worst = first, -1.0
    for i in range(first + 1, last):
        px, py, pz = path[i]
        dx, dy, dz = px - ax, py - ay, pz - az
        along = dx * ux + dy * uy + dz * uz
        if along <= 0.0 or not norm:
            squared = dx * dx + dy * dy + dz * dz
        elif along >= arc_squared:
            squared = (px - bx) ** 2 + (py - by) ** 2 + (pz - bz) ** 2
        else:
            # from the arc's start, not from the centre: of two nearly equal vectors only the difference is exact
            squared = (dx * nx + dy * ny + dz * nz) ** 2
        if squared > worst:
            index, worst = i, squared
    return index, 2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(max(0.0, worst)) / 2))


def from_arc_m(place: Vector, start: Vector, end: Vector) -> float:
    """Metres from a place anywhere on the earth to the nearest point of the arc."""
    (px, py, pz), (ax, ay, az), (bx, by, bz) = place, start, end
    if px * (ax + bx) + py * (ay + by) + pz * (az + bz) > 0.0:
        return farthest((start, place, end), 0, 2)[1]
    # more than a quarter of the earth from the middle: there the arc's circle passes again, on its other side
    return min(farthest((point, place, point), 0, 2)[1] for point in (start, end))
