"""Coordinates as strangers write them: longitude first, sometimes the other way round, or beyond 180 degrees."""

from collections.abc import Sequence
from math import isfinite

from trilha.domain.areas.limits import DECIMALS
from trilha.domain.kernel import GeoPoint, InvalidValue
from trilha.domain.kernel.point import MAX_LATITUDE_DEG, MAX_LONGITUDE_DEG
from trilha.domain.tracks.seam import half_turn

MAX_WRITTEN_LONGITUDE_DEG = 540.0
"""An area that goes on beyond 180 degrees, eastwards or westwards, is never farther away than this."""


def place_of(longitude_deg: object, latitude_deg: object, where: str) -> GeoPoint:
    """The place that two written numbers stand for; raises InvalidValue, naming where they stand."""
    east, north = _number(longitude_deg, where), _number(latitude_deg, where)
    if abs(north) > MAX_LATITUDE_DEG:
        swapped = "; they seem to be the other way round" if abs(east) <= MAX_LATITUDE_DEG else ""
        raise InvalidValue(where, [east, north], f"longitude first, then a latitude from -90 to 90{swapped}")
    if abs(east) > MAX_WRITTEN_LONGITUDE_DEG:
        raise InvalidValue(where, [east, north], "a longitude from -180 to 180 first, then the latitude")
    if abs(east) > MAX_LONGITUDE_DEG:
        east = round(half_turn(east), DECIMALS)
    return GeoPoint(north, east)


def written(line: Sequence[tuple[float, float]]) -> list[list[float]]:
    """Points of a plane as coordinates: longitude, then latitude."""
    return [[round(x, DECIMALS), y] for x, y in line]


def _number(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise InvalidValue(where, value, "finite numbers of degrees")
    return float(value)
