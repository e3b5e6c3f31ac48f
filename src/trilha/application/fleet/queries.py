"""What screens show of the master data, and the port that reads it. Ids are strings: JavaScript cannot hold 64 bits."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from trilha.application.ports import Page, PageRequest
from trilha.domain.fleet import ClassificationChange, Driver, EventType, Group, Vehicle
from trilha.domain.kernel import DriverId, EventTypeId, OrganisationId, VehicleId


class GroupView(msgspec.Struct, frozen=True):
    """A site or group of the organisation."""

    id: str
    name: str
    kind: str
    parent_id: str | None
    active: bool


class DriverView(msgspec.Struct, frozen=True):
    """A driver; `is_person` is false for the source's special records."""

    id: str
    name: str
    badge: str | None
    group_id: str | None
    kind: str
    is_person: bool
    active: bool


class VehicleView(msgspec.Struct, frozen=True):
    """A vehicle."""

    id: str
    description: str
    plate: str | None
    fleet_number: str | None
    group_id: str | None
    make: str | None
    model: str | None
    year: str | None
    vehicle_type: str | None
    active: bool


class EventTypeView(msgspec.Struct, frozen=True):
    """An event type with its classification for the organisation."""

    id: str
    description: str
    source_class: str
    value_name: str | None
    value_format: str | None
    units: str | None
    classification: str
    active: bool


class ClassificationChangeView(msgspec.Struct, frozen=True):
    """A change of what an event type means; `changed_by` names who said so."""

    id: UUID
    event_type_id: str
    before: str
    after: str
    changed_at: datetime
    changed_by: str
    reason: str | None


class DriverFilter(msgspec.Struct, frozen=True):
    """Which drivers: `search` matches any part of name or badge, accents and case ignored."""

    search: str | None = None
    people_only: bool = False
    active: bool | None = None
    group_id: int | None = None


class VehicleFilter(msgspec.Struct, frozen=True):
    """Which vehicles: `search` matches any part of description, plate or fleet number."""

    search: str | None = None
    active: bool | None = None
    group_id: int | None = None


class FleetQueries(Protocol):
    """Reads master data of one organisation. Lists are sorted by folded name (code points), then id.

    A cursor goes on after the last item by that key, so that insertions elsewhere neither skip nor repeat. Raises
    InvalidValue for a cursor of another list.
    """

    async def drivers(
        self, organisation_id: OrganisationId, where: DriverFilter, page: PageRequest
    ) -> Page[DriverView | msgspec.Raw]:
        """Drivers by name."""
        ...

    async def driver(self, organisation_id: OrganisationId, driver_id: DriverId) -> DriverView:
        """One driver; raises NotFound."""
        ...

    async def vehicles(
        self, organisation_id: OrganisationId, where: VehicleFilter, page: PageRequest
    ) -> Page[VehicleView | msgspec.Raw]:
        """Vehicles by description."""
        ...

    async def vehicle(self, organisation_id: OrganisationId, vehicle_id: VehicleId) -> VehicleView:
        """One vehicle; raises NotFound."""
        ...

    async def groups(self, organisation_id: OrganisationId, page: PageRequest) -> Page[GroupView | msgspec.Raw]:
        """Groups by name."""
        ...

    async def event_types(
        self, organisation_id: OrganisationId, classification: str | None, page: PageRequest
    ) -> Page[EventTypeView | msgspec.Raw]:
        """Event types by description."""
        ...

    async def event_type(self, organisation_id: OrganisationId, event_type_id: EventTypeId) -> EventTypeView:
        """One event type; raises NotFound."""
        ...

    async def classification_changes(
        self, organisation_id: OrganisationId, event_type_id: EventTypeId | None, page: PageRequest
    ) -> Page[ClassificationChangeView | msgspec.Raw]:
        """Changes of one type or of all, newest first, then by descending id; raises NotFound for an unknown type."""
        ...


def driver_view(driver: Driver) -> DriverView:
    """A driver as screens show it."""
    return DriverView(
        id=str(driver.id),
        name=driver.name,
        badge=driver.badge,
        group_id=_text(driver.group_id),
        kind=driver.kind.value,
        is_person=driver.is_person,
        active=driver.active,
    )


def vehicle_view(vehicle: Vehicle) -> VehicleView:
    """A vehicle as screens show it."""
    return VehicleView(
        id=str(vehicle.id),
        description=vehicle.description,
        plate=vehicle.plate,
        fleet_number=vehicle.fleet_number,
        group_id=_text(vehicle.group_id),
        make=vehicle.make,
        model=vehicle.model,
        year=vehicle.year,
        vehicle_type=vehicle.vehicle_type,
        active=vehicle.active,
    )


def group_view(group: Group) -> GroupView:
    """A group as screens show it."""
    return GroupView(
        id=str(group.id), name=group.name, kind=group.kind, parent_id=_text(group.parent_id), active=group.active
    )


def event_type_view(event_type: EventType) -> EventTypeView:
    """An event type as screens show it."""
    return EventTypeView(
        id=str(event_type.id),
        description=event_type.description,
        source_class=event_type.source_class,
        value_name=event_type.value_name,
        value_format=event_type.value_format,
        units=event_type.units,
        classification=event_type.classification.value,
        active=event_type.active,
    )


def classification_change_view(change: ClassificationChange) -> ClassificationChangeView:
    """A change as screens show it."""
    return ClassificationChangeView(
        id=change.id,
        event_type_id=str(change.event_type_id),
        before=change.before.value,
        after=change.after.value,
        changed_at=change.changed_at,
        changed_by=change.changed_by,
        reason=change.reason,
    )


def _text(identifier: int | None) -> str | None:
    return None if identifier is None else str(identifier)
