"""A trail as a file: GPX 1.1 (Topografix) out, GPX 1.0 and 1.1 in.

Files come from strangers, so the reader takes no document type: without one XML has no entities of its own, none that
expand without end and none that fetch other files. Speed and heading are where programs look for them: elements of
GPX 1.0, Garmin's TrackPointExtension v2 in 1.1.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from math import isfinite
from xml.parsers.expat import ExpatError, ParserCreate
from xml.sax.saxutils import escape, quoteattr

import msgspec

from trilha.domain.kernel import DomainError, GeoPoint
from trilha.domain.tracks.points import KMH_PER_MPS, TrackPoint

NOT_IN_XML = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
GPX_1_0 = "http://www.topografix.com/GPX/1/0"
GPX_1_1 = "http://www.topografix.com/GPX/1/1"
GARMIN_POINT = "http://www.garmin.com/xmlschemas/TrackPointExtension/v2"
KNOWN_NAMESPACES = frozenset(("", GPX_1_0, GPX_1_1, GARMIN_POINT))
WAY_TO_POINT = ("gpx", "trk", "trkseg", "trkpt")
INSIDE_TRACK = 2


class MalformedGpx(DomainError, ValueError):
    """Bytes that are no GPX 1.0 or 1.1."""

    code = "malformed_gpx"


class GpxRefused(DomainError, ValueError):
    """A file with a document type, which GPX does not need and attacks do."""

    code = "gpx_refused"


class GpxDropReason(StrEnum):
    """Why a point of a file could not be used. The codes are stable."""

    UNTIMED = "untimed"
    MALFORMED_TIME = "malformed_time"
    MALFORMED_COORDINATE = "malformed_coordinate"


class UnusedGpxPoint(msgspec.Struct, frozen=True):
    """A point of a file that has no place in a trail: which of which segment of the file, from 0, and why."""

    segment: int
    position: int
    reason: GpxDropReason


class Gpx(msgspec.Struct, frozen=True):
    """What a file holds: a tuple of points for each segment that has any, in the file's order, and the points unused.

    Coordinates are as the file has them: `clean` judges. Waypoints and routes are not trails and are left aside.
    """

    segments: tuple[tuple[TrackPoint, ...], ...]
    unused: tuple[UnusedGpxPoint, ...] = ()
    name: str | None = None


def write_gpx(segments: Iterable[Sequence[TrackPoint]], name: str | None = None, creator: str = "Trilha") -> str:
    """A GPX 1.1 document of one track, a `trkseg` for each segment.

    Accuracy in metres and ignition have no element in GPX and are not written. Raises InvalidValue for a coordinate
    that is off the earth.
    """
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<gpx version="1.1" creator={quoteattr(_printable(creator))} xmlns="{GPX_1_1}" xmlns:gpxtpx="{GARMIN_POINT}">',
        "<trk>",
    ]
    if name is not None:
        lines.append(f"<name>{escape(_printable(name))}</name>")
    for points in segments:
        lines += ["<trkseg>", *map(_written, points), "</trkseg>"]
    return "\n".join([*lines, "</trk>", "</gpx>", ""])


def read_gpx(document: bytes | str) -> Gpx:
    """The tracks of a GPX file, each `trkseg` a segment. Times without a zone are UTC, as the format says.

    Raises GpxRefused for a document type, MalformedGpx for what is not well-formed XML or not GPX.
    """
    # text has lost the encoding that its first line may still name
    parser = ParserCreate("utf-8" if isinstance(document, str) else None, namespace_separator=" ")
    reader = _Reader()
    parser.StartDoctypeDeclHandler = _refuse_document_type
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.buffer_text = True
    try:
        parser.Parse(document, True)
    except ExpatError as error:
        raise MalformedGpx(f"GPX is not well-formed XML: {error}") from error
    return reader.result()


def _refuse_document_type(name: str, *_: object) -> None:
    raise GpxRefused(f"GPX has a document type ({name[:60]!r}); remove the DOCTYPE line, GPX needs none")


class _Reader:
    """Collects the points while expat walks the file: memory for the trail, not for the document."""

    def __init__(self) -> None:
        self._depth = 0
        self._matched = 0
        self._text: list[str] = []
        self._attributes: dict[str, str] = {}
        self._values: dict[str, str] = {}
        self._name: str | None = None
        self._segments: list[list[TrackPoint]] = []
        self._unused: list[UnusedGpxPoint] = []
        self._position = 0

    def result(self) -> Gpx:
        return Gpx(tuple(tuple(points) for points in self._segments if points), tuple(self._unused), self._name)

    def start(self, qualified: str, attributes: dict[str, str]) -> None:
        name = _local(qualified)
        if not self._depth and name != "gpx":
            raise MalformedGpx(f"the document is {qualified[:100]!r}; expected gpx of version 1.0 or 1.1")
        if self._depth == self._matched < len(WAY_TO_POINT) and name == WAY_TO_POINT[self._depth]:
            self._matched += 1
            if name == "trkseg":
                self._segments.append([])
                self._position = 0
            elif name == "trkpt":
                self._attributes, self._values = attributes, {}
        self._depth += 1
        self._text.clear()

    def text(self, text: str) -> None:
        self._text.append(text)

    def end(self, qualified: str) -> None:
        self._depth -= 1
        if self._depth < self._matched:
            if self._matched == len(WAY_TO_POINT):
                self._end_point()
            self._matched = self._depth
        elif self._matched == len(WAY_TO_POINT):
            self._values[_local(qualified)] = "".join(self._text).strip()
        elif self._depth == self._matched == INSIDE_TRACK and _local(qualified) == "name" and self._name is None:
            self._name = "".join(self._text).strip()
        self._text.clear()

    def _end_point(self) -> None:
        point = _point(self._attributes, self._values)
        if isinstance(point, TrackPoint):
            self._segments[-1].append(point)
        else:
            self._unused.append(UnusedGpxPoint(len(self._segments) - 1, self._position, point))
        self._position += 1


def _local(qualified: str) -> str:
    """Names of GPX and of Garmin's point extension by themselves; others stay with their namespace."""
    namespace, _, name = qualified.rpartition(" ")
    return name if namespace in KNOWN_NAMESPACES else qualified


