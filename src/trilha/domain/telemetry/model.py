"""What vehicles report."""

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from trilha.domain.kernel import DriverId, EventId, EventTypeId, PositionId, TripId, VehicleId


class Stream(StrEnum):
    """What is read from the source and how far: the feeds with a since-token of their own, and the daily amendments."""

    EVENTS = "events"
    POSITIONS = "positions"
    TRIPS = "trips"
    AMENDMENTS = "amendments"


FEEDS = (Stream.EVENTS, Stream.POSITIONS, Stream.TRIPS)
"""The streams that bring records."""

AMENDED_FEEDS = (Stream.EVENTS, Stream.TRIPS)
"""Those whose records the source may amend afterwards."""


class TelemetryEvent(msgspec.Struct, frozen=True, gc=False):
    """One recorded event of a vehicle. Built by the million: the adapter checks a page, the Struct checks nothing.

    `occurred_at` is the start, else the end, else the time of receipt. `occurrences` is what reports sum (MiX
    `TotalOccurances`): a summary event stands for many. Vehicle, driver and type may be unknown to the fleet yet.
    """

    id: EventId
    occurred_at: datetime
    driver_id: DriverId
    vehicle_id: VehicleId
    event_type_id: EventTypeId
    category: str = ""
    occurrences: int = 1
    started_at: datetime | None = None
    ended_at: datetime | None = None
    duration_s: int | None = None
    value: float | None = None
    value_kind: str | None = None
    value_unit: str | None = None
    speed_limit_kmh: float | None = None
    fuel_used_l: float | None = None
    odometer_start_km: float | None = None
    odometer_end_km: float | None = None
    start_latitude_deg: float | None = None
    start_longitude_deg: float | None = None
    end_latitude_deg: float | None = None
    end_longitude_deg: float | None = None
    location_id: int | None = None


class Position(msgspec.Struct, frozen=True, gc=False):
    """Where a vehicle was. As with events, the adapter checks a page and the Struct checks nothing.

    `occurred_at` is the source's time of the reading, else that of receipt; it may lie in the future where a device's
    clock is wrong, see `is_from_the_future`. `reading_age_s` is how old the fix was when it was reported.
    """

    id: PositionId
    occurred_at: datetime
    driver_id: DriverId
    vehicle_id: VehicleId
    latitude_deg: float
    longitude_deg: float
    speed_kmh: float | None = None
    speed_limit_kmh: float | None = None
    heading_deg: int | None = None
    altitude_m: int | None = None
    odometer_km: float | None = None
    satellites: int | None = None
    hdop: int | None = None
    vdop: int | None = None
    pdop: int | None = None
    reading_age_s: int | None = None
    distance_since_reading_km: int | None = None
    source: str | None = None


class SubTrip(msgspec.Struct, frozen=True, gc=False):
    """A leg of a trip, from one stop of the engine or change of driver to the next."""

    started_at: datetime | None = None
    departed_at: datetime | None = None
    halted_at: datetime | None = None
    ended_at: datetime | None = None
    driving_time_s: float | None = None
    standing_time_s: float | None = None
    duration_s: float | None = None
    distance_km: float | None = None
    odometer_start_km: float | None = None
    odometer_end_km: float | None = None
    fuel_used_l: float | None = None
    max_speed_kmh: float | None = None
    max_acceleration_kmh_per_s: float | None = None
    max_deceleration_kmh_per_s: float | None = None
    max_rpm: float | None = None
    start_latitude_deg: float | None = None
    start_longitude_deg: float | None = None
    end_latitude_deg: float | None = None
    end_longitude_deg: float | None = None
    energy_used_kwh: float | None = None
    charge_start_percent: float | None = None
    charge_end_percent: float | None = None


class Trip(msgspec.Struct, frozen=True, gc=False):
    """A drive from ignition on to ignition off, with its legs. It may be sent again with other values.

    `occurred_at` is the start, else the end, else the time of receipt. `distance_km` is the odometer's, not the
    track's.
    """

    id: TripId
    occurred_at: datetime
    driver_id: DriverId
    vehicle_id: VehicleId
    started_at: datetime | None = None
    ended_at: datetime | None = None
    departed_at: datetime | None = None
    halted_at: datetime | None = None
    driving_time_s: float | None = None
    standing_time_s: float | None = None
    duration_s: float | None = None
    distance_km: float | None = None
    odometer_start_km: float | None = None
    odometer_end_km: float | None = None
    engine_s: int | None = None
    fuel_used_l: float | None = None
    max_speed_kmh: float | None = None
    max_acceleration_kmh_per_s: float | None = None
    max_deceleration_kmh_per_s: float | None = None
    max_rpm: float | None = None
    start_latitude_deg: float | None = None
    start_longitude_deg: float | None = None
    end_latitude_deg: float | None = None
    end_longitude_deg: float | None = None
    classification: str | None = None
    notes: str | None = None
    sub_trips: tuple[SubTrip, ...] = ()


Record = TelemetryEvent | Position | Trip
"""What a feed brings: known by `id`, placed in time by `occurred_at`."""

CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far ahead of ours the clock of a device may be and still be believed."""


def occurred_at(started_at: datetime | None, ended_at: datetime | None, received_at: datetime) -> datetime:
    """When a record counts as having happened: its start, else its end, else when it was received."""
    return started_at or ended_at or received_at


def is_from_the_future(occurred: datetime, received_at: datetime) -> bool:
    """Whether a record claims to have happened after it was received.

    Such a record is kept, for it is what the source says, but it is nobody's latest position.
    """
    return occurred - received_at > CLOCK_TOLERANCE
