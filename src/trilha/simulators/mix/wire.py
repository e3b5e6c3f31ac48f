"""Records as MiX Integrate writes them; names, spelling faults included, follow sections 7 and 12 of the contract."""

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, ClassVar

from msgspec import Struct, field
from msgspec.json import Encoder

_ENCODER = Encoder()


class Record(Struct, frozen=True, kw_only=True, rename="pascal", omit_defaults=True):
    """Only nullable members have a default, and it is `None`: hence exactly the nulls are left out."""


class Group(Record, frozen=True, kw_only=True):
    group_id: int
    name: str
    type: str
    display_time_zone: str


class GroupSummary(Record, frozen=True, kw_only=True):
    group_id: int
    name: str
    type: str
    sub_groups: tuple["GroupSummary", ...]


class OrganisationDetail(Record, frozen=True, kw_only=True):
    group_id: int
    name: str
    display_time_zone: str
    group_type: str


class Asset(Record, frozen=True, kw_only=True):
    asset_id: int
    asset_type_id: int
    description: str | None = None
    is_connected_trailer: bool
    registration_number: str | None = None
    site_id: int
    fuel_type: str | None = None
    fuel_tank_capacity: float | None = None
    target_fuel_consumption: float | None = None
    target_fuel_consumption_units: str | None = None
    target_hourly_fuel_consumption_units: str | None = None
    fleet_number: str | None = None
    wltp_max_range_km: int | None = None
    battery_capacity_kwh: int | None = field(default=None, name="BatteryCapacitykWh")
    usable_battery_capacity_kwh: int | None = field(default=None, name="UsableBatteryCapacitykWh")
    make: str | None = None
    model: str | None = None
    year: str | None = None
    vin_number: str | None = None
    default_driver_id: int | None = None
    fm_vehicle_id: int | None = None
    notes: str | None = None
    icon: str
    icon_colour: str
    asset_image: str
    is_default_image: bool
    user_state: str | None = None
    created_by: str | None = None
    created_date: datetime
    odometer: float | None = None
    engine_hours: str | None = None


class Driver(Record, frozen=True, kw_only=True):
    driver_id: int
    site_id: int
    name: str
    fm_driver_id: int
    employee_number: str | None = None
    is_system_driver: bool
    mobile_number: str | None = None
    extended_driver_id: str | None = None
    extended_driver_id_type: str


class LibraryEvent(Record, frozen=True, kw_only=True):
    event_type_id: int
    event_type: str
    description: str
    value_name: str | None = None
    format_type: str | None = None
    display_units: str | None = None


class Position(Record, frozen=True, kw_only=True, gc=False):
    id_name: ClassVar[str] = "PositionId"
    date_name: ClassVar[str] = "Timestamp"
    position_id: int
    asset_id: int
    driver_id: int
    timestamp: datetime
    latitude: float
    longitude: float
    speed_kilometres_per_hour: float | None = None
    speed_limit: float | None = None
    altitude_metres: int | None = None
    heading: int | None = None
    number_of_satellites: int | None = None
    hdop: int | None = None
    vdop: int | None = None
    pdop: int | None = None
    age_of_reading_seconds: int | None = None
    distance_since_reading_kilometres: int | None = None
    odometer_kilometres: float | None = None
    formatted_address: str | None = None
    source: str | None = None
    is_avl: bool | None = None

    @property
    def identity(self) -> int:
        return self.position_id

    @property
    def occurred(self) -> datetime:
        return self.timestamp

    @property
    def checked(self) -> tuple[object, ...]:
        where = hundred_thousandths(self.latitude), hundred_thousandths(self.longitude)
        return self.position_id, self.asset_id, self.driver_id, instant(self.timestamp), *where


class Event(Record, frozen=True, kw_only=True, gc=False):
    id_name: ClassVar[str] = "EventId"
    date_name: ClassVar[str] = "StartDateTime"
    event_id: int
    asset_id: int
    driver_id: int
    event_type_id: int
    event_category: str
    start_date_time: datetime | None = None
    start_odometer_kilometres: float | None = None
    start_position: Position | None = None
    end_date_time: datetime | None = None
    end_odometer_kilometres: float | None = None
    end_position: Position | None = None
    value: float | None = None
    value_type: str | None = None
    value_units: str | None = None
    fuel_used_litres: float | None = None
    total_time_seconds: int
    total_occurances: int
    media_urls: dict[str, str] | None = None
    location_id: int | None = None
    speed_limit: float | None = None

    @property
    def identity(self) -> int:
        return self.event_id

    @property
    def occurred(self) -> datetime | None:
        return self.start_date_time or self.end_date_time

    @property
    def checked(self) -> tuple[object, ...]:
        ids = self.event_id, self.asset_id, self.driver_id, self.event_type_id
        return *ids, instant(self.start_date_time), self.total_occurances


