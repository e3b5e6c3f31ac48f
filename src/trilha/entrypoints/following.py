"""Asking for data and watching it come in, for the command line."""

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import datetime

from trilha.application.ports import PageRequest
from trilha.application.request_sync import RequestSyncCommand
from trilha.application.telemetry.views import RunView, run_view
from trilha.domain.identity import Organisation
from trilha.domain.kernel import Conflict, OrganisationId
from trilha.entrypoints.container.database import open_database
from trilha.entrypoints.container.table import Container
from trilha.entrypoints.container.worker import connect_command, open_ingestion, run_job
from trilha.entrypoints.settings import Settings

_POLL_S = 0.3

Progress = Callable[[str], None]


async def request_and_follow(
    settings: Settings, kinds: Sequence[str], *, timeout_s: float, progress: Progress
) -> list[RunView]:
    """Make the jobs due for every organisation and follow their runs until they end or the time is over."""
    async with open_database(settings, "sync") as container:
        organisations = await container.organisations().all()
        if not organisations:
            raise Conflict("no organisation is connected yet: a worker does that once its source answers")
        wanted: dict[tuple[OrganisationId, str], datetime] = {}
        for organisation in organisations:
            command = RequestSyncCommand(organisation_id=organisation.id, kinds=tuple(kinds))
            requested = await container.request_sync()(command)
            wanted |= {(organisation.id, kind): requested.requested_at for kind in kinds}
        return await _follow(container, wanted, timeout_s, progress)


async def _follow(
    container: Container,
    wanted: dict[tuple[OrganisationId, str], datetime],
    timeout_s: float,
    progress: Progress,
) -> list[RunView]:
    found: dict[tuple[OrganisationId, str], RunView] = {}
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        for (organisation_id, kind), since in wanted.items():
            page = await container.ingestion_queries().runs(organisation_id, kind, None, PageRequest(limit=1))
            if page.items and page.items[0].started_at >= since:
                found[organisation_id, kind] = page.items[0]
        progress("; ".join(summary(run) for run in found.values()) or "waiting for a worker to begin")
        if len(found) == len(wanted) and all(run.status != "running" for run in found.values()):
            break
        await asyncio.sleep(_POLL_S)
    return list(found.values())


async def ingest_here(settings: Settings, kinds: Sequence[str], *, progress: Progress) -> list[RunView]:
    """Connect the organisations and bring their data in, in this process."""
    async with open_ingestion(settings, "ingest") as container:
        organisations = await container.connect_organisations()(connect_command(settings))
        return [
            await _run_here(container, organisation, kind, progress) for organisation in organisations for kind in kinds
        ]


async def _run_here(container: Container, organisation: Organisation, kind: str, progress: Progress) -> RunView:
    progress(f"{kind} of {organisation.name}")
    run = await run_job(container, kind, organisation.id)
    if run is None:
        raise Conflict(f"a worker is bringing in {kind} right now: try again when its run has ended")
    return run_view(run)


def summary(run: RunView) -> str:
    """A run in one line."""
    counts = f"{run.received} received, {run.inserted} new, {run.replaced} changed, {run.duplicates} known"
    rest = f", {run.quarantined} quarantined" if run.quarantined else ""
    took = "" if run.duration_s is None else f" in {run.duration_s:.1f} s"
    return f"{run.kind} {run.status}{took}: {run.pages} pages, {counts}{rest}"
