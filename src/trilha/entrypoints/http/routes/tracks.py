"""The trail of a vehicle, in the formats that maps and programs take."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated

import msgspec
from litestar.openapi.spec import OpenAPIType

from trilha.application.telemetry.show_track import (
    MAX_POSITIONS,
    TrackView,
    draw_trail,
    require_few,
    track_view,
)
from trilha.domain.kernel import VehicleId
from trilha.domain.telemetry import Position
from trilha.domain.tracks import track_to_geojson, write_gpx
from trilha.entrypoints.http.answers import JSON, Answer
from trilha.entrypoints.http.call import Call
from trilha.entrypoints.http.documentation import reads
from trilha.entrypoints.http.reading import From, Query, To, Tolerance, choice, time_range

DAY = timedelta(hours=24)
BEGINNING = datetime.min.replace(tzinfo=UTC)
GEOJSON = b"application/geo+json"
GPX = b"application/gpx+xml"


class TrackFormat(StrEnum):
    """How a trail is written."""

    POLYLINE = "polyline"
    GEOJSON = "geojson"
    GPX = "gpx"


_MEDIA_TYPES = {TrackFormat.POLYLINE: JSON, TrackFormat.GEOJSON: GEOJSON, TrackFormat.GPX: GPX}
_FORMATS = {media_type: kind for kind, media_type in _MEDIA_TYPES.items()}


class TrackQuery(Query, frozen=True, kw_only=True):
    """Which time, how thin, in which format."""

    from_: From | None = None
    to: To | None = None
    tolerance_m: Tolerance = 0.0
    format: (
        Annotated[
            str,
            choice(TrackFormat, "polyline is JSON with encoded polylines; without it the header Accept decides"),
        ]
        | None
    ) = None


@reads(
    "/v1/vehicles/{vehicle_id:str}/track",
    "getVehicleTrack",
    TrackView,
    tag="telemetry",
    query=TrackQuery,
    also={GEOJSON.decode(): OpenAPIType.OBJECT, GPX.decode(): OpenAPIType.STRING},
)
async def get_vehicle_track(request: Call) -> Answer:
    """The trail of a vehicle: cleaned, cut at silences of an hour, with distance, times and stops.

    The last 24 hours unless told otherwise, of 20,000 positions at most. JSON with encoded polylines, GeoJSON
    (`application/geo+json`) or GPX (`application/gpx+xml`), by `format` or by the header Accept.
    """
    asked = request.asks(TrackQuery)
    vehicle_id = VehicleId(request.source_id("vehicle_id"))
    organisation_id = await request.organisation()
    now = request.parts.clock.now()
    end = asked.to or max(now, asked.from_ or now)
    start = asked.from_ or _day_before(end)
    occurred = time_range(start, end)
    found = await request.parts.telemetry.track(organisation_id, vehicle_id, occurred, MAX_POSITIONS + 1)
    if not found:
        await request.parts.fleet.vehicle(organisation_id, vehicle_id)
    require_few(found, occurred)
    kind = TrackFormat(asked.format) if asked.format else _accepted(request.header(b"accept"))
    wanted = _Asked(vehicle_id, start, end, asked.tolerance_m)
    body = await asyncio.to_thread(_written, kind, wanted, found, now)
    return Answer(body, media_type=_MEDIA_TYPES[kind])


def _day_before(end: datetime) -> datetime:
    return end - DAY if end - BEGINNING > DAY else BEGINNING


class _Asked(msgspec.Struct, frozen=True):
    vehicle_id: int
    start: datetime
    end: datetime
    tolerance_m: float


def _written(kind: TrackFormat, asked: _Asked, positions: Sequence[Position], now: datetime) -> bytes:
    trail = draw_trail(positions, asked.tolerance_m, now)
    if kind is TrackFormat.GPX:
        return write_gpx(trail.segments, name=f"vehicle {asked.vehicle_id}").encode()
    view = track_view(asked.vehicle_id, asked.start, asked.end, trail)
    if kind is TrackFormat.POLYLINE:
        return msgspec.json.encode(view)
    properties = msgspec.to_builtins(view)
    del properties["segments"]
    return msgspec.json.encode(track_to_geojson(trail.segments, properties))


def _accepted(header: bytes | None) -> TrackFormat:
    """The first format that the header names; polylines in JSON where it names none of ours."""
    for part in (header or b"").split(b","):
        kind = _FORMATS.get(part.partition(b";")[0].strip().lower())
        if kind is not None:
            return kind
    return TrackFormat.POLYLINE


ROUTES = (get_vehicle_track,)
