"""A place on the earth."""

import math

import msgspec

from trilha.domain.kernel.errors import InvalidValue

MAX_LATITUDE_DEG = 90.0
MAX_LONGITUDE_DEG = 180.0


class GeoPoint(msgspec.Struct, frozen=True, gc=False):
    """A position in WGS 84 degrees, north and east positive."""

    latitude_deg: float
    longitude_deg: float

    def __post_init__(self) -> None:
        _check("latitude_deg", self.latitude_deg, MAX_LATITUDE_DEG)
        _check("longitude_deg", self.longitude_deg, MAX_LONGITUDE_DEG)


def _check(field: str, degrees: float, limit: float) -> None:
    if not (math.isfinite(degrees) and -limit <= degrees <= limit):
        raise InvalidValue(field, degrees, f"degrees from {-limit:g} to {limit:g}")
