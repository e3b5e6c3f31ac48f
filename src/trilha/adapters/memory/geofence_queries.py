"""Reading geofences and visits for screens."""

from datetime import datetime
from uuid import UUID

import msgspec

from trilha.adapters.memory.database import MemoryDatabase
from trilha.adapters.memory.geofences import MemoryGeofences
from trilha.adapters.memory.listing import Listing
from trilha.application.monitoring.geofence_queries import GeofenceFilter, VisitFilter
from trilha.application.monitoring.geofence_views import GeofenceView, VisitView, geofence_view, visit_view
from trilha.application.ports import Page, PageRequest
from trilha.domain.kernel import OrganisationId, fold
from trilha.domain.monitoring import Visit

_GEOFENCES = Listing("geofences", tuple[str, UUID])
_VISITS = Listing("visits", tuple[datetime, UUID], descending=True)
_VISITS_IN_ORDER = Listing("visits_in_order", tuple[datetime, UUID])


class MemoryGeofenceQueries:
    """Geofences of one organisation by name, visits newest first."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def geofences(
        self, organisation_id: OrganisationId, where: GeofenceFilter, page: PageRequest
    ) -> Page[GeofenceView | msgspec.Raw]:
        """Geofences."""
        sought = fold(where.search or "")
        fences = await MemoryGeofences(self._database.of(organisation_id)).all()
        rows = (
            fence
            for fence in fences
            if sought in fold(fence.content.name) and where.active in (None, fence.content.active)
        )
        return _GEOFENCES.page(rows, lambda fence: (fold(fence.content.name), fence.id), geofence_view, page)

    async def geofence(self, organisation_id: OrganisationId, geofence_id: UUID) -> GeofenceView:
        """One of them."""
        return geofence_view(await MemoryGeofences(self._database.of(organisation_id)).get(geofence_id))

    async def visits(
        self, organisation_id: OrganisationId, where: VisitFilter, page: PageRequest, *, oldest_first: bool = False
    ) -> Page[VisitView | msgspec.Raw]:
        """Visits."""
        tables = self._database.of(organisation_id)
        rows = (visit for visit in tables.visits.values() if _is_wanted(where, visit))
        listing = _VISITS_IN_ORDER if oldest_first else _VISITS
        return listing.page(
            rows,
            lambda visit: (visit.entered_at, visit.id),
            lambda visit: visit_view(visit, tables.geofences[visit.geofence_id].content.name),
            page,
        )


def _is_wanted(where: VisitFilter, visit: Visit) -> bool:
    return (
        where.geofence_id in (None, visit.geofence_id)
        and (where.vehicle_ids is None or visit.vehicle_id in where.vehicle_ids)
        and where.driver_id in (None, visit.driver_id)
        and where.open in (None, visit.left_at is None)
        and visit.entered_at in where.entered
    )
