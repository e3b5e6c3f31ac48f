"""Reading master data for screens."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import msgspec

from trilha.adapters.memory.database import MemoryDatabase, OrganisationTables
from trilha.adapters.memory.listing import Listing
from trilha.application.fleet.queries import (
    ClassificationChangeView,
    DriverFilter,
    DriverView,
    EventTypeView,
    GroupView,
    VehicleFilter,
    VehicleView,
    classification_change_view,
    driver_view,
    event_type_view,
    group_view,
    vehicle_view,
)
from trilha.application.ports import Page, PageRequest
from trilha.domain.fleet import Driver, EventType, Group, Vehicle
from trilha.domain.kernel import DriverId, EventTypeId, NotFound, OrganisationId, VehicleId, fold

_DRIVERS = Listing("drivers", tuple[str, int])
_VEHICLES = Listing("vehicles", tuple[str, int])
_GROUPS = Listing("groups", tuple[str, int])
_EVENT_TYPES = Listing("event_types", tuple[str, int])
_CHANGES = Listing("classification_changes", tuple[datetime, UUID], descending=True)


Member = TypeVar("Member", Driver, Vehicle)


class MemoryFleetQueries:
    """Master data of one organisation, sorted by folded name and id."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def drivers(
        self, organisation_id: OrganisationId, where: DriverFilter, page: PageRequest
    ) -> Page[DriverView | msgspec.Raw]:
        """Drivers by name."""
        rows = filter(_wanted_driver(where), drivers_of(self._database.of(organisation_id)))
        return _DRIVERS.page(rows, lambda row: (fold(row.name), int(row.id)), driver_view, page)

    async def driver(self, organisation_id: OrganisationId, driver_id: DriverId) -> DriverView:
        """One driver."""
        found = self._database.of(organisation_id).master["drivers"].get(driver_id)
        if not isinstance(found, Driver):
            raise NotFound("driver", driver_id)
        return driver_view(found)

    async def vehicles(
        self, organisation_id: OrganisationId, where: VehicleFilter, page: PageRequest
    ) -> Page[VehicleView | msgspec.Raw]:
        """Vehicles by description."""
        rows = filter(_wanted_vehicle(where), vehicles_of(self._database.of(organisation_id)))
        return _VEHICLES.page(rows, lambda row: (fold(row.description), int(row.id)), vehicle_view, page)

    async def vehicle(self, organisation_id: OrganisationId, vehicle_id: VehicleId) -> VehicleView:
        """One vehicle."""
        found = self._database.of(organisation_id).master["vehicles"].get(vehicle_id)
        if not isinstance(found, Vehicle):
            raise NotFound("vehicle", vehicle_id)
        return vehicle_view(found)

    async def groups(self, organisation_id: OrganisationId, page: PageRequest) -> Page[GroupView | msgspec.Raw]:
        """Groups by name."""
        records = self._database.of(organisation_id).master["groups"].values()
        rows = (row for row in records if isinstance(row, Group))
        return _GROUPS.page(rows, lambda row: (fold(row.name), int(row.id)), group_view, page)

    async def event_types(
        self, organisation_id: OrganisationId, classification: str | None, page: PageRequest
    ) -> Page[EventTypeView | msgspec.Raw]:
        """Event types by description."""
        rows = event_types_of(self._database.of(organisation_id)).values()
        wanted = (row for row in rows if classification is None or row.classification.value == classification)
        return _EVENT_TYPES.page(wanted, lambda row: (fold(row.description), int(row.id)), event_type_view, page)

    async def event_type(self, organisation_id: OrganisationId, event_type_id: EventTypeId) -> EventTypeView:
        """One event type."""
        found = event_types_of(self._database.of(organisation_id)).get(event_type_id)
        if found is None:
            raise NotFound("event type", event_type_id)
        return event_type_view(found)

    async def classification_changes(
        self, organisation_id: OrganisationId, event_type_id: EventTypeId | None, page: PageRequest
    ) -> Page[ClassificationChangeView | msgspec.Raw]:
        """Changes, newest first."""
        if event_type_id is not None:
            await self.event_type(organisation_id, event_type_id)
        rows = self._database.of(organisation_id).classification_changes.values()
        wanted = (row for row in rows if event_type_id in (None, row.event_type_id))
        return _CHANGES.page(wanted, lambda row: (row.changed_at, row.id), classification_change_view, page)


def event_types_of(tables: OrganisationTables) -> dict[int, EventType]:
    """The library, as the organisation classifies it."""
    return {row.id: row for row in tables.master["event_types"].values() if isinstance(row, EventType)}


def drivers_of(tables: OrganisationTables) -> Iterable[Driver]:
    """Every driver record."""
    return (row for row in tables.master["drivers"].values() if isinstance(row, Driver))


def vehicles_of(tables: OrganisationTables) -> Iterable[Vehicle]:
    """Every vehicle."""
    return (row for row in tables.master["vehicles"].values() if isinstance(row, Vehicle))


def group_and_below(tables: OrganisationTables, group_id: int) -> set[int]:
    """A group and all below it; the source's tree may hold a circle."""
    groups = [group for group in tables.master["groups"].values() if isinstance(group, Group)]
    inside, grew = {group_id}, True
    while grew:
        below = {int(group.id) for group in groups if group.parent_id in inside}
        grew = not below <= inside
        inside |= below
    return inside


def members_of(tables: OrganisationTables, group_id: int | None, records: Iterable[Member]) -> list[Member]:
    """Those of a group and all below it, or all; raises NotFound for a group that is not there."""
    if group_id is None:
        return list(records)
    if group_id not in tables.master["groups"]:
        raise NotFound("group", group_id)
    inside = group_and_below(tables, group_id)
    return [record for record in records if record.group_id in inside]


def _wanted_driver(where: DriverFilter) -> Callable[[Driver], bool]:
    sought = fold(where.search or "")
    return lambda row: (
        sought in row.search_text
        and (row.is_person or not where.people_only)
        and where.active in (None, row.active)
        and where.group_id in (None, row.group_id)
    )


def _wanted_vehicle(where: VehicleFilter) -> Callable[[Vehicle], bool]:
    sought = fold(where.search or "")
    return lambda row: (
        sought in row.search_text and where.active in (None, row.active) and where.group_id in (None, row.group_id)
    )
