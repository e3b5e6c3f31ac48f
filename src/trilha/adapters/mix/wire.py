"""Records as MiX Integrate sends them, spelling faults included. Private to this adapter.

The decoder checks each value while it reads: ids and counts fit the integers that they are declared as, coordinates lie
on the earth. Nothing checks twice, so there is no `__post_init__` here. Members that we do not keep are skipped.
"""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from trilha.domain.kernel import DriverId, EventId, EventTypeId, GroupId, VehicleId
from trilha.domain.kernel.ids import LARGEST_SOURCE_ID, SMALLEST_SOURCE_ID
from trilha.domain.kernel.point import MAX_LATITUDE_DEG, MAX_LONGITUDE_DEG

_INT64 = Meta(ge=SMALLEST_SOURCE_ID, le=LARGEST_SOURCE_ID)
_INT32 = Meta(ge=-(2**31), le=2**31 - 1)
_COUNT = Meta(ge=0, le=2**31 - 1)
_LATITUDE = Meta(ge=-MAX_LATITUDE_DEG, le=MAX_LATITUDE_DEG)
_LONGITUDE = Meta(ge=-MAX_LONGITUDE_DEG, le=MAX_LONGITUDE_DEG)


class Position(msgspec.Struct, rename="pascal", frozen=True, gc=False):
    """Of an event's position only where it was."""

    latitude: Annotated[float, _LATITUDE] | None = None
    longitude: Annotated[float, _LONGITUDE] | None = None


NOWHERE = Position()


class Event(msgspec.Struct, rename="pascal", gc=False):
    """An element of an events page. Times may still lack their zone, which then is UTC."""

    event_id: Annotated[EventId, _INT64]
    asset_id: Annotated[VehicleId, _INT64]
    driver_id: Annotated[DriverId, _INT64]
    event_type_id: Annotated[EventTypeId, _INT64]
    event_category: str | None = None
    start_date_time: datetime | None = None
    start_odometer_kilometres: float | None = None
    start_position: Position | None = NOWHERE
    end_date_time: datetime | None = None
    end_odometer_kilometres: float | None = None
    end_position: Position | None = NOWHERE
    value: float | None = None
    value_type: str | None = None
    value_units: str | None = None
    fuel_used_litres: float | None = None
    total_time_seconds: Annotated[int, _INT32] | None = None
    total_occurances: Annotated[int, _COUNT] | None = None
    location_id: Annotated[int, _INT64] | None = None
    speed_limit: float | None = None


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
