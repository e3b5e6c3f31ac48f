"""Reading telemetry and the log of ingestion for screens."""

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from trilha.adapters.memory.database import MemoryDatabase, OrganisationTables, StoredEvent
from trilha.adapters.memory.fleet_queries import event_types_of
from trilha.adapters.memory.listing import Listing
from trilha.application.ports import Page, PageRequest
from trilha.application.telemetry.queries import EventFilter
from trilha.application.telemetry.views import CheckpointView, EventView, PointView, RunView, run_view
from trilha.domain.fleet import Classification, EventType
from trilha.domain.kernel import OrganisationId
from trilha.domain.telemetry import Checkpoint

_EVENTS = Listing("events", tuple[datetime, int], descending=True)
_RUNS = Listing("runs", tuple[datetime, UUID], descending=True)


class MemoryTelemetryQueries:
    """Events of one organisation, newest first."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def events(
        self, organisation_id: OrganisationId, where: EventFilter, page: PageRequest
    ) -> Page[EventView | msgspec.Raw]:
        """Events."""
        tables = self._database.of(organisation_id)
        types = event_types_of(tables)
        rows = (row for versions in tables.events.values() for row in versions)
        return _EVENTS.page(
            filter(_wanted(where, types), rows),
            lambda row: (row.event.occurred_at, int(row.event.id)),
            lambda row: event_view(row, types.get(row.event.event_type_id)),
            page,
        )


class MemoryIngestionQueries:
    """The log of ingestion of one organisation."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def runs(
        self, organisation_id: OrganisationId, kind: str | None, status: str | None, page: PageRequest
    ) -> Page[RunView]:
        """Runs, newest first."""
        rows = (
            run
            for run in self._database.of(organisation_id).runs.values()
            if kind in (None, run.kind.value) and status in (None, run.status.value)
        )
        return _RUNS.page(rows, lambda run: (run.started_at, run.id), run_view, page)

    async def checkpoints(self, organisation_id: OrganisationId, now: datetime) -> list[CheckpointView]:
        """Every stream that was ever begun, by name."""
        tables = self._database.of(organisation_id)
        rows = sorted(tables.checkpoints.values(), key=lambda row: row.stream.value)
        return [_checkpoint_view(row, tables, now) for row in rows]


def _wanted(where: EventFilter, types: Mapping[int, EventType]) -> Callable[[StoredEvent], bool]:
    def wanted(row: StoredEvent) -> bool:
        event = row.event
        return (
            event.occurred_at in where.occurred
            and where.driver_id in (None, event.driver_id)
            and where.vehicle_id in (None, event.vehicle_id)
            and where.event_type_id in (None, event.event_type_id)
            and where.classification in (None, _classification(types.get(event.event_type_id)))
        )

    return wanted


def _classification(event_type: EventType | None) -> str:
    return (Classification.UNCLASSIFIED if event_type is None else event_type.classification).value


def event_view(row: StoredEvent, event_type: EventType | None) -> EventView:
    """An event as screens show it."""
    event = row.event
    return EventView(
        id=str(event.id),
        occurred_at=event.occurred_at,
        started_at=event.started_at,
        ended_at=event.ended_at,
        received_at=row.received_at,
        driver_id=str(event.driver_id),
        vehicle_id=str(event.vehicle_id),
        event_type_id=str(event.event_type_id),
        description=None if event_type is None else event_type.description,
        classification=_classification(event_type),
        category=event.category,
        occurrences=event.occurrences,
        duration_s=event.duration_s,
        value=event.value,
        value_kind=event.value_kind,
        value_unit=event.value_unit,
        speed_limit_kmh=event.speed_limit_kmh,
        fuel_used_l=event.fuel_used_l,
        odometer_start_km=event.odometer_start_km,
        odometer_end_km=event.odometer_end_km,
        start=_point(event.start_latitude_deg, event.start_longitude_deg),
        end=_point(event.end_latitude_deg, event.end_longitude_deg),
        location_id=None if event.location_id is None else str(event.location_id),
    )


def _point(latitude_deg: float | None, longitude_deg: float | None) -> PointView | None:
    if latitude_deg is None or longitude_deg is None:
        return None
    return PointView(latitude_deg, longitude_deg)


def _checkpoint_view(row: Checkpoint, tables: OrganisationTables, now: datetime) -> CheckpointView:
    return CheckpointView(
        stream=row.stream.value,
        token=row.token,
        token_time=row.token_time,
        token_age_s=(now - row.token_time).total_seconds(),
        moved_at=row.moved_at,
        checked_at=row.checked_at,
        pages=row.version,
        open_gaps=[gap.stream for gap in tables.gaps if gap.closed_at is None].count(row.stream),
    )