class ActiveEvent(Record, frozen=True, kw_only=True, gc=False):
    id_name: ClassVar[str] = "EventId"
    date_name: ClassVar[str] = "EventDateTime"
    event_id: int
    asset_id: int
    driver_id: int
    event_type_id: int
    priority: int
    armed: bool
    event_date_time: datetime
    received_date_time: datetime | None = None
    odometer_kilometres: float | None = None
    position: Position | None = None
    value: float | None = None
    value_type: str | None = None
    value_units: str | None = None
    speed_limit: float | None = None

    @property
    def identity(self) -> int:
        return self.event_id

    @property
    def occurred(self) -> datetime:
        return self.event_date_time

    @property
    def checked(self) -> tuple[object, ...]:
        return self.event_id, self.asset_id, self.driver_id, self.event_type_id, instant(self.event_date_time)


class SubTrip(Record, frozen=True, kw_only=True, gc=False):
    sub_trip_start: datetime
    depart: datetime
    halt: datetime
    sub_trip_end: datetime | None = None
    driving_time: int
    standing_time: int
    duration: int
    distance_kilometres: float
    start_odometer_kilometres: float | None = None
    end_odometer_kilometres: float | None = None
    start_engine_seconds: int | None = None
    end_engine_seconds: int | None = None
    engine_seconds: int | None = None
    start_position_id: int | None = None
    end_position_id: int | None = None
    start_position: Position | None = None
    end_position: Position | None = None
    fuel_used_litres: float | None = None
    max_speed_kilometers_per_hour: float
    max_acceleration_kilometers_per_hour_per_second: float
    max_deceleration_kilometers_per_hour_per_second: float
    max_rpm: float


class Classification(Record, frozen=True, kw_only=True):
    classification: str
    comment: str | None = None


class Trip(Record, frozen=True, kw_only=True, gc=False):
    id_name: ClassVar[str] = "TripId"
    date_name: ClassVar[str] = "TripStart"
    trip_id: int
    asset_id: int
    driver_id: int
    trip_start: datetime
    trip_end: datetime
    sub_trips: tuple[SubTrip, ...] = ()
    first_depart: datetime | None = None
    last_halt: datetime | None = None
    driving_time: float
    standing_time: float
    duration: float
    distance_kilometers: float
    start_odometer_kilometers: float | None = None
    end_odometer_kilometers: float | None = None
    start_engine_seconds: int | None = None
    end_engine_seconds: int | None = None
    engine_seconds: int | None = None
    start_position_id: int | None = None
    end_position_id: int | None = None
    start_position: Position | None = None
    end_position: Position | None = None
    fuel_used_litres: float | None = None
    max_speed_kilometers_per_hour: float
    max_acceleration_kilometers_per_hour_per_second: float
    max_deceleration_kilometers_per_hour_per_second: float
    max_rpm: float
    notes: str | None = None
    classification: Classification | None = None

    @property
    def identity(self) -> int:
        return self.trip_id

    @property
    def occurred(self) -> datetime:
        return self.trip_start

    @property
    def checked(self) -> tuple[object, ...]:
        ids = self.trip_id, self.asset_id, self.driver_id
        metres = round(self.distance_kilometers * 1000)
        return *ids, instant(self.trip_start), instant(self.trip_end), metres, len(self.sub_trips)


Streamed = Position | Event | ActiveEvent | Trip
"""A record of the created-since streams, each with what the simulator itself asks every kind.

`identity` is unique within its kind, `occurred` is what the range routes select by, and `checked` are the members that
the content checksum covers, each to be written as text. `id_name` and `date_name` are those two members in JSON.
"""


class Amendment(Record, frozen=True, kw_only=True):
    """What happened to a record after it was sent (6.5)."""

    amendment_type: str
    amendment_date: datetime
    new_driver_id: int | None = None


class EventAmendment(Amendment, frozen=True, kw_only=True):
    event_id: int


class TripAmendment(Amendment, frozen=True, kw_only=True):
    trip_id: int


def instant(moment: datetime | None) -> str:
    """As it is written on the wire, empty when there is none."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else ""


def hundred_thousandths(degrees: float) -> int:
    """Degrees times 100,000, rounded half away from zero as PostgreSQL rounds the 15 digits of a `numeric`."""
    return int(Decimal(f"{degrees:.15g}").scaleb(5).to_integral_value(ROUND_HALF_UP))


def encode(payload: object, *, explicit_nulls: bool = False) -> bytes:
    """Compact JSON on one line; with `explicit_nulls` every member that is null is written out."""
    return _ENCODER.encode(_with_nulls(payload) if explicit_nulls else payload)


def _with_nulls(payload: object) -> Any:  # noqa: ANN401 - plain JSON values of any shape
    if isinstance(payload, Struct):
        names = zip(payload.__struct_fields__, payload.__struct_encode_fields__, strict=True)
        return {wire: _with_nulls(getattr(payload, name)) for name, wire in names}
    if isinstance(payload, list | tuple):
        return [_with_nulls(item) for item in payload]
    return payload
