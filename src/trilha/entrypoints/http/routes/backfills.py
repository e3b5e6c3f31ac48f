"""Bringing a past time in: start, watch, cancel."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal

import msgspec

from trilha.application.telemetry.command_backfills import CancelBackfillCommand, RequestBackfillCommand
from trilha.application.telemetry.views import BackfillView
from trilha.domain.telemetry import FEEDS
from trilha.entrypoints.http.answers import Answer, json
from trilha.entrypoints.http.bodies import read_json
from trilha.entrypoints.http.call import Call
from trilha.entrypoints.http.documentation import commands, reads, says_methods, settles
from trilha.entrypoints.http.reading import BackfillStatusName, PagedQuery, Query

PATH = "/v1/etl/backfills"
FeedName = Literal["events", "positions", "trips"]
"""The members of FEEDS, spelt out for OpenAPI and the type checker."""
_Zoned = Annotated[datetime, msgspec.Meta(tz=True)]


class BackfillPage(msgspec.Struct, frozen=True):
    """Backfills, and where to go on."""

    items: tuple[BackfillView, ...]
    next_cursor: str | None


class BackfillsQuery(PagedQuery, frozen=True, kw_only=True):
    """Which backfills."""

    status: BackfillStatusName | None = None


class BackfillRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which time, by when records happened; every feed unless told otherwise."""

    start: _Zoned
    end: _Zoned
    streams: Annotated[tuple[FeedName, ...], msgspec.Meta(min_length=1, max_length=len(FEEDS))] = (
        "events",
        "positions",
        "trips",
    )


@commands(PATH, "requestBackfill", BackfillView, tag="etl", body=BackfillRequest)
async def request_backfill(request: Call) -> Answer:
    """Bring a past time in, at most 90 days that are over.

    It is asked for window by window behind the streams, with the calls that they leave. One at a time: another one
    under way is refused with `telemetry.backfill_under_way`.
    """
    request.asks(Query)
    raw, asked = await read_json(request, BackfillRequest)
    organisation_id = await request.organisation()
    command = RequestBackfillCommand(
        organisation_id=organisation_id,
        start=asked.start,
        end=asked.end,
        streams=asked.streams,
        scope=request.scope_of(organisation_id, raw),
    )
    accepted = await request.parts.request_backfill(command)
    location = f"{PATH}/{accepted.id}".encode()
    return json(accepted, status=HTTPStatus.ACCEPTED, headers=((b"location", location),))


@reads(PATH, "listBackfills", BackfillPage, tag="etl", query=BackfillsQuery)
async def list_backfills(request: Call) -> Answer:
    """Backfills, newest first: those that people asked for, and those that heal gaps."""
    asked = request.asks(BackfillsQuery)
    now = request.parts.clock.now()
    return json(await request.parts.ingestion.backfills(await request.organisation(), asked.status, now, asked.page))


@reads(PATH + "/{backfill_id:str}", "getBackfill", BackfillView, tag="etl")
async def get_backfill(request: Call) -> Answer:
    """How far a backfill is, the calls that it still needs, and when it should end at its pace so far."""
    request.asks(Query)
    backfill_id = request.uuid("backfill_id")
    return json(await request.parts.find_backfill(await request.organisation(), backfill_id))


@settles(PATH + "/{backfill_id:str}/cancel", "cancelBackfill", BackfillView, tag="etl")
async def cancel_backfill(request: Call) -> Answer:
    """Stop a backfill; what it brought in stays.

    Refused with `telemetry.backfill_ended` where it has another end already.
    """
    request.asks(Query)
    backfill_id = request.uuid("backfill_id")
    command = CancelBackfillCommand(organisation_id=await request.organisation(), backfill_id=backfill_id)
    return json(await request.parts.cancel_backfill(command))


ROUTES = (
    says_methods(PATH, "GET", "POST"),
    request_backfill,
    list_backfills,
    get_backfill,
    cancel_backfill,
)
