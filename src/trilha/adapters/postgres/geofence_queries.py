"""Geofences and visits as screens show them."""

from datetime import datetime
from typing import Final, LiteralString
from uuid import UUID

import msgspec

from trilha.adapters.postgres.geofences import GEOFENCE_COLUMNS, geofence_of
from trilha.adapters.postgres.json_text import (
    identifier,
    identifier_or_null,
    json_object,
    json_or_null,
    number_or_null,
    plain,
    point_or_null,
    text,
    text_or_null,
    time,
    time_or_null,
)
from trilha.adapters.postgres.lanes import Lanes
from trilha.adapters.postgres.pools import Pool
from trilha.adapters.postgres.reading import Listing, Where, key_of, like, read, read_page
from trilha.application.monitoring.geofence_queries import GeofenceFilter, VisitFilter
from trilha.application.monitoring.geofence_views import GeofenceView, VisitView, geofence_view
from trilha.application.paging import decode_cursor
from trilha.application.ports import Page, PageRequest
from trilha.domain.kernel import NotFound, OrganisationId, fold

_GEOFENCE: Final = json_object(
    {
        "id": text("id"),
        "name": text("name"),
        "description": text_or_null("description"),
        "color": text_or_null("color"),
        "active": plain("active"),
        "geometry": json_or_null("area -> 'geometry'"),
        "radius_m": json_or_null("area -> 'properties' -> 'radius_m'"),
        "half_width_m": json_or_null("area -> 'properties' -> 'half_width_m'"),
        "created_at": time("created_at"),
        "changed_at": time("changed_at"),
        "version": plain("version"),
    }
)
_VISIT: Final = json_object(
    {
        "id": text("v.id"),
        "geofence_id": text("v.geofence_id"),
        "geofence_name": text("g.name"),
        "vehicle_id": identifier("v.vehicle_id"),
        "driver_id": identifier_or_null("v.driver_id"),
        "entered_at": time("v.entered_at"),
        "entry": point_or_null("v.entry_latitude_deg", "v.entry_longitude_deg"),
        "left_at": time_or_null("v.left_at"),
        "exit": point_or_null("v.exit_latitude_deg", "v.exit_longitude_deg"),
        "dwelled_s": number_or_null("floor(extract(epoch from v.left_at - v.entered_at))::bigint"),
    }
)


_GEOFENCES: Final = Listing(
    "geofences", f"select {_GEOFENCE}, sort_name, id from geofences", "sort_name, id", key_of(str, UUID)
)
_TIME_AND_ID: Final = key_of(datetime.fromisoformat, UUID)
_SELECT_VISITS: Final[LiteralString] = (
    f"select {_VISIT}, v.entered_at, v.id from geofence_visits v "
    "join geofences g on g.organisation_id = v.organisation_id and g.id = v.geofence_id"
)
_VISITS: Final = Listing("visits", _SELECT_VISITS, "v.entered_at desc, v.id desc", _TIME_AND_ID)
_VISITS_IN_ORDER: Final = Listing("visits_in_order", _SELECT_VISITS, "v.entered_at, v.id", _TIME_AND_ID)


class PostgresGeofenceQueries:
    """See GeofenceQueries. Items are JSON from the database."""

    def __init__(self, pool: Pool, lanes: Lanes) -> None:
        self._pool = pool
        self._lanes = lanes

    async def geofences(
        self, organisation_id: OrganisationId, where: GeofenceFilter, page: PageRequest
    ) -> Page[GeofenceView | msgspec.Raw]:
        """Geofences by name."""
        conditions = Where()
        conditions.add("deleted_at is null")
        if where.search is not None:
            conditions.add("sort_name like %s", like(fold(where.search)))
        if where.active is not None:
            conditions.add("active = %s", where.active)
        if page.cursor is not None:
            conditions.add("(sort_name, id) > (%s, %s)", *decode_cursor("geofences", page.cursor, tuple[str, UUID]))
        return await read_page(self._lanes, organisation_id, _GEOFENCES, conditions, page)

    async def geofence(self, organisation_id: OrganisationId, geofence_id: UUID) -> GeofenceView:
        """One of them."""
        statement = "select " + GEOFENCE_COLUMNS + " from geofences where id = %s and deleted_at is null"
        rows = await read(self._pool, organisation_id, statement, (geofence_id,))
        if not rows:
            raise NotFound("geofence", geofence_id)
        return geofence_view(geofence_of(rows[0]))

    async def visits(
        self, organisation_id: OrganisationId, where: VisitFilter, page: PageRequest, *, oldest_first: bool = False
    ) -> Page[VisitView | msgspec.Raw]:
        """Visits, the one that began last first, or the other way round."""
        listing, conditions = _VISITS_IN_ORDER if oldest_first else _VISITS, Where()
        if where.geofence_id is not None:
            conditions.add("v.geofence_id = %s", where.geofence_id)
        if where.vehicle_ids is not None:
            # lanes send text: an array as PostgreSQL writes it
            conditions.add("v.vehicle_id = any(%s::bigint[])", f"{{{','.join(map(str, where.vehicle_ids))}}}")
        if where.driver_id is not None:
            conditions.add("v.driver_id = %s", where.driver_id)
        if where.open is not None:
            conditions.add("(v.left_at is null) = %s", where.open)
        if where.entered.start is not None:
            conditions.add("v.entered_at >= %s", where.entered.start)
        if where.entered.end is not None:
            conditions.add("v.entered_at < %s", where.entered.end)
        if page.cursor is not None:
            key = decode_cursor(listing.name, page.cursor, tuple[datetime, UUID])
            after: LiteralString = ">" if oldest_first else "<"
            conditions.add(f"(v.entered_at, v.id) {after} (%s, %s)", *key)
        return await read_page(self._lanes, organisation_id, listing, conditions, page)
