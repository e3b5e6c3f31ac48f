"""Geofences and visits as screens show them. Ids of the source are strings: JavaScript cannot hold 64 bits."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from trilha.domain.areas import area_to_geojson
from trilha.domain.kernel import GeoPoint
from trilha.domain.monitoring import Geofence, Visit


class GeometryView(msgspec.Struct, frozen=True):
    """A geometry of GeoJSON (RFC 7946), longitude before latitude; beyond 180 degrees across the antimeridian."""

    type: Literal["Point", "LineString", "Polygon"]
    coordinates: tuple[Any, ...]


class GeofenceView(msgspec.Struct, frozen=True):
    """A geofence. A circle is a Point with `radius_m`, a corridor a LineString with `half_width_m` on either side."""

    id: UUID
    name: str
    description: str | None
    color: str | None
    active: bool
    geometry: GeometryView
    radius_m: float | None
    half_width_m: float | None
    created_at: datetime
    changed_at: datetime
    version: int


class VisitView(msgspec.Struct, frozen=True):
    """A stay at a geofence; `left_at`, `exit` and `dwelled_s` are null while it goes on.

    The name is that of the geofence now, also of one that was deleted.
    """

    id: UUID
    geofence_id: UUID
    geofence_name: str
    vehicle_id: str
    driver_id: str | None
    entered_at: datetime
    entry: GeoPoint | None
    left_at: datetime | None
    exit: GeoPoint | None
    dwelled_s: int | None


def geofence_view(fence: Geofence) -> GeofenceView:
    """A geofence as screens show it."""
    content = fence.content
    feature = area_to_geojson(content.area)
    return GeofenceView(
        id=fence.id,
        name=content.name,
        description=content.description,
        color=content.color,
        active=content.active,
        geometry=msgspec.convert(feature["geometry"], GeometryView),
        radius_m=feature["properties"].get("radius_m"),
        half_width_m=feature["properties"].get("half_width_m"),
        created_at=fence.created_at,
        changed_at=fence.changed_at,
        version=fence.version,
    )


def visit_view(visit: Visit, geofence_name: str) -> VisitView:
    """A visit as screens show it."""
    return VisitView(
        id=visit.id,
        geofence_id=visit.geofence_id,
        geofence_name=geofence_name,
        vehicle_id=str(visit.vehicle_id),
        driver_id=None if visit.driver_id is None else str(visit.driver_id),
        entered_at=visit.entered_at,
        entry=visit.entry,
        left_at=visit.left_at,
        exit=visit.exit,
        dwelled_s=visit.dwelled_s,
    )
