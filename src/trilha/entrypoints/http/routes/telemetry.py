"""What vehicles reported."""

import msgspec

from trilha.application.telemetry.queries import EventFilter
from trilha.application.telemetry.views import EventView
from trilha.domain.kernel import DriverId
from trilha.entrypoints.http.answers import Answer, json
from trilha.entrypoints.http.call import Call
from trilha.entrypoints.http.documentation import reads
from trilha.entrypoints.http.reading import (
    ClassificationName,
    DriverRef,
    EventTypeRef,
    From,
    PagedQuery,
    To,
    VehicleRef,
    time_range,
)


class EventPage(msgspec.Struct, frozen=True):
    """Events, and where to go on."""

    items: tuple[EventView, ...]
    next_cursor: str | None


class DriverEventsQuery(PagedQuery, frozen=True, kw_only=True):
    """Which events of a driver."""

    from_: From | None = None
    to: To | None = None
    vehicle_id: VehicleRef | None = None
    event_type_id: EventTypeRef | None = None
    classification: ClassificationName | None = None

    def where(self, driver_id: int | None) -> EventFilter:
        """The filter that was asked for; raises InvalidValue where `to` lies before `from`."""
        return EventFilter(
            occurred=time_range(self.from_, self.to),
            driver_id=driver_id,
            vehicle_id=self.vehicle_id,
            event_type_id=self.event_type_id,
            classification=self.classification,
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


ROUTES = (list_driver_events, list_events)
