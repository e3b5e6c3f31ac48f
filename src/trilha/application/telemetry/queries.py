"""What screens show of telemetry and of its ingestion, and the ports that read it."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from trilha.application.ports import Page, PageRequest
from trilha.domain.kernel import OrganisationId, TimeRange
from trilha.domain.telemetry import IngestionRun


class PointView(msgspec.Struct, frozen=True):
    """A position in WGS 84 degrees."""

    latitude_deg: float
    longitude_deg: float


class EventView(msgspec.Struct, frozen=True):
    """A telemetry event.

    `description` and `classification` are those of its type now; null and `unclassified` while the library has none.
    """

    id: str
    occurred_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    received_at: datetime
    driver_id: str
    vehicle_id: str
    event_type_id: str
    description: str | None
    classification: str
    category: str
    occurrences: int
    duration_s: int | None
    value: float | None
    value_kind: str | None
    value_unit: str | None
    speed_limit_kmh: float | None
    fuel_used_l: float | None
    odometer_start_km: float | None
    odometer_end_km: float | None
    start: PointView | None
    end: PointView | None
    location_id: str | None


class EventFilter(msgspec.Struct, frozen=True):
    """Which events; every part left out matches all."""

    occurred: TimeRange = TimeRange()
    driver_id: int | None = None
    vehicle_id: int | None = None
    event_type_id: int | None = None
    classification: str | None = None


class RunView(msgspec.Struct, frozen=True):
    """A run of ingestion; `duration_s` is null while it runs."""

    id: UUID
    kind: str
    status: str
    started_at: datetime
    finished_at: datetime | None
    duration_s: float | None
    pages: int
    received: int
    inserted: int
    replaced: int
    duplicates: int
    quarantined: int
    error_code: str | None
    error_message: str | None


class CheckpointView(msgspec.Struct, frozen=True):
    """How far a stream has been read. `token_age_s` nears seven days only when something is wrong."""

    stream: str
    token: str
    token_time: datetime
    token_age_s: float
    moved_at: datetime
    checked_at: datetime
    pages: int
    open_gaps: int


class TelemetryQueries(Protocol):
    """Reads telemetry of one organisation. Events come newest first by (occurred_at, id), both descending."""

    async def events(
        self, organisation_id: OrganisationId, where: EventFilter, page: PageRequest
    ) -> Page[EventView | msgspec.Raw]:
        """Events; raises InvalidValue for a cursor of another list."""
        ...


class IngestionQueries(Protocol):
    """Reads the log of ingestion of one organisation."""

    async def runs(
        self, organisation_id: OrganisationId, kind: str | None, status: str | None, page: PageRequest
    ) -> Page[RunView]:
        """Runs, newest first by (started_at, id)."""
        ...

    async def checkpoints(self, organisation_id: OrganisationId, now: datetime) -> list[CheckpointView]:
        """Every stream that was ever begun."""
        ...


def run_view(run: IngestionRun) -> RunView:
    """A run as screens show it."""
    took = None if run.finished_at is None else (run.finished_at - run.started_at).total_seconds()
    return RunView(
        id=run.id,
        kind=run.kind.value,
        status=run.status.value,
        started_at=run.started_at,
        finished_at=run.finished_at,
        duration_s=took,
        pages=run.pages,
        received=run.received,
        inserted=run.inserted,
        replaced=run.replaced,
        duplicates=run.duplicates,
        quarantined=run.quarantined,
        error_code=run.error_code,
        error_message=run.error_message,
    )
