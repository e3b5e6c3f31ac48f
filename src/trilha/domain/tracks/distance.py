"""How far: between two places, along a trail, from a place to a stretch of road.

Haversine on the mean sphere. Traccar and gpxpy take the equator's radius (6,378,137 m): there a trail is 0.11 % longer.
"""

from collections.abc import Iterable, Iterator
from math import asin, cos, radians, sin, sqrt

from trilha.domain.tracks.points import Located
from trilha.domain.tracks.sphere import EARTH_RADIUS_M, from_arc_m, unit_vector


def distance_m(one: Located, other: Located) -> float:
    """Metres on the great circle between two places."""
    return next(steps_m((one, other)))


def length_m(points: Iterable[Located]) -> float:
    """Metres along the points, in two dimensions; 0 for fewer than two. Gaps are for `segment`: sum over segments."""
    return sum(steps_m(points), 0.0)


def steps_m(points: Iterable[Located]) -> Iterator[float]:
    """Metres of each step from a point to the next: one less than there are points."""
    places = iter(points)
    for first in places:
        latitude, longitude = radians(first.latitude_deg), radians(first.longitude_deg)
        cos_latitude = cos(latitude)
        break
    else:
        return
    for place in places:
        last_latitude, last_longitude, last_cos = latitude, longitude, cos_latitude
        latitude, longitude = radians(place.latitude_deg), radians(place.longitude_deg)
        cos_latitude = cos(latitude)
        north, east = sin((latitude - last_latitude) / 2), sin((longitude - last_longitude) / 2)
        haversine = north * north + last_cos * cos_latitude * east * east
        yield 2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(haversine)))


def distance_to_segment_m(place: Located, start: Located, end: Located) -> float:
    """Metres from a place to the nearest point of the great circle's arc from `start` to `end`."""
    return from_arc_m(unit_vector(place), unit_vector(start), unit_vector(end))
