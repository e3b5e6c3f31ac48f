"""The three shapes. Each refuses to exist unless it is a place with an inside; what it keeps is one form of itself."""

from collections.abc import Sequence
from itertools import pairwise
from typing import TypeAlias

import msgspec

from trilha.domain.areas.limits import (
    MAX_HALF_WIDTH_M,
    MAX_LEG_M,
    MAX_RADIUS_M,
    MAX_VERTICES,
    check_reach,
    rounded,
)
from trilha.domain.areas.rings import settled
from trilha.domain.kernel import GeoPoint, InvalidValue
from trilha.domain.tracks.distance import steps_m

LEAST_STOPS = 2


class Circle(msgspec.Struct, frozen=True, tag_field="shape", tag="circle"):
    """All places no farther from `center` than `radius_m`, 1 m to 1,000 km, over the sphere; poles may lie inside."""

    center: GeoPoint
    radius_m: float

    def __post_init__(self) -> None:
        check_reach("radius_m", self.radius_m, MAX_RADIUS_M)
        msgspec.structs.force_setattr(self, "center", rounded(self.center))


class Polygon(msgspec.Struct, frozen=True, tag_field="shape", tag="polygon"):
    """What lies within the first ring and in none of the holes that follow; 1,000 vertices in all.

    Sides are straight in degrees, as maps and RFC 7946 draw them, and go the short way: from 179 to -179 across the
    antimeridian. Rings come closed or not, turning either way; they are kept closed, the first turning left and the
    holes right, to nine decimals. Raises InvalidValue for fewer than three different points, sides of half a turn and
    rings around a pole, CrossingRings for a ring that meets itself or crosses another.
    """

    rings: tuple[tuple[GeoPoint, ...], ...]

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "rings", settled(self.rings))


class Corridor(msgspec.Struct, frozen=True, tag_field="shape", tag="corridor"):
    """All places no farther than `half_width_m`, 1 m to 100 km, from a line, whose ends are round.

    Half, because it counts on either side: the band is twice as wide. It is what Traccar calls a polyline's distance.
    Legs are arcs of great circles of at most 1,000 km. Raises InvalidValue for fewer than two different points.
    """

    line: tuple[GeoPoint, ...]
    half_width_m: float

    def __post_init__(self) -> None:
        check_reach("half_width_m", self.half_width_m, MAX_HALF_WIDTH_M)
        msgspec.structs.force_setattr(self, "line", _settled_line(self.line))


Area: TypeAlias = Circle | Polygon | Corridor


def _settled_line(line: Sequence[GeoPoint]) -> tuple[GeoPoint, ...]:
    if len(line) > MAX_VERTICES:
        raise InvalidValue("line", f"{len(line)} vertices", f"{MAX_VERTICES} vertices or fewer; simplify the line")
    places = [rounded(place) for place in line]
    once = tuple(place for i, place in enumerate(places) if i == 0 or place != places[i - 1])
    if len(once) < LEAST_STOPS:
        raise InvalidValue("line", f"{len(line)} points", "2 or more different points")
    for number, (leg_m, ends) in enumerate(zip(steps_m(once), pairwise(once), strict=True), start=1):
        if leg_m > MAX_LEG_M:
            start, end = ends
            raise InvalidValue(
                "line",
                f"leg {number}, {leg_m / 1000:.0f} km from longitude {start.longitude_deg:g}, latitude "
                f"{start.latitude_deg:g} to {end.longitude_deg:g}, {end.latitude_deg:g}",
                f"legs of {MAX_LEG_M / 1000:.0f} km or less: put points between, or correct one",
            )
    return once
