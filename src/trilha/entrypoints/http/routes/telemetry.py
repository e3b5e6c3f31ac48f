"""What vehicles reported."""

import msgspec

from trilha.application.ports import Page
from trilha.application.telemetry.last_positions import LastPositionView, last_positions
from trilha.application.telemetry.queries import EventFilter, PositionFilter, TripFilter
from trilha.application.telemetry.views import EventView, TripView, VehiclePositionView
from trilha.domain.kernel import DriverId, VehicleId
from trilha.entrypoints.http.answers import Answer, json
from trilha.entrypoints.http.call import Call
from trilha.entrypoints.http.documentation import reads
from trilha.entrypoints.http.reading import (
    ClassificationName,
    DriverRef,
    EventTypeRef,
    From,
    GroupRef,
    PagedQuery,
    Query,
    To,
    VehicleRef,
    WithWithdrawn,
    time_range,
)


class EventPage(msgspec.Struct, frozen=True):
    """Events, and where to go on."""

    items: tuple[EventView, ...]
    next_cursor: str | None


class PositionPage(msgspec.Struct, frozen=True):
    """Positions, and where to go on."""

    items: tuple[VehiclePositionView, ...]
    next_cursor: str | None


class TripPage(msgspec.Struct, frozen=True):
    """Trips, and where to go on."""

    items: tuple[TripView, ...]
    next_cursor: str | None


class LastPositionList(msgspec.Struct, frozen=True):
    """The last position of each vehicle that has one."""

    items: tuple[LastPositionView, ...]


class RangeQuery(PagedQuery, frozen=True, kw_only=True):
    """Which time."""

    from_: From | None = None
    to: To | None = None


class TripsQuery(RangeQuery, frozen=True, kw_only=True):
    """Which trips."""

    with_withdrawn: WithWithdrawn = False


class LastPositionsQuery(Query, frozen=True, kw_only=True):
    """Whose last positions."""

    group_id: GroupRef | None = None


class DriverEventsQuery(PagedQuery, frozen=True, kw_only=True):
    """Which events of a driver."""

    from_: From | None = None
    to: To | None = None
    vehicle_id: VehicleRef | None = None
    event_type_id: EventTypeRef | None = None
    classification: ClassificationName | None = None
    with_withdrawn: WithWithdrawn = False

    def where(self, driver_id: int | None) -> EventFilter:
        """The filter that was asked for; raises InvalidValue where `to` lies before `from`."""
        return EventFilter(
            occurred=time_range(self.from_, self.to),
            driver_id=driver_id,
            vehicle_id=self.vehicle_id,
            event_type_id=self.event_type_id,
            classification=self.classification,
            with_withdrawn=self.with_withdrawn,
        )


class EventsQuery(DriverEventsQuery, frozen=True, kw_only=True):
    """Which events."""

    driver_id: DriverRef | None = None


@reads("/v1/drivers/{driver_id:str}/events", "listDriverEvents", EventPage, tag="telemetry", query=DriverEventsQuery)
async def list_driver_events(request: Call) -> Answer:
    """Events of a driver, newest first.

    A driver nobody knows yet may have events already; with neither driver nor events the answer is 404.
    """
    asked = request.asks(DriverEventsQuery)
    driver_id = DriverId(request.source_id("driver_id"))
    organisation_id = await request.organisation()
    found = await request.parts.telemetry.events(organisation_id, asked.where(driver_id), asked.page)
    if not found.items:
        await request.parts.fleet.driver(organisation_id, driver_id)
    return json(found)


@reads("/v1/telemetry/events", "listEvents", EventPage, tag="telemetry", query=EventsQuery)
async def list_events(request: Call) -> Answer:
    """Events of the fleet, newest first."""
    asked = request.asks(EventsQuery)
    where = asked.where(asked.driver_id)
    return json(await request.parts.telemetry.events(await request.organisation(), where, asked.page))


@reads("/v1/drivers/{driver_id:str}/trips", "listDriverTrips", TripPage, tag="telemetry", query=TripsQuery)
async def list_driver_trips(request: Call) -> Answer:
    """Trips of a driver by their start, newest first, with their legs.

    The driver is the one whom the source names now; `reassigned_from` tells whom it named before.
    """
    driver_id = DriverId(request.source_id("driver_id"))
    found = await _trips(request, TripFilter(driver_id=driver_id))
    if not found.items:
        await request.parts.fleet.driver(await request.organisation(), driver_id)
    return json(found)


@reads("/v1/vehicles/{vehicle_id:str}/trips", "listVehicleTrips", TripPage, tag="telemetry", query=TripsQuery)
async def list_vehicle_trips(request: Call) -> Answer:
    """Trips of a vehicle by their start, newest first, with their legs."""
    vehicle_id = VehicleId(request.source_id("vehicle_id"))
    found = await _trips(request, TripFilter(vehicle_id=vehicle_id))
    if not found.items:
        await request.parts.fleet.vehicle(await request.organisation(), vehicle_id)
    return json(found)


async def _trips(request: Call, whose: TripFilter) -> Page[TripView | msgspec.Raw]:
    asked = request.asks(TripsQuery)
    occurred = time_range(asked.from_, asked.to)
    where = msgspec.structs.replace(whose, occurred=occurred, with_withdrawn=asked.with_withdrawn)
    return await request.parts.telemetry.trips(await request.organisation(), where, asked.page)


@reads(
    "/v1/vehicles/{vehicle_id:str}/positions",
    "listVehiclePositions",
    PositionPage,
    tag="telemetry",
    query=RangeQuery,
)
async def list_vehicle_positions(request: Call) -> Answer:
    """Positions of a vehicle as it sent them, newest first.

    For a map, `/v1/vehicles/{vehicle_id}/track` gives them cleaned, in order and in fewer bytes.
    """
    asked = request.asks(RangeQuery)
    vehicle_id = VehicleId(request.source_id("vehicle_id"))
    organisation_id = await request.organisation()
    where = PositionFilter(occurred=time_range(asked.from_, asked.to), vehicle_id=vehicle_id)
    found = await request.parts.telemetry.positions(organisation_id, where, asked.page)
    if not found.items:
        await request.parts.fleet.vehicle(organisation_id, vehicle_id)
    return json(found)


@reads("/v1/positions/latest", "listLastPositions", LastPositionList, tag="telemetry", query=LastPositionsQuery)
async def list_last_positions(request: Call) -> Answer:
    """The last known position of every vehicle, with its age in seconds.

    Of those in `group_id` and the groups below it where that is given. What claims to be from the future is left out.
    """
    asked = request.asks(LastPositionsQuery)
    now = request.parts.clock.now()
    found = await request.parts.telemetry.latest_positions(await request.organisation(), now, asked.group_id)
    return json(LastPositionList(last_positions(found, now)))


ROUTES = (
    list_driver_events,
    list_events,
    list_driver_trips,
    list_vehicle_trips,
    list_vehicle_positions,
    list_last_positions,
)
