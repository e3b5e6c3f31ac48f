"""Areas for maps: GeoJSON (RFC 7946), longitude before latitude.

A circle is a Point with the property `radius_m`, a corridor a LineString with `half_width_m`; GeoJSON has neither. What
lies across the antimeridian goes on beyond 180 degrees, as maps on the web draw it, instead of being cut in two.
"""

from collections.abc import Mapping
from typing import Any

from trilha.domain.areas.coordinates import place_of, written
from trilha.domain.areas.errors import MalformedArea
from trilha.domain.areas.flat import flattened
from trilha.domain.areas.limits import MAX_VERTICES
from trilha.domain.areas.model import Area, Circle, Corridor, Polygon
from trilha.domain.areas.relations import flat_rings
from trilha.domain.kernel import GeoPoint, InvalidValue

COORDINATES = "geometry.coordinates"
METRES = {"radius_m": "Point", "half_width_m": "LineString"}
SHAPES = ("Point", "LineString", "Polygon", "MultiPolygon")


def area_to_geojson(area: Area, properties: Mapping[str, object] | None = None) -> dict[str, Any]:
    """A Feature as a plain dictionary; the outer ring turns left (section 3.1.6)."""
    geometry, own = _geometry(area)
    return {"type": "Feature", "properties": {**(properties or {}), **own}, "geometry": geometry}


def _geometry(area: Area) -> tuple[dict[str, object], dict[str, float]]:
    """The geometry, and the properties that it says nothing without."""
    match area:
        case Circle():
            center = written(flattened([area.center]))[0]
            return {"type": "Point", "coordinates": center}, {"radius_m": area.radius_m}
        case Corridor():
            line = written(flattened(area.line))
            return {"type": "LineString", "coordinates": line}, {"half_width_m": area.half_width_m}
        case Polygon():
            return {"type": "Polygon", "coordinates": [written(ring) for ring in flat_rings(area)]}, {}


def area_from_geojson(document: object) -> Area:
    """The area that a decoded Feature stands for, or a bare Polygon; altitudes are left out.

    Raises MalformedArea for another thing, InvalidValue or CrossingRings for one that cannot be an area, each with its
    place, such as `geometry.coordinates[0][3]`.
    """
    geometry = _mapping(document, "the document")
    properties: Mapping[str, Any] = {}
    if geometry.get("type") == "Feature":
        properties = _mapping(geometry.get("properties") or {}, "properties")
        geometry = _mapping(geometry.get("geometry"), "geometry")
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    _refuse_metres(properties, kind)
    match kind:
        case "Point":
            return Circle(_place(coordinates, COORDINATES), _metres(properties, "radius_m", "a Point"))
        case "LineString":
            return Corridor(_line(coordinates, COORDINATES), _metres(properties, "half_width_m", "a LineString"))
        case "Polygon":
            return _polygon(coordinates, COORDINATES)
        case "MultiPolygon":
            return _only_polygon(coordinates)
        case _:
            raise MalformedArea(
                f"geometry.type is {kind!r}; expected Polygon, Point with the property radius_m, or LineString with "
                "the property half_width_m"
            )


def _polygon(coordinates: object, where: str) -> Polygon:
    rings = _list(coordinates, where)
    return Polygon(tuple(_line(ring, f"{where}[{number}]") for number, ring in enumerate(rings)))


def _only_polygon(coordinates: object) -> Polygon:
    polygons = _list(coordinates, COORDINATES)
    if len(polygons) != 1:
        raise MalformedArea(
            f"a MultiPolygon of {len(polygons)}; expected one: make an area of each. Across 180 degrees draw one ring "
            "that goes on beyond it (179, 181) or jumps (179, -179), instead of two cut there"
        )
    return _polygon(polygons[0], f"{COORDINATES}[0]")


def _line(coordinates: object, where: str) -> tuple[GeoPoint, ...]:
    positions = _list(coordinates, where)
    if len(positions) > MAX_VERTICES + 1:
        raise InvalidValue(where, f"{len(positions)} positions", f"{MAX_VERTICES} or fewer; simplify the outline")
    return tuple(_place(position, f"{where}[{number}]") for number, position in enumerate(positions))


def _place(position: object, where: str) -> GeoPoint:
    match position:
        case [longitude, latitude, *_]:
            return place_of(longitude, latitude, where)
        case _:
            raise MalformedArea(f"{where} is no position; expected [longitude, latitude]")


def _metres(properties: Mapping[str, Any], name: str, kind: str) -> float:
    value = properties.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise MalformedArea(f"properties.{name} is {value!r}; expected metres, for {kind} has no extent of its own")
    return float(value)


def _refuse_metres(properties: Mapping[str, Any], kind: object) -> None:
    """Metres that mean nothing here: whoever gave them expects another area."""
    for name, whose in METRES.items():
        if properties.get(name) is not None and kind != whose and kind in SHAPES:
            raise MalformedArea(f"properties.{name} is {properties[name]!r}; expected none: it is for a {whose}")


def _list(value: object, where: str) -> list[Any]:
    if not isinstance(value, list | tuple) or not value:
        raise MalformedArea(f"{where} is {'empty' if value == [] else 'no list'}; expected coordinates")
    return list(value)


def _mapping(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise MalformedArea(f"{where} is no JSON object; expected a GeoJSON Feature or Polygon")
    return value
