"""What event types mean to the organisation: read, change, and the history of that."""

from typing import Annotated

import msgspec

from trilha.application.fleet.classify_event_type import ClassifyEventTypeCommand
from trilha.application.fleet.queries import ClassificationChangeView, EventTypeView
from trilha.domain.fleet import Classification
from trilha.domain.identity import OPERATOR
from trilha.domain.kernel import EventTypeId
from trilha.entrypoints.http.answers import Answer, json
from trilha.entrypoints.http.bodies import read_json
from trilha.entrypoints.http.call import Call
from trilha.entrypoints.http.documentation import changes, reads, says_methods
from trilha.entrypoints.http.reading import PagedQuery, Query

PATH = "/v1/event-types/{event_type_id:str}"


class ClassificationChangePage(msgspec.Struct, frozen=True):
    """Changes, and where to go on."""

    items: tuple[ClassificationChangeView, ...]
    next_cursor: str | None


class EventTypeChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The organisation's own word for the type, null for that of the stock table, and why."""

    classification: Classification | None
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500, pattern=r"^[^\u0000]*$")] | None = None


@reads(PATH, "getEventType", EventTypeView, tag="fleet")
async def get_event_type(request: Call) -> Answer:
    """One event type with its classification."""
    request.asks(Query)
    event_type_id = EventTypeId(request.source_id("event_type_id"))
    return json(await request.parts.fleet.event_type(await request.organisation(), event_type_id))


@changes(PATH, "classifyEventType", EventTypeView, tag="fleet", body=EventTypeChange)
async def classify_event_type(request: Call) -> Answer:
    """Say what an event type means to the organisation.

    Lists and reports follow at once, those of past times too. `null` goes back to the stock table. Saying what holds
    already leaves no trace in the history.
    """
    request.asks(Query)
    event_type_id = EventTypeId(request.source_id("event_type_id"))
    raw, asked = await read_json(request, EventTypeChange)
    organisation_id = await request.organisation()
    command = ClassifyEventTypeCommand(
        organisation_id=organisation_id,
        event_type_id=event_type_id,
        classification=asked.classification,
        changed_by=OPERATOR,
        reason=asked.reason,
        scope=request.scope_of(organisation_id, raw),
    )
    return json(await request.parts.classify_event_type(command))


@reads(
    PATH + "/classifications", "listEventTypeClassifications", ClassificationChangePage, tag="fleet", query=PagedQuery
)
async def list_of_a_type(request: Call) -> Answer:
    """Changes of what an event type means, newest first."""
    event_type_id = EventTypeId(request.source_id("event_type_id"))
    return await _list(request, event_type_id)


@reads("/v1/classifications", "listClassifications", ClassificationChangePage, tag="fleet", query=PagedQuery)
async def list_all(request: Call) -> Answer:
    """Changes of what any event type means, newest first."""
    return await _list(request, None)


async def _list(request: Call, event_type_id: EventTypeId | None) -> Answer:
    asked = request.asks(PagedQuery)
    organisation_id = await request.organisation()
    return json(await request.parts.fleet.classification_changes(organisation_id, event_type_id, asked.page))


ROUTES = (says_methods(PATH, "GET", "PATCH"), get_event_type, classify_event_type, list_of_a_type, list_all)
