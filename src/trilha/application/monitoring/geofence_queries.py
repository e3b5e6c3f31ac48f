"""Reading geofences and visits."""

from typing import Protocol
from uuid import UUID

import msgspec

from trilha.application.monitoring.geofence_views import GeofenceView, VisitView
from trilha.application.ports import Page, PageRequest
from trilha.domain.kernel import OrganisationId, TimeRange


class GeofenceFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which geofences: `search` matches any part of the name, accents and case ignored."""

    search: str | None = None
    active: bool | None = None


class VisitFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which visits: those that began in the time `entered`; with `open`, only those that go on, or only the others.

    Of any vehicle where `vehicle_ids` is None, of none where it is empty.
    """

    geofence_id: UUID | None = None
    vehicle_ids: tuple[int, ...] | None = None
    driver_id: int | None = None
    entered: TimeRange = TimeRange()
    open: bool | None = None


class GeofenceQueries(Protocol):
    """Geofences of an organisation, and who was there."""

    async def geofences(
        self, organisation_id: OrganisationId, where: GeofenceFilter, page: PageRequest
    ) -> Page[GeofenceView | msgspec.Raw]:
        """Geofences by folded name, then by id."""
        ...

    async def geofence(self, organisation_id: OrganisationId, geofence_id: UUID) -> GeofenceView:
        """One of them; raises NotFound."""
        ...

    async def visits(
        self, organisation_id: OrganisationId, where: VisitFilter, page: PageRequest, *, oldest_first: bool = False
    ) -> Page[VisitView | msgspec.Raw]:
        """Visits, the one that began last first, then by descending id, or the other way round.

        Those to deleted geofences too.
        """
        ...
