"""Records as MiX Integrate writes them; names, spelling faults included, follow sections 7 and 12 of the contract."""

from datetime import datetime
from typing import Any

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
    odometer_kilometres: float | None = None
    formatted_address: str | None = None
    source: str | None = None
    is_avl: bool | None = None


class Event(Record, frozen=True, kw_only=True, gc=False):
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
