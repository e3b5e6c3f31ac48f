"""Areas: places on the earth with an edge, whoever watches them, a depot or a region of walks.

Circles, polygons and corridors on a sphere, in the standard order of longitude and latitude where text is read or
written; correct across the antimeridian.

    shapes   `Circle`, `Polygon`, `Corridor`; together `Area`. They refuse to exist without a proper inside
    ask      `contains(area, place)`, `crosses(area, start, end)`, `distance_to_edge_m(area, place)`
    many     `AreaIndex(areas).containing(latitude_deg, longitude_deg)`: which of a thousand, in microseconds
    text     `area_from_wkt`, `area_to_wkt`, `area_from_geojson`, `area_to_geojson`
"""

from trilha.domain.areas.errors import CrossingRings, MalformedArea
from trilha.domain.areas.geojson import area_from_geojson, area_to_geojson
from trilha.domain.areas.index import AreaIndex
from trilha.domain.areas.limits import MAX_HALF_WIDTH_M, MAX_RADIUS_M, MAX_VERTICES, MIN_REACH_M
from trilha.domain.areas.model import Area, Circle, Corridor, Polygon
from trilha.domain.areas.relations import contains, crosses, distance_to_edge_m
from trilha.domain.areas.wkt import area_from_wkt, area_to_wkt

__all__ = [
    "MAX_HALF_WIDTH_M",
    "MAX_RADIUS_M",
    "MAX_VERTICES",
    "MIN_REACH_M",
    "Area",
    "AreaIndex",
    "Circle",
    "Corridor",
    "CrossingRings",
    "MalformedArea",
    "Polygon",
    "area_from_geojson",
    "area_from_wkt",
    "area_to_geojson",
    "area_to_wkt",
    "contains",
    "crosses",
    "distance_to_edge_m",
]