def _point(attributes: dict[str, str], values: dict[str, str]) -> TrackPoint | GpxDropReason:
    latitude, longitude = _number(attributes.get("lat")), _number(attributes.get("lon"))
    if latitude is None or longitude is None:
        return GpxDropReason.MALFORMED_COORDINATE
    if not values.get("time"):
        return GpxDropReason.UNTIMED
    at = _time(values["time"])
    if at is None:
        return GpxDropReason.MALFORMED_TIME
    speed_mps = _number(values.get("speed"))
    return TrackPoint(
        at=at,
        latitude_deg=latitude,
        longitude_deg=longitude,
        altitude_m=_number(values.get("ele")),
        speed_kmh=None if speed_mps is None else speed_mps * KMH_PER_MPS,
        heading_deg=_number(values.get("course")),
        hdop=_number(values.get("hdop")),
    )


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if isfinite(value) else None


def _time(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _written(point: TrackPoint) -> str:
    place = GeoPoint(point.latitude_deg, point.longitude_deg)
    inner = [f"<time>{point.at.astimezone(UTC).isoformat().replace('+00:00', 'Z')}</time>"]
    if point.altitude_m is not None:
        inner.insert(0, f"<ele>{_decimal(point.altitude_m)}</ele>")
    if point.hdop is not None:
        inner.append(f"<hdop>{_decimal(point.hdop)}</hdop>")
    extension = ""
    if point.speed_kmh is not None:
        extension += f"<gpxtpx:speed>{_decimal(point.speed_kmh / KMH_PER_MPS)}</gpxtpx:speed>"
    if point.heading_deg is not None:
        extension += f"<gpxtpx:course>{_decimal(point.heading_deg)}</gpxtpx:course>"
    if extension:
        wrapped = f"<gpxtpx:TrackPointExtension>{extension}</gpxtpx:TrackPointExtension>"
        inner.append(f"<extensions>{wrapped}</extensions>")
    return f'<trkpt lat="{_decimal(place.latitude_deg)}" lon="{_decimal(place.longitude_deg)}">{"".join(inner)}</trkpt>'


def _decimal(value: float) -> str:
    """The shortest digits that read back as the same number, never with an exponent: XML's decimals know none."""
    return format(Decimal(repr(float(value))), "f")


def _printable(text: str) -> str:
    """Without the characters that XML cannot hold."""
    return NOT_IN_XML.sub("", text)
