"""A trail for maps: GeoJSON (RFC 7946) as plain dictionaries, ready for any JSON encoder."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from math import atan2, degrees, hypot
from typing import Any, TypeAlias

from trilha.domain.kernel import GeoPoint
from trilha.domain.tracks.points import TrackPoint
from trilha.domain.tracks.sphere import unit_vector

Line: TypeAlias = list[list[float]]

HALF_TURN_DEG = 180.0


def track_to_geojson(
    segments: Iterable[Sequence[TrackPoint]], properties: Mapping[str, object] | None = None
) -> dict[str, Any]:
    """A Feature of the segments: longitude, latitude and, where known, altitude of each point.

    One line becomes a LineString, several a MultiLineString, none a null geometry. Lines are cut at the antimeridian
    (section 3.1.9) where the great circle crosses it, so no map draws them around the world. A segment of one point is
    a line of no length, for a line has two positions. Raises InvalidValue for a coordinate that is off the earth.
    """
    lines = [line for segment in segments if segment for line in _lines(segment)]
    geometry: dict[str, Any] | None = None
    if len(lines) == 1:
        geometry = {"type": "LineString", "coordinates": lines[0]}
    elif lines:
        geometry = {"type": "MultiLineString", "coordinates": lines}
    return {"type": "Feature", "properties": dict(properties or {}), "geometry": geometry}


def _lines(segment: Sequence[TrackPoint]) -> Iterator[Line]:
    line = [_coordinates(segment[0])]
    for last, point in pairwise(segment):
        if abs(point.longitude_deg - last.longitude_deg) > HALF_TURN_DEG:
            side = HALF_TURN_DEG if last.longitude_deg > 0 else -HALF_TURN_DEG
            crossing = _crossing(last, point)
            yield [*line, [side, *crossing]]
            line = [[-side, *crossing]]
        line.append(_coordinates(point))
    yield line if len(line) > 1 else line * 2


def _coordinates(point: TrackPoint) -> list[float]:
    place = GeoPoint(point.latitude_deg, point.longitude_deg)
    altitude = () if point.altitude_m is None else (point.altitude_m,)
    return [place.longitude_deg, place.latitude_deg, *altitude]


def _crossing(last: TrackPoint, point: TrackPoint) -> list[float]:
    """Latitude, and altitude if both ends have one, where the great circle meets 180 degrees."""
    (ax, ay, az), (bx, by, bz) = unit_vector(last), unit_vector(point)
    share = ay / (ay - by)
    x, z = ax + share * (bx - ax), az + share * (bz - az)
    latitude = degrees(atan2(z, hypot(x, 0.0)))
    if last.altitude_m is None or point.altitude_m is None:
        return [latitude]
    return [latitude, last.altitude_m + share * (point.altitude_m - last.altitude_m)]
