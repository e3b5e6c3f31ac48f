"""How large an area may be, and how finely it is kept."""

from math import isfinite

from trilha.domain.kernel import GeoPoint, InvalidValue
from trilha.domain.kernel.point import MAX_LONGITUDE_DEG

MAX_VERTICES = 1_000
"""Points of all lines of an area together."""
MIN_REACH_M = 1.0
MAX_RADIUS_M = 1_000_000.0
MAX_HALF_WIDTH_M = 100_000.0
MAX_LEG_M = 1_000_000.0
DECIMALS = 9
"""A tenth of a millimetre; so kept, degrees survive a turn of 360 and back unchanged."""


def rounded(place: GeoPoint) -> GeoPoint:
    """The place as areas keep it: the antimeridian is 180 degrees, not -180."""
    longitude_deg = round(place.longitude_deg, DECIMALS)
    longitude_deg = MAX_LONGITUDE_DEG if longitude_deg == -MAX_LONGITUDE_DEG else longitude_deg
    return GeoPoint(round(place.latitude_deg, DECIMALS), longitude_deg)


def check_reach(field: str, metres: float, most: float) -> None:
    """Raise InvalidValue unless a radius or half width can be meant."""
    if not (isfinite(metres) and MIN_REACH_M <= metres <= most):
        raise InvalidValue(field, metres, f"metres from {MIN_REACH_M:g} to {most:g}")
