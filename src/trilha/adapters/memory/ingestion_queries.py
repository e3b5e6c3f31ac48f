"""Reading the log of ingestion for screens."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from trilha.adapters.memory.database import MemoryDatabase, OrganisationTables
from trilha.adapters.memory.listing import Listing
from trilha.application.ports import Page, PageRequest
from trilha.application.telemetry.views import (
    BackfillView,
    CheckpointView,
    GapView,
    HourView,
    QuarantineView,
    RunView,
    backfill_view,
    run_view,
)
from trilha.domain.kernel import OrganisationId, TimeRange
from trilha.domain.telemetry import Backfill, BackfillStatus, Checkpoint, Gap, QuarantineEntry, begins_before

_RUNS = Listing("runs", tuple[datetime, UUID], descending=True)
_GAPS = Listing("gaps", tuple[datetime, str, datetime], descending=True)
_BACKFILLS = Listing("backfills", tuple[datetime, UUID], descending=True)
_QUARANTINE = Listing("quarantine", tuple[datetime, UUID], descending=True)


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

    async def gaps(
        self, organisation_id: OrganisationId, page: PageRequest, *, only_open: bool = False
    ) -> Page[GapView]:
        """Gaps, newest first."""
        tables = self._database.of(organisation_id)
        rows = (gap for gap in tables.gaps.values() if gap.closed_at is None or not only_open)
        return _GAPS.page(
            rows,
            lambda gap: (gap.opened_at, gap.stream.value, gap.start),
            lambda gap: _gap_view(gap, tables.backfills.values()),
            page,
        )

    async def backfills(
        self, organisation_id: OrganisationId, status: str | None, now: datetime, page: PageRequest
    ) -> Page[BackfillView]:
        """Backfills, newest first."""
        rows = (
            backfill
            for backfill in self._database.of(organisation_id).backfills.values()
            if status in (None, backfill.status.value)
        )
        return _BACKFILLS.page(rows, lambda row: (row.requested_at, row.id), lambda row: backfill_view(row, now), page)

    async def hours(self, organisation_id: OrganisationId, received: TimeRange) -> list[HourView]:
        """Rows per stream and hour, oldest first."""
        rows = self._database.of(organisation_id).throughput.items()
        return [
            HourView(stream.value, hour, count.received, count.inserted, count.late)
            for (stream, hour), count in sorted(rows, key=lambda row: (row[0][1], row[0][0].value))
            if hour in received
        ]

    async def quarantine(
        self, organisation_id: OrganisationId, stream: str | None, page: PageRequest, *, only_open: bool = True
    ) -> Page[QuarantineView]:
        """Entries without their text, newest first."""
        rows = (
            entry
            for entry in self._database.of(organisation_id).quarantine.values()
            if stream in (None, entry.stream) and (entry.settlement is None or not only_open)
        )
        return _QUARANTINE.page(rows, lambda entry: (entry.at, entry.id), _quarantine_view, page)

    async def open_quarantine(self, organisation_id: OrganisationId) -> dict[str, int]:
        """How many entries nobody has decided about, by stream."""
        entries = self._database.of(organisation_id).quarantine.values()
        return Counter(entry.stream for entry in entries if entry.settlement is None)

    async def quarantined(self, organisation_id: OrganisationId, entry_id: UUID) -> QuarantineView | None:
        """One of them with its text."""
        entry = self._database.of(organisation_id).quarantine.get(entry_id)
        return None if entry is None else _quarantine_view(entry, entry.record.raw.decode(errors="replace"))


def _checkpoint_view(row: Checkpoint, tables: OrganisationTables, now: datetime) -> CheckpointView:
    return CheckpointView(
        stream=row.stream.value,
        token=row.token,
        token_time=row.token_time,
        token_age_s=(now - row.token_time).total_seconds(),
        moved_at=row.moved_at,
        checked_at=row.checked_at,
        pages=row.version,
        open_gaps=[gap.stream for gap in tables.gaps.values() if gap.closed_at is None].count(row.stream),
    )


def _gap_view(gap: Gap, backfills: Iterable[Backfill]) -> GapView:
    covering = [one for one in backfills if _covers(one, gap)]
    last = max(covering, key=lambda one: (one.requested_at, one.id), default=None)
    return GapView(
        gap.stream.value, gap.start, gap.end, gap.opened_at, gap.closed_at, None if last is None else last.id
    )


def _covers(backfill: Backfill, gap: Gap) -> bool:
    return (
        backfill.status not in (BackfillStatus.CANCELLED, BackfillStatus.FAILED)
        and any(part.stream is gap.stream for part in backfill.parts)
        and begins_before(backfill, gap)
        and gap.end <= backfill.end
        and (gap.closed_at is None or backfill.requested_at <= gap.closed_at)
    )


def _quarantine_view(entry: QuarantineEntry, raw: str | None = None) -> QuarantineView:
    return QuarantineView(
        id=entry.id,
        stream=entry.stream,
        page_id=entry.page_id,
        at=entry.at,
        reason=entry.record.reason,
        detail=entry.record.detail,
        settlement=None if entry.settlement is None else entry.settlement.value,
        settled_at=entry.settled_at,
        raw=raw,
    )
