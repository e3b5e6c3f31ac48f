"""What watching a vehicle comes to: conditions that began or ended, and fences that were crossed."""

from datetime import datetime
from uuid import UUID

import msgspec

from trilha.domain.kernel import DriverId, GeoPoint, VehicleId
from trilha.domain.monitoring.conditions import Direction
from trilha.domain.monitoring.observations import EvidenceKind


class Evidence(msgspec.Struct, frozen=True):
    """What proves it: the record, the place, and the value with the limit that it was held against.

    For speeds these are km/h, for what lasts seconds, for events what the source reported. A silence has no record;
    its `record_id` is the time of the last sign in milliseconds, so that each silence is one.
    """

    kind: EvidenceKind
    record_id: int
    at: datetime
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    value: float | None = None
    limit: float | None = None
    geofence_id: UUID | None = None


class Fired(msgspec.Struct, frozen=True):
    """A rule's condition is met, at the time of the evidence."""

    rule_id: UUID
    vehicle_id: VehicleId
    driver_id: DriverId | None
    evidence: Evidence

    @property
    def at(self) -> datetime:
        """When."""
        return self.evidence.at


class Cleared(msgspec.Struct, frozen=True):
    """What a rule had fired for is over."""

    rule_id: UUID
    vehicle_id: VehicleId
    at: datetime


Signal = Fired | Cleared


class Crossing(msgspec.Struct, frozen=True):
    """A vehicle was first seen inside a fence (`direction` enter), or first seen outside it again (exit).

    `entered_at` is when the visit began; `dwelled_s` how long it has lasted. `was_seen_outside` is false for a vehicle
    that had never been seen before: its visit begins, but nobody saw it come, and no alert is raised.
    """

    geofence_id: UUID
    vehicle_id: VehicleId
    driver_id: DriverId
    direction: Direction
    at: datetime
    entered_at: datetime
    record_id: int
    place: GeoPoint
    was_seen_outside: bool = True

    @property
    def dwelled_s(self) -> int:
        """Whole seconds since the visit began."""
        return int((self.at - self.entered_at).total_seconds())
