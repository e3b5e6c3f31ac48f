"""The master data of a fleet: groups, drivers, vehicles and event types, as the source knows them."""

from enum import StrEnum
from typing import Literal

import msgspec

from trilha.domain.fleet.classification import Classification
from trilha.domain.kernel import DriverId, EventTypeId, GroupId, VehicleId, check_source_id, fold


class DriverKind(StrEnum):
    """Whether a driver record stands for a person. Only people appear in rankings."""

    PERSON = "person"
    UNKNOWN = "unknown"
    UNMATCHED = "unmatched"
    INSTALLER = "installer"
    AUTOMATIC = "automatic"
    SYSTEM = "system"


class Group(msgspec.Struct, frozen=True):
    """A node in the tree of sites of an organisation; the root has no parent."""

    id: GroupId
    name: str
    kind: str = ""
    parent_id: GroupId | None = None
    active: bool = True

    def __post_init__(self) -> None:
        check_source_id(self.id, "group_id")


class Driver(msgspec.Struct, frozen=True):
    """Somebody, or something, that events are booked on. `badge` is free text and no key."""

    id: DriverId
    name: str
    badge: str | None = None
    group_id: GroupId | None = None
    kind: DriverKind = DriverKind.PERSON
    active: bool = True

    def __post_init__(self) -> None:
        check_source_id(self.id, "driver_id")

    @property
    def is_person(self) -> bool:
        """Whether this is somebody, and may appear in rankings."""
        return self.kind is DriverKind.PERSON

    @property
    def search_text(self) -> str:
        """What a search by name or badge looks in."""
        return fold(f"{self.name} {self.badge or ''}")


class Vehicle(msgspec.Struct, frozen=True):
    """A vehicle of the fleet (a MiX asset)."""

    id: VehicleId
    description: str = ""
    plate: str | None = None
    fleet_number: str | None = None
    group_id: GroupId | None = None
    make: str | None = None
    model: str | None = None
    year: str | None = None
    vehicle_type: str | None = None
    active: bool = True

    def __post_init__(self) -> None:
        check_source_id(self.id, "vehicle_id")

    @property
    def search_text(self) -> str:
        """What a search by description, plate or fleet number looks in."""
        return fold(" ".join(part for part in (self.description, self.plate, self.fleet_number) if part))


class EventType(msgspec.Struct, frozen=True):
    """What an event can be. `source_class` is the source's own word and never decides our classification."""

    id: EventTypeId
    description: str
    source_class: str = ""
    value_name: str | None = None
    value_format: str | None = None
    units: str | None = None
    classification: Classification = Classification.UNCLASSIFIED
    active: bool = True

    def __post_init__(self) -> None:
        check_source_id(self.id, "event_type_id")


MasterRecord = Group | Driver | Vehicle | EventType
MasterKind = Literal["groups", "drivers", "vehicles", "event_types"]
MASTER_KINDS: tuple[MasterKind, ...] = ("groups", "drivers", "vehicles", "event_types")
