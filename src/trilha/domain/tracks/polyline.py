"""Google's encoded polyline: places as short text, for URLs and mobile clients.

Each coordinate is scaled by ten to the precision (5, or 6 as OSRM and Valhalla do), rounded half away from zero as the
published algorithm does, and written as the difference to the last one, five bits a character.
https://developers.google.com/maps/documentation/utilities/polylinealgorithm
"""

from collections.abc import Iterable, Iterator
from math import copysign, floor
from typing import Literal, TypeAlias

from trilha.domain.kernel import DomainError, GeoPoint, InvalidValue
from trilha.domain.tracks.points import Located

Precision: TypeAlias = Literal[5, 6]

OFFSET = 63
CHUNK_BITS = 5
CHUNK_MASK = 0x1F
MORE = 0x20
MAX_BITS = 35
"""360 degrees at precision 6 fit into 30 bits and a sign; longer runs are not coordinates."""


class MalformedPolyline(DomainError, ValueError):
    """Text that is no encoded polyline of this precision."""

    code = "malformed_polyline"


def encode_polyline(points: Iterable[Located], precision: Precision = 5) -> str:
    """Places as text, without times. Raises InvalidValue for a coordinate that is off the earth.

    >>> encode_polyline([GeoPoint(38.5, -120.2), GeoPoint(40.7, -120.95), GeoPoint(43.252, -126.453)])
    '_p~iF~ps|U_ulLnnqC_mqNvxq`@'
    """
    scale = _scale(precision)
    parts: list[str] = []
    last_latitude = last_longitude = 0
    for point in points:
        place = GeoPoint(point.latitude_deg, point.longitude_deg)
        latitude, longitude = _rounded(place.latitude_deg * scale), _rounded(place.longitude_deg * scale)
        parts += [_encoded(latitude - last_latitude), _encoded(longitude - last_longitude)]
        last_latitude, last_longitude = latitude, longitude
    return "".join(parts)


def decode_polyline(text: str, precision: Precision = 5) -> tuple[GeoPoint, ...]:
    """Places from text. Raises MalformedPolyline where it breaks off, holds other characters or leaves the earth."""
    scale = _scale(precision)
    deltas = list(_decoded(text))
    if len(deltas) % 2:
        raise MalformedPolyline("polyline ends with a latitude alone; expected pairs, was it cut off?")
    places: list[GeoPoint] = []
    latitude = longitude = 0
    for north, east in zip(deltas[::2], deltas[1::2], strict=True):
        latitude, longitude = latitude + north, longitude + east
        try:
            places.append(GeoPoint(latitude / scale, longitude / scale))
        except InvalidValue as error:
            raise MalformedPolyline(
                f"point {len(places)} of the polyline is off the earth ({error}); is its precision {precision}?"
            ) from error
    return tuple(places)


def _scale(precision: int) -> float:
    if precision not in (5, 6):
        raise InvalidValue("precision", precision, "5 or 6")
    return float(10**precision)


def _rounded(value: float) -> int:
    return int(copysign(floor(abs(value) + 0.5), value))


def _encoded(delta: int) -> str:
    value = ~(delta << 1) if delta < 0 else delta << 1
    chars: list[str] = []
    while value >= MORE:
        chars.append(chr((MORE | (value & CHUNK_MASK)) + OFFSET))
        value >>= CHUNK_BITS
    chars.append(chr(value + OFFSET))
    return "".join(chars)


def _decoded(text: str) -> Iterator[int]:
    value = shift = 0
    for position, char in enumerate(text):
        chunk = ord(char) - OFFSET
        if not 0 <= chunk <= (MORE | CHUNK_MASK):
            raise MalformedPolyline(f"character {position} of the polyline is {char!r}; expected one from '?' to '~'")
        value |= (chunk & CHUNK_MASK) << shift
        shift += CHUNK_BITS
        if shift > MAX_BITS:
            raise MalformedPolyline(f"the number before character {position} of the polyline does not end")
        if not chunk & MORE:
            yield ~(value >> 1) if value & 1 else value >> 1
            value = shift = 0
    if shift:
        raise MalformedPolyline("polyline ends inside a number; was it cut off?")
