"""Reading lists to their end, and records as the queries show them."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import msgspec

from trilha.adapters.memory.database import StoredRecord
from trilha.adapters.memory.views import Shown, event_view, trip_view
from trilha.application.ports import MAX_LIMIT, Page, PageRequest
from trilha.application.telemetry.queries import EventFilter, PositionFilter, TelemetryQueries, TripFilter
from trilha.application.telemetry.views import EventView, TripView, VehiclePositionView, vehicle_position_view
from trilha.domain.kernel import OrganisationId
from trilha.domain.telemetry import Record, Standing, Stream, TelemetryEvent, Trip

View = TypeVar("View")
NO_PAGE = UUID(int=0)
LONGEST_WALK = 10_000
EVENTS_THAT_COUNT = EventFilter()
RecordView = EventView | VehiclePositionView | TripView


def decoded(items: Sequence[View | msgspec.Raw], view: type[View]) -> list[View]:
    """The items, those that came as JSON understood."""
    return [msgspec.json.decode(item, type=view) if isinstance(item, msgspec.Raw) else item for item in items]


async def walk(
    read: Callable[[PageRequest], Awaitable[Page[View | msgspec.Raw] | Page[View]]],
    view: type[View],
    limit: int = MAX_LIMIT,
    between: Callable[[], Awaitable[None]] | None = None,
) -> list[View]:
    """Follow cursors to the end; `between` happens after each page. No page may be longer than asked."""
    seen, cursor = list[View](), None
    for _ in range(LONGEST_WALK):
        page = await read(PageRequest(limit=limit, cursor=cursor))
        assert len(page.items) <= limit
        seen += decoded(page.items, view)
        cursor = page.next_cursor
        if cursor is None:
            return seen
        if between is not None:
            await between()
    raise AssertionError(f"{LONGEST_WALK} pages and no end")


async def all_events(
    queries: TelemetryQueries, organisation_id: OrganisationId, where: EventFilter = EVENTS_THAT_COUNT
) -> list[EventView]:
    """Every event that matches."""
    return await walk(lambda page: queries.events(organisation_id, where, page), EventView)


async def all_records(
    queries: TelemetryQueries, organisation_id: OrganisationId, stream: Stream, *, with_withdrawn: bool = True
) -> Sequence[RecordView]:
    """Every record of a feed, newest first."""
    if stream is Stream.POSITIONS:
        everywhere = PositionFilter()
        return await walk(lambda page: queries.positions(organisation_id, everywhere, page), VehiclePositionView)
    if stream is Stream.TRIPS:
        trips = TripFilter(with_withdrawn=with_withdrawn)
        return await walk(lambda page: queries.trips(organisation_id, trips, page), TripView)
    return await all_events(queries, organisation_id, EventFilter(with_withdrawn=with_withdrawn))


def seen(record: Record, received_at: datetime, standing: Standing | None = None) -> RecordView:
    """How `record` shows; an event is of a type that the library does not have."""
    row = StoredRecord(record, NO_PAGE, received_at)
    if isinstance(record, TelemetryEvent):
        return event_view(Shown(record, row, standing), None)
    if isinstance(record, Trip):
        return trip_view(Shown(record, row, standing))
    return vehicle_position_view(record, received_at)
