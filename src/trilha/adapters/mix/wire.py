"""Records as MiX Integrate sends them, spelling faults included. Private to this adapter.

The decoder checks each value while it reads: ids and counts fit the integers that they are declared as, coordinates lie
on the earth. Nothing checks twice, so there is no `__post_init__` here. Members that we do not keep are skipped.

Times may still lack their zone, which then is UTC. The tuples of names beside the Structs say which members are times,
and which a record can do without where their number cannot be; see `decode`.
"""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from trilha.domain.kernel import DriverId, EventId, EventTypeId, GroupId, PositionId, TripId, VehicleId
from trilha.domain.kernel.ids import LARGEST_SOURCE_ID, SMALLEST_SOURCE_ID
from trilha.domain.kernel.point import MAX_LATITUDE_DEG, MAX_LONGITUDE_DEG

_INT64 = Meta(ge=SMALLEST_SOURCE_ID, le=LARGEST_SOURCE_ID)
_INT32 = Meta(ge=-(2**31), le=2**31 - 1)
_COUNT = Meta(ge=0, le=2**31 - 1)
_LATITUDE = Meta(ge=-MAX_LATITUDE_DEG, le=MAX_LATITUDE_DEG)
_LONGITUDE = Meta(ge=-MAX_LONGITUDE_DEG, le=MAX_LONGITUDE_DEG)


class Place(msgspec.Struct, rename="pascal", frozen=True, gc=False):
    """Of the position in an event or a trip only where it was."""

    latitude: Annotated[float, _LATITUDE] | None = None
    longitude: Annotated[float, _LONGITUDE] | None = None


NOWHERE = Place()


class Event(msgspec.Struct, rename="pascal", gc=False):
    """An element of an events page."""

    event_id: Annotated[EventId, _INT64]
    asset_id: Annotated[VehicleId, _INT64]
    driver_id: Annotated[DriverId, _INT64]
    event_type_id: Annotated[EventTypeId, _INT64]
    event_category: str | None = None
    start_date_time: datetime | None = None
    start_odometer_kilometres: float | None = None
    start_position: Place | None = NOWHERE
    end_date_time: datetime | None = None
    end_odometer_kilometres: float | None = None
    end_position: Place | None = NOWHERE
    value: float | None = None
    value_type: str | None = None
    value_units: str | None = None
    fuel_used_litres: float | None = None
    total_time_seconds: Annotated[int, _INT32] | None = None
    total_occurances: Annotated[int, _COUNT] | None = None
    location_id: Annotated[int, _INT64] | None = None
    speed_limit: float | None = None


EVENT_TIMES = ("start_date_time", "end_date_time")


class Position(msgspec.Struct, rename="pascal", gc=False):
    """An element of a positions page. Without coordinates it says nothing."""

    position_id: Annotated[PositionId, _INT64]
    asset_id: Annotated[VehicleId, _INT64]
    driver_id: Annotated[DriverId, _INT64]
    latitude: Annotated[float, _LATITUDE]
    longitude: Annotated[float, _LONGITUDE]
    timestamp: datetime | None = None
    speed_kilometres_per_hour: float | None = None
    speed_limit: float | None = None
    altitude_metres: Annotated[int, _INT32] | None = None
    heading: Annotated[int, _INT32] | None = None
    number_of_satellites: Annotated[int, _INT32] | None = None
    hdop: Annotated[int, _INT32] | None = None
    vdop: Annotated[int, _INT32] | None = None
    pdop: Annotated[int, _INT32] | None = None
    age_of_reading_seconds: Annotated[int, _INT32] | None = None
    distance_since_reading_kilometres: Annotated[int, _INT32] | None = None
    odometer_kilometres: float | None = None
    source: str | None = None


POSITION_TIMES = ("timestamp",)
POSITION_SPARE = (
    "altitude_metres",
    "heading",
    "number_of_satellites",
    "hdop",
    "vdop",
    "pdop",
    "age_of_reading_seconds",
    "distance_since_reading_kilometres",
)


class SubTrip(msgspec.Struct, rename="pascal", gc=False):
    """A leg of a trip. Its distances are spelt `Kilometres`, the trip's own `Kilometers`."""

    sub_trip_start: datetime | None = None
    depart: datetime | None = None
    halt: datetime | None = None
    sub_trip_end: datetime | None = None
    start_position: Place | None = NOWHERE
    end_position: Place | None = NOWHERE
    driving_time: float | None = None
    standing_time: float | None = None
    duration: float | None = None
    distance_kilometres: float | None = None
    start_odometer_kilometres: float | None = None
    end_odometer_kilometres: float | None = None
    fuel_used_litres: float | None = None
    max_speed_kilometers_per_hour: float | None = None
    max_acceleration_kilometers_per_hour_per_second: float | None = None
    max_deceleration_kilometers_per_hour_per_second: float | None = None
    max_rpm: float | None = None
    energy_consumed_reading_start: float | None = None
    energy_consumed_reading_end: float | None = None
    state_of_charge_start: float | None = None
    state_of_charge_end: float | None = None


