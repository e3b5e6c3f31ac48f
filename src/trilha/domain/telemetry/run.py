"""The log of ingestion: what each run did, for the people who watch the feed."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec


class RunKind(StrEnum):
    """What a run brings in."""

    MASTER_DATA = "master_data"
    EVENTS = "events"
    POSITIONS = "positions"
    TRIPS = "trips"
    AMENDMENTS = "amendments"
    BACKFILL = "backfill"
    REPLAY = "replay"


class RunStatus(StrEnum):
    """How a run stands. A run whose worker died stays `running` until the next one finds it and calls it `lost`."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    LOST = "lost"


class IngestionRun(msgspec.Struct, frozen=True):
    """One run with its counts. `received` = inserted + replaced + duplicates + quarantined."""

    id: UUID
    kind: RunKind
    started_at: datetime
    status: RunStatus = RunStatus.RUNNING
    finished_at: datetime | None = None
    pages: int = 0
    received: int = 0
    inserted: int = 0
    replaced: int = 0
    duplicates: int = 0
    quarantined: int = 0
    error_code: str | None = None
    error_message: str | None = None


class MergeOutcome(msgspec.Struct, frozen=True):
    """What became of the records of one page; `duplicates` were known already, or twice in the page, and unchanged."""

    inserted: int = 0
    replaced: int = 0
    duplicates: int = 0


def add_page(run: IngestionRun, outcome: MergeOutcome, quarantined: int) -> IngestionRun:
    """Count one more committed page."""
    return msgspec.structs.replace(
        run,
        pages=run.pages + 1,
        received=run.received + outcome.inserted + outcome.replaced + outcome.duplicates + quarantined,
        inserted=run.inserted + outcome.inserted,
        replaced=run.replaced + outcome.replaced,
        duplicates=run.duplicates + outcome.duplicates,
        quarantined=run.quarantined + quarantined,
    )


def succeed(run: IngestionRun, now: datetime) -> IngestionRun:
    """The run reached the end of what there was."""
    return msgspec.structs.replace(run, status=RunStatus.SUCCEEDED, finished_at=now)


def fail(run: IngestionRun, code: str, message: str, now: datetime) -> IngestionRun:
    """The run stopped; what it committed before stays."""
    return msgspec.structs.replace(
        run, status=RunStatus.FAILED, finished_at=now, error_code=code, error_message=message
    )


def declare_lost(run: IngestionRun, now: datetime) -> IngestionRun:
    """The worker of this run is gone; its lease has passed to another."""
    return msgspec.structs.replace(
        run,
        status=RunStatus.LOST,
        finished_at=now,
        error_code="telemetry.run_lost",
        error_message="the worker stopped before the run ended; the next run went on from its last committed page",
    )
