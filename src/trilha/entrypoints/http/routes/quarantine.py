"""Records that could not be understood: look at them, try again, or let them go."""

from typing import Annotated

import msgspec

from trilha.application.telemetry.settle_quarantine import SettleQuarantineCommand
from trilha.application.telemetry.views import QuarantineView
from trilha.domain.kernel import NotFound, OrganisationId
from trilha.domain.telemetry import Settlement
from trilha.entrypoints.http.answers import Answer, json
from trilha.entrypoints.http.call import Call
from trilha.entrypoints.http.documentation import reads, settles
from trilha.entrypoints.http.reading import PagedQuery, QuarantinedName, Query, flag

PATH = "/v1/etl/quarantine"


class QuarantinePage(msgspec.Struct, frozen=True):
    """Entries without their text, and where to go on."""

    items: tuple[QuarantineView, ...]
    next_cursor: str | None


class QuarantineQuery(PagedQuery, frozen=True, kw_only=True):
    """Which entries."""

    stream: QuarantinedName | None = None
    open: Annotated[bool, flag("Only entries that nobody has decided about; false lists all")] = True


@reads(PATH, "listQuarantine", QuarantinePage, tag="etl", query=QuarantineQuery)
async def list_quarantine(request: Call) -> Answer:
    """Records that could not be understood, newest first."""
    asked = request.asks(QuarantineQuery)
    organisation_id = await request.organisation()
    found = await request.parts.ingestion.quarantine(organisation_id, asked.stream, asked.page, only_open=asked.open)
    return json(found)


@reads(PATH + "/{entry_id:str}", "getQuarantined", QuarantineView, tag="etl")
async def get_quarantined(request: Call) -> Answer:
    """One entry with the text that the source sent."""
    request.asks(Query)
    return json(await _entry(request, await request.organisation()))


@settles(PATH + "/{entry_id:str}/replay", "replayQuarantined", QuarantineView, tag="etl")
async def replay_quarantined(request: Call) -> Answer:
    """Read the record once more and bring it in, as of when it came.

    For records that a newer Trilha understands; `telemetry.still_unreadable` where it does not.
    """
    return await _settle(request, Settlement.REPLAYED)


@settles(PATH + "/{entry_id:str}/discard", "discardQuarantined", QuarantineView, tag="etl")
async def discard_quarantined(request: Call) -> Answer:
    """Decide that the record is of no use. Its text is kept as long as any."""
    return await _settle(request, Settlement.DISCARDED)


async def _settle(request: Call, settlement: Settlement) -> Answer:
    request.asks(Query)
    entry_id = request.uuid("entry_id")
    organisation_id = await request.organisation()
    await request.parts.settle_quarantine(SettleQuarantineCommand(organisation_id, entry_id, settlement))
    return json(await _entry(request, organisation_id))


async def _entry(request: Call, organisation_id: OrganisationId) -> QuarantineView:
    entry_id = request.uuid("entry_id")
    entry = await request.parts.ingestion.quarantined(organisation_id, entry_id)
    if entry is None:
        raise NotFound("quarantine entry", entry_id)
    return entry


ROUTES = (list_quarantine, get_quarantined, replay_quarantined, discard_quarantined)
