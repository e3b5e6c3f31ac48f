"""What is seen of a vehicle, in monitoring's own words: where it was, what it did, that it is there at all."""

from datetime import datetime
from enum import StrEnum

import msgspec

from trilha.domain.kernel import DriverId, EventTypeId, VehicleId
from trilha.domain.tracks import TrackPoint


class Fix(msgspec.Struct, frozen=True, gc=False):
    """A position. `speed_limit_kmh` is the posted one; `has_driver` whether somebody is known to drive."""

    record_id: int
    vehicle_id: VehicleId
    driver_id: DriverId
    point: TrackPoint
    speed_limit_kmh: float | None = None
    has_driver: bool = True

    @property
    def at(self) -> datetime:
        """When."""
        return self.point.at


class Happening(msgspec.Struct, frozen=True, gc=False):
    """An event that the vehicle reported."""

    record_id: int
    vehicle_id: VehicleId
    driver_id: DriverId
    at: datetime
    event_type_id: EventTypeId
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    value: float | None = None
    limit: float | None = None


class SignOfLife(msgspec.Struct, frozen=True, gc=False):
    """Anything else that shows that a vehicle reports, such as a trip; `at` is the latest moment it tells of."""

    record_id: int
    vehicle_id: VehicleId
    driver_id: DriverId
    at: datetime


Observation = Fix | Happening | SignOfLife


class EvidenceKind(StrEnum):
    """What proves that a condition held."""

    POSITION = "position"
    EVENT = "event"
    SILENCE = "silence"
