"""Reading lists to their end, and events as the queries show them."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar
from uuid import UUID

import msgspec

from trilha.adapters.memory.database import StoredEvent
from trilha.adapters.memory.telemetry_queries import event_view
from trilha.application.ports import MAX_LIMIT, Page, PageRequest
from trilha.application.telemetry.queries import EventFilter, TelemetryQueries
from trilha.application.telemetry.views import EventView
from trilha.domain.kernel import OrganisationId
from trilha.domain.telemetry import TelemetryEvent

View = TypeVar("View")
NO_PAGE = UUID(int=0)
LONGEST_WALK = 10_000
EVERYTHING = EventFilter()


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
    queries: TelemetryQueries, organisation_id: OrganisationId, where: EventFilter = EVERYTHING
) -> list[EventView]:
    """Every event that matches."""
    return await walk(lambda page: queries.events(organisation_id, where, page), EventView)


def seen(event: TelemetryEvent, view: EventView) -> EventView:
    """How `event` shows, received when `view` was, of a type that the library does not have."""
    return event_view(StoredEvent(event, NO_PAGE, view.received_at), None)
