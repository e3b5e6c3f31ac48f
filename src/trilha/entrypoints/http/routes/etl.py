"""How the data come in: runs, checkpoints, and asking for fresh data now."""

import hashlib
from http import HTTPStatus
from typing import Annotated, Literal

import msgspec

from trilha.application.ports import IdempotencyScope
from trilha.application.request_sync import RequestSyncCommand, SyncRequested
from trilha.application.schedule import SYNCED
from trilha.application.telemetry.views import CheckpointView, RunView
from trilha.domain.kernel import OrganisationId
from trilha.entrypoints.http.answers import Answer, json
from trilha.entrypoints.http.bodies import read_json
from trilha.entrypoints.http.call import Call
from trilha.entrypoints.http.documentation import commands, reads
from trilha.entrypoints.http.reading import PagedQuery, Query, RunKindName, RunStatusName

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
        scope=_scope(organisation_id, request.idempotency_key(), raw),
    )
    accepted = await request.parts.request_sync(command)
    return json(accepted, status=HTTPStatus.ACCEPTED, headers=((b"location", RUNS_PATH.encode()),))


def _scope(organisation_id: OrganisationId, key: str | None, body: bytes) -> IdempotencyScope | None:
    if key is None:
        return None
    return IdempotencyScope(
        organisation_id=organisation_id,
        user="token",
        route=f"POST {SYNC_PATH}",
        key=key,
        body_digest=hashlib.sha256(body).hexdigest(),
    )


ROUTES = (list_runs, list_checkpoints, request_sync)
