"""Areas as well-known text, in its standard order: longitude (x) before latitude (y).

`POLYGON ((..), (..))`; `LINESTRING (..)` with the half width told beside it; and, as the standard has none,
`CIRCLE (longitude latitude, radius)` as Traccar writes it. Traccar's own texts have latitude first: swap them.
"""

import re
from collections.abc import Iterable

from trilha.domain.areas.coordinates import place_of, written
from trilha.domain.areas.errors import MalformedArea
from trilha.domain.areas.flat import flattened
from trilha.domain.areas.limits import MAX_VERTICES
from trilha.domain.areas.model import Area, Circle, Corridor, Polygon
from trilha.domain.areas.relations import flat_rings
from trilha.domain.kernel import GeoPoint, InvalidValue
from trilha.domain.tracks.rectangle import Flat

MAX_TEXT = 200 * MAX_VERTICES
"""More than a thousand vertices of three numbers each can need."""
SHAPE = re.compile(r"\s*(?:SRID\s*=\s*4326\s*;\s*)?([A-Z]+)\s*(?:Z\s*)?\(([^A-Z]*)\)\s*", re.IGNORECASE)
RING = re.compile(r"\s*\(([^()]*)\)\s*")
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:E[-+]?\d+)?", re.IGNORECASE | re.ASCII)
EXPECTED = "POLYGON ((lon lat, ...)), LINESTRING (lon lat, ...) or CIRCLE (lon lat, radius in metres)"
WITHOUT_WIDTH = ("POLYGON", "CIRCLE")
LONGITUDE_AND_LATITUDE = 2
WITH_ALTITUDE = 3


def area_to_wkt(area: Area) -> str:
    """The text of an area. That of a corridor leaves its half width out, for which the format has no place.

    >>> area_to_wkt(Circle(GeoPoint(-23.5, -46.25), 100))
    'CIRCLE (-46.25 -23.5, 100)'
    """
    match area:
        case Circle():
            return f"CIRCLE ({_text(flattened([area.center]))}, {_digits(area.radius_m)})"
        case Corridor():
            return f"LINESTRING ({_text(flattened(area.line))})"
        case Polygon():
            return f"POLYGON ({', '.join(f'({_text(ring)})' for ring in flat_rings(area))})"


def area_from_wkt(text: str, half_width_m: float | None = None) -> Area:
    """The area of a text; a LINESTRING needs its half width, in metres, nothing else has one. Altitudes are left out.

    Raises MalformedArea, InvalidValue or CrossingRings, naming ring and point from 1.
    """
    if len(text) > MAX_TEXT:
        raise InvalidValue("wkt", f"{len(text)} characters", f"{MAX_TEXT} or fewer; simplify the outline")
    shape = SHAPE.fullmatch(text)
    match (shape[1].upper(), shape[2]) if shape else ("", ""):
        case kind, _ if half_width_m is not None and kind in WITHOUT_WIDTH:
            raise MalformedArea(f"half_width_m is {half_width_m:g}; expected none: a {kind} has no half width")
        case "POLYGON", body:
            return Polygon(tuple(_line(ring, f"ring {number}") for number, ring in enumerate(_rings(body), start=1)))
        case "LINESTRING", body:
            if half_width_m is None:
                raise MalformedArea("a LINESTRING without half_width_m; expected the metres on either side beside it")
            return Corridor(_line(body, "line"), half_width_m)
        case "CIRCLE", body:
            return _circle(body)
        case _:
            raise MalformedArea(f"the text {text[:40]!r} is no area; expected {EXPECTED}")


def _rings(body: str) -> list[str]:
    rings, end = list[str](), 0
    while ring := RING.match(body, end):
        rings.append(ring[1])
        end = ring.end()
        if end < len(body) and body[end] != ",":
            break
        end += 1
    if not rings or end != len(body) + 1:
        raise MalformedArea("the rings of a POLYGON stand each in brackets, with commas between: ((..), (..))")
    return rings


def _circle(body: str) -> Circle:
    center, comma, radius = body.partition(",")
    metres = NUMBER.fullmatch(radius.strip())
    if not comma or not metres:
        raise MalformedArea(
            f"the text 'CIRCLE ({body[:40]})' is no circle; expected CIRCLE (lon lat, radius in metres)"
        )
    return Circle(_place(center, "center"), float(metres[0]))


def _line(body: str, where: str) -> tuple[GeoPoint, ...]:
    return tuple(_place(point, f"{where}, point {number}") for number, point in enumerate(body.split(","), start=1))


def _place(text: str, where: str) -> GeoPoint:
    numbers = text.split()
    if not LONGITUDE_AND_LATITUDE <= len(numbers) <= WITH_ALTITUDE or not all(map(NUMBER.fullmatch, numbers)):
        raise MalformedArea(f"{where} is {text.strip()[:40]!r}; expected a longitude, a space and a latitude")
    return place_of(float(numbers[0]), float(numbers[1]), where)


def _text(line: Iterable[Flat]) -> str:
    return ", ".join(f"{_digits(x)} {_digits(y)}" for x, y in written(list(line)))


def _digits(value: float) -> str:
    """The shortest decimal form, without an exponent."""
    return f"{value:.9f}".rstrip("0").rstrip(".") if abs(value) < 1 else repr(value).removesuffix(".0")
