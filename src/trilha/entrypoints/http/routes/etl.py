"""How the data come in: runs, checkpoints, gaps, how the feed is, and asking for fresh data now."""

from http import HTTPStatus
from typing import Annotated, Literal

import msgspec

from trilha.application.request_sync import RequestSyncCommand, SyncRequested
from trilha.application.schedule import SYNCED
from trilha.application.telemetry.views import CheckpointView, GapView, RunView
from trilha.application.telemetry.watch_feeds import FeedHealth
from trilha.entrypoints.http.answers import Answer, json
from trilha.entrypoints.http.bodies import read_json
from trilha.entrypoints.http.call import Call
from trilha.entrypoints.http.documentation import commands, reads
from trilha.entrypoints.http.reading import PagedQuery, Query, RunKindName, RunStatusName, flag

SYNC_PATH = "/v1/etl/sync"
RUNS_PATH = "/v1/etl/runs"
JobName = Literal["master_data", "events", "positions", "trips", "amendments"]
"""The kinds in SYNCED, spelt out for OpenAPI and the type checker."""


class RunPage(msgspec.Struct, frozen=True):
    """Runs, and where to go on."""

    items: tuple[RunView, ...]
    next_cursor: str | None


class CheckpointList(msgspec.Struct, frozen=True):
    """Every stream that was ever begun."""

    items: tuple[CheckpointView, ...]


class GapPage(msgspec.Struct, frozen=True):
    """Gaps, and where to go on."""

    items: tuple[GapView, ...]
    next_cursor: str | None


class GapsQuery(PagedQuery, frozen=True, kw_only=True):
    """Which gaps."""

    open: Annotated[bool, flag("Only gaps that are not filled yet")] = False


class RunsQuery(PagedQuery, frozen=True, kw_only=True):
    """Which runs."""

    kind: RunKindName | None = None
    status: RunStatusName | None = None


class SyncRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to bring up to date; everything unless told otherwise."""

    kinds: Annotated[tuple[JobName, ...], msgspec.Meta(min_length=1, max_length=len(SYNCED))] = (
        "master_data",
        "events",
        "positions",
        "trips",
        "amendments",
    )


@reads(RUNS_PATH, "listRuns", RunPage, tag="etl", query=RunsQuery)
async def list_runs(request: Call) -> Answer:
    """Runs of ingestion, newest first."""
    asked = request.asks(RunsQuery)
    found = await request.parts.ingestion.runs(await request.organisation(), asked.kind, asked.status, asked.page)
    return json(found)


@reads("/v1/etl/checkpoints", "listCheckpoints", CheckpointList, tag="etl")
async def list_checkpoints(request: Call) -> Answer:
    """How far each stream has been read."""
    request.asks(Query)
    now = request.parts.clock.now()
    found = await request.parts.ingestion.checkpoints(await request.organisation(), now)
    return json(CheckpointList(tuple(found)))


@reads("/v1/etl/gaps", "listGaps", GapPage, tag="etl", query=GapsQuery)
async def list_gaps(request: Call) -> Answer:
    """Times that a stream could not give, newest first.

    A gap opens where the feed was away for longer than the source streams; a backfill heals and closes it by itself.
    """
    asked = request.asks(GapsQuery)
    found = await request.parts.ingestion.gaps(await request.organisation(), asked.page, only_open=asked.open)
    return json(found)


@reads("/v1/etl/health", "getFeedHealth", FeedHealth, tag="etl")
async def get_feed_health(request: Call) -> Answer:
    """How each stream is, and what a person can do where one is not well.

    `ok`, `behind` (catching up, or with an open gap), `stale` (nobody asks the source) or `failing`, each with its
    reason; the whole is as its worst stream. The budget of calls is shared by all tools of the source's login.
    """
    request.asks(Query)
    return json(await request.parts.watch_feeds(await request.organisation()))


@commands(SYNC_PATH, "requestSync", SyncRequested, tag="etl", body=SyncRequest)
async def request_sync(request: Call) -> Answer:
    """Bring data up to date now, not at the next turn.

    The work is handed to the workers; it shows among the runs when one has begun it.
    """
    request.asks(Query)
    raw, asked = await read_json(request, SyncRequest)
    organisation_id = await request.organisation()
    command = RequestSyncCommand(
        organisation_id=organisation_id,
        kinds=tuple(dict.fromkeys(asked.kinds)),
        scope=request.scope_of(organisation_id, raw),
    )
    accepted = await request.parts.request_sync(command)
    return json(accepted, status=HTTPStatus.ACCEPTED, headers=((b"location", RUNS_PATH.encode()),))


ROUTES = (list_runs, list_checkpoints, list_gaps, get_feed_health, request_sync)
