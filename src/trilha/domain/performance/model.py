"""What is counted of drivers and vehicles."""

from datetime import datetime

import msgspec

from trilha.domain.kernel import DriverId, EventTypeId, TripId, VehicleId


class Tally(msgspec.Struct, frozen=True, gc=False):
    """What a driver did of one event type within one of the spans that were asked for.

    `occurrences` sums what the source counts (MiX `TotalOccurances`). `moments` counts at most one a minute: of the
    events that begin in the same minute only the one with most occurrences. `duration_s` sums the durations given.
    Withdrawn events are not in it, and a reassigned one counts for the driver it was given to.
    """

    driver_id: DriverId
    event_type_id: EventTypeId
    span: int
    """The number of the span, from 0, in the order asked."""
    occurrences: int
    moments: int
    duration_s: float


class Drive(msgspec.Struct, frozen=True, gc=False):
    """What a driver drove within one of the spans that were asked for. A trip counts on the day it began."""

    driver_id: DriverId
    span: int
    trips: int
    distance_km: float
    driving_s: float
    standing_s: float
    engine_s: float
    fuel_l: float


class Journey(msgspec.Struct, frozen=True, gc=False):
    """A trip as reports need it; withdrawn ones are left out. Times and figures that the source did not give are None.

    `standing_s` is time with the engine on and the vehicle at rest.
    """

    id: TripId
    driver_id: DriverId
    vehicle_id: VehicleId
    began_at: datetime
    ended_at: datetime | None
    distance_km: float | None
    driving_s: float | None
    standing_s: float | None
    engine_s: float | None
    fuel_l: float | None
    max_speed_kmh: float | None
    odometer_start_km: float | None
    odometer_end_km: float | None
    start_latitude_deg: float | None
    start_longitude_deg: float | None
    end_latitude_deg: float | None
    end_longitude_deg: float | None


class Rated(msgspec.Struct, frozen=True):
    """A driver as reports name it. Only a person appears in rankings."""

    driver_id: DriverId
    name: str
    badge: str | None
    is_person: bool
    active: bool


class EventKind(msgspec.Struct, frozen=True):
    """An event type as reports name it, with what it means to the organisation now."""

    event_type_id: EventTypeId
    description: str
    classification: str


class Plated(msgspec.Struct, frozen=True):
    """A vehicle as reports name it."""

    vehicle_id: VehicleId
    description: str
    plate: str | None
    fleet_number: str | None
    active: bool


class RolledUp(msgspec.Struct, frozen=True):
    """What one step of keeping counts ready has done."""

    days: int
    """Local days that were counted anew."""
    missing: int
    """Those that are over and still have to be; questions count their records until then."""
