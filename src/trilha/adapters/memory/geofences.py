"""Geofences and the visits to them, inside a unit of work."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from trilha.adapters.memory.database import Draft, OrganisationTables
from trilha.adapters.memory.ingestion import another_was_faster
from trilha.domain.kernel import NotFound, VehicleId
from trilha.domain.monitoring import Departure, Geofence, Passage, Visit


class MemoryGeofences:
    """Geofences under optimistic locking."""

    def __init__(self, tables: OrganisationTables) -> None:
        self._geofences = Draft(tables.geofences)

    async def stamp(self) -> str:
        """Every version counts."""
        return str(sum(fence.version + 1 for fence in self._geofences.all().values()))

    async def all(self) -> Sequence[Geofence]:
        """Every geofence that was not deleted, by id."""
        fences = self._geofences.all().values()
        return sorted((fence for fence in fences if fence.deleted_at is None), key=lambda fence: fence.id)

    async def get(self, geofence_id: UUID) -> Geofence:
        """One of them."""
        found = self._geofences.hold(geofence_id)
        if found is None or found.deleted_at is not None:
            raise NotFound("geofence", geofence_id)
        return found

    async def save(self, geofences: Sequence[Geofence]) -> None:
        """Write the next version of each."""
        for fence in geofences:
            current = self._geofences.get(fence.id)
            if fence.version != (0 if current is None else current.version + 1):
                raise another_was_faster(f"geofence {fence.id}")
            self._geofences.put(fence.id, fence)

    @property
    def is_stale(self) -> bool:
        """Whether another transaction changed one of these meanwhile."""
        return self._geofences.is_stale

    def apply(self) -> None:
        """Commit."""
        self._geofences.apply()


class MemoryVisits:
    """Visits as they are found out."""

    def __init__(self, tables: OrganisationTables) -> None:
        self._visits = Draft(tables.visits)

    async def follow(self, passages: Sequence[Passage]) -> None:
        """Open and close visits, in this order."""
        for passage in passages:
            at_the_fence = self._of(passage.geofence_id, passage.vehicle_id)
            going_on = next((visit for visit in at_the_fence if visit.left_at is None), None)
            match passage:
                case Visit(entered_at=entered_at):
                    if going_on is None and all(visit.entered_at != entered_at for visit in at_the_fence):
                        self._visits.put(passage.id, passage)
                case Departure(left_at=left_at, exit=place) if going_on is not None:
                    left_at = max(left_at, going_on.entered_at)
                    self._visits.put(going_on.id, msgspec.structs.replace(going_on, left_at=left_at, exit=place))

    async def end_all(self, geofence_id: UUID, at: datetime) -> Collection[VehicleId]:
        """Close the open visits to a geofence."""
        going_on = [
            visit for visit in self._visits.all().values() if visit.geofence_id == geofence_id and visit.left_at is None
        ]
        for visit in going_on:
            self._visits.put(visit.id, msgspec.structs.replace(visit, left_at=max(at, visit.entered_at)))
        return [visit.vehicle_id for visit in going_on]

    def _of(self, geofence_id: UUID, vehicle_id: VehicleId) -> list[Visit]:
        wanted = (geofence_id, vehicle_id)
        return [visit for visit in self._visits.all().values() if (visit.geofence_id, visit.vehicle_id) == wanted]

    @property
    def is_stale(self) -> bool:
        """Whether another transaction moved one of these meanwhile."""
        return self._visits.is_stale

    def apply(self) -> None:
        """Commit."""
        self._visits.apply()