SUB_TRIP_TIMES = ("sub_trip_start", "depart", "halt", "sub_trip_end")


class Classification(msgspec.Struct, rename="pascal", frozen=True, gc=False):
    """What a person called the trip: business, private, or nothing."""

    classification: str | None = None


UNCLASSIFIED = Classification()


class Trip(msgspec.Struct, rename="pascal", gc=False):
    """An element of a trips page."""

    trip_id: Annotated[TripId, _INT64]
    asset_id: Annotated[VehicleId, _INT64]
    driver_id: Annotated[DriverId, _INT64]
    trip_start: datetime | None = None
    trip_end: datetime | None = None
    first_depart: datetime | None = None
    last_halt: datetime | None = None
    driving_time: float | None = None
    standing_time: float | None = None
    duration: float | None = None
    distance_kilometers: float | None = None
    start_odometer_kilometers: float | None = None
    end_odometer_kilometers: float | None = None
    engine_seconds: Annotated[int, _INT32] | None = None
    start_position: Place | None = NOWHERE
    end_position: Place | None = NOWHERE
    fuel_used_litres: float | None = None
    max_speed_kilometers_per_hour: float | None = None
    max_acceleration_kilometers_per_hour_per_second: float | None = None
    max_deceleration_kilometers_per_hour_per_second: float | None = None
    max_rpm: float | None = None
    notes: str | None = None
    classification: Classification | None = UNCLASSIFIED
    sub_trips: list[SubTrip] | None = None


TRIP_TIMES = ("trip_start", "trip_end", "first_depart", "last_halt")
TRIP_SPARE = ("engine_seconds",)


class Amended(msgspec.Struct, rename="pascal", gc=False, kw_only=True):
    """An element of a list of amendments; each feed names the id in its own way."""

    record_id: Annotated[int, _INT64]
    amendment_type: str
    amendment_date: datetime
    new_driver_id: Annotated[DriverId, _INT64] | None = None


class AmendedEvent(Amended, rename="pascal", gc=False, kw_only=True):
    """Of an event."""

    record_id: Annotated[int, _INT64] = msgspec.field(name="EventId")


class AmendedTrip(Amended, rename="pascal", gc=False, kw_only=True):
    """Of a trip."""

    record_id: Annotated[int, _INT64] = msgspec.field(name="TripId")


AMENDMENT_TIMES = ("amendment_date",)


class Group(msgspec.Struct, rename="pascal"):
    """An organisation in the list of those that the login may see; the zone is a Windows name, or empty."""

    group_id: Annotated[GroupId, _INT64]
    name: str | None = None
    type: str | None = None
    display_time_zone: str | None = None


class GroupSummary(msgspec.Struct, rename="pascal"):
    """A node of the tree of sites. Children stay undecoded: each is judged on its own, and no tree is too deep."""

    group_id: Annotated[GroupId, _INT64]
    name: str | None = None
    type: str | None = None
    sub_groups: list[msgspec.Raw] | None = None


class Asset(msgspec.Struct, rename="pascal"):
    """A vehicle, trailer or machine."""

    asset_id: Annotated[VehicleId, _INT64]
    asset_type_id: int | None = None
    description: str | None = None
    is_connected_trailer: bool | None = None
    registration_number: str | None = None
    site_id: Annotated[GroupId, _INT64] | None = None
    fleet_number: str | None = None
    make: str | None = None
    model: str | None = None
    year: str | int | None = None
    user_state: str | None = None


class Driver(msgspec.Struct, rename="pascal"):
    """A driver record, of a person or not."""

    driver_id: Annotated[DriverId, _INT64]
    site_id: Annotated[GroupId, _INT64] | None = None
    name: str | None = None
    fm_driver_id: int | None = None
    employee_number: str | None = None
    is_system_driver: bool | None = None


class LibraryEvent(msgspec.Struct, rename="pascal"):
    """An event type of the organisation's library."""

    event_type_id: Annotated[EventTypeId, _INT64]
    event_type: str | None = None
    description: str | None = None
    value_name: str | None = None
    format_type: str | None = None
    display_units: str | None = None
