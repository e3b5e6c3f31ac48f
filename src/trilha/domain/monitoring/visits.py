"""Visits: how long which vehicle was at which geofence."""

from datetime import datetime
from typing import TypeAlias
from uuid import UUID

import msgspec

from trilha.domain.kernel import DriverId, GeoPoint, InvalidValue, VehicleId


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """A stay of a vehicle at a geofence, from the first position inside to the first one outside again.

    Still going on while `left_at` is None; a vehicle has one open visit to a geofence at most. `driver_id` is who drove
    in. Where the vehicle came in and was seen outside again are known unless its positions were not.
    """

    id: UUID
    geofence_id: UUID
    vehicle_id: VehicleId
    driver_id: DriverId | None
    entered_at: datetime
    entry: GeoPoint | None = None
    left_at: datetime | None = None
    exit: GeoPoint | None = None

    def __post_init__(self) -> None:
        if self.left_at is not None and self.left_at < self.entered_at:
            raise InvalidValue("left_at", self.left_at.isoformat(), f"a time not before {self.entered_at.isoformat()}")

    @property
    def dwelled_s(self) -> int | None:
        """Whole seconds, if it is over."""
        return None if self.left_at is None else int((self.left_at - self.entered_at).total_seconds())


class Departure(msgspec.Struct, frozen=True, kw_only=True):
    """A vehicle that was at a geofence was seen outside of it."""

    geofence_id: UUID
    vehicle_id: VehicleId
    left_at: datetime
    exit: GeoPoint | None = None


Passage: TypeAlias = Visit | Departure
"""A vehicle crosses the edge of a geofence: in, with which a visit begins, or out."""
