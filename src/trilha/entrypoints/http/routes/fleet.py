"""Master data: drivers, vehicles, groups, event types."""

import msgspec

from trilha.application.fleet.queries import (
    DriverFilter,
    DriverView,
    EventTypeView,
    GroupView,
    VehicleFilter,
    VehicleView,
)
from trilha.domain.kernel import DriverId, VehicleId
from trilha.entrypoints.http.answers import Answer, json
from trilha.entrypoints.http.call import Call
from trilha.entrypoints.http.documentation import reads
from trilha.entrypoints.http.reading import ClassificationName, Flag, GroupRef, PagedQuery, Query, Search


class DriverPage(msgspec.Struct, frozen=True):
    """Drivers, and where to go on."""

    items: tuple[DriverView, ...]
    next_cursor: str | None


class VehiclePage(msgspec.Struct, frozen=True):
    """Vehicles, and where to go on."""

    items: tuple[VehicleView, ...]
    next_cursor: str | None


class GroupPage(msgspec.Struct, frozen=True):
    """Groups, and where to go on."""

    items: tuple[GroupView, ...]
    next_cursor: str | None


class EventTypePage(msgspec.Struct, frozen=True):
    """Event types, and where to go on."""

    items: tuple[EventTypeView, ...]
    next_cursor: str | None


class DriversQuery(PagedQuery, frozen=True, kw_only=True):
    """Which drivers."""

    search: Search | None = None
    people_only: Flag = False
    active: Flag | None = None
    group_id: GroupRef | None = None


class VehiclesQuery(PagedQuery, frozen=True, kw_only=True):
    """Which vehicles."""

    search: Search | None = None
    active: Flag | None = None
    group_id: GroupRef | None = None


class EventTypesQuery(PagedQuery, frozen=True, kw_only=True):
    """Which event types."""

    classification: ClassificationName | None = None


@reads("/v1/drivers", "listDrivers", DriverPage, tag="fleet", query=DriversQuery)
async def list_drivers(request: Call) -> Answer:
    """Drivers by name.

    `search` looks in name and badge. The source's special records, which stand for nobody, are left out by
    `people_only`.
    """
    asked = request.asks(DriversQuery)
    where = DriverFilter(
        search=asked.search, people_only=asked.people_only, active=asked.active, group_id=asked.group_id
    )
    return json(await request.parts.fleet.drivers(await request.organisation(), where, asked.page))


@reads("/v1/drivers/{driver_id:str}", "getDriver", DriverView, tag="fleet")
async def get_driver(request: Call) -> Answer:
    """One driver."""
    request.asks(Query)
    driver_id = DriverId(request.source_id("driver_id"))
    return json(await request.parts.fleet.driver(await request.organisation(), driver_id))


@reads("/v1/vehicles", "listVehicles", VehiclePage, tag="fleet", query=VehiclesQuery)
async def list_vehicles(request: Call) -> Answer:
    """Vehicles by description.

    `search` looks in description, plate and fleet number.
    """
    asked = request.asks(VehiclesQuery)
    where = VehicleFilter(search=asked.search, active=asked.active, group_id=asked.group_id)
    return json(await request.parts.fleet.vehicles(await request.organisation(), where, asked.page))


@reads("/v1/vehicles/{vehicle_id:str}", "getVehicle", VehicleView, tag="fleet")
async def get_vehicle(request: Call) -> Answer:
    """One vehicle."""
    request.asks(Query)
    vehicle_id = VehicleId(request.source_id("vehicle_id"))
    return json(await request.parts.fleet.vehicle(await request.organisation(), vehicle_id))


@reads("/v1/groups", "listGroups", GroupPage, tag="fleet", query=PagedQuery)
async def list_groups(request: Call) -> Answer:
    """Groups by name.

    The tree is in `parent_id`; the root has none.
    """
    asked = request.asks(PagedQuery)
    return json(await request.parts.fleet.groups(await request.organisation(), asked.page))


@reads("/v1/event-types", "listEventTypes", EventTypePage, tag="fleet", query=EventTypesQuery)
async def list_event_types(request: Call) -> Answer:
    """Event types by description, with their classification."""
    asked = request.asks(EventTypesQuery)
    found = await request.parts.fleet.event_types(await request.organisation(), asked.classification, asked.page)
    return json(found)


ROUTES = (list_drivers, get_driver, list_vehicles, get_vehicle, list_groups, list_event_types)
