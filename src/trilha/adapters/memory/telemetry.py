"""The repositories of telemetry inside a unit of work."""

import zlib
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from trilha.adapters.memory.database import Draft, HourCount, OrganisationTables, Quarantined, StoredEvent
from trilha.domain.kernel import Conflict, NotFound, RejectedRecord
from trilha.domain.telemetry import (
    Checkpoint,
    Gap,
    IngestionRun,
    MergeOutcome,
    RunKind,
    RunStatus,
    SourcePage,
    Stream,
    TelemetryEvent,
    plan_merge,
)


class MemoryTelemetryEvents:
    """Events by id; an id holds several only where they lie too far apart to be the same."""

    def __init__(self, tables: OrganisationTables) -> None:
        self._events = Draft(tables.events)

    async def stage(self, events: Sequence[TelemetryEvent]) -> None:
        """Nothing is far away here."""

    async def merge(
        self, page_id: UUID, received_at: datetime, events: Sequence[TelemetryEvent], *, side_by_side: bool = False
    ) -> MergeOutcome:
        """Merge by the domain's plan. Whoever merged the same id meanwhile makes the slower commit fail."""
        del side_by_side
        stored = {event.id: self._events.get(event.id) or () for event in events}
        plan = plan_merge({key: [row.event for row in rows] for key, rows in stored.items()}, events)
        gone = {(event.id, event.occurred_at) for event in plan.superseded}
        written = {event.id: StoredEvent(event, page_id, received_at) for event in plan.written}
        for key in {*written, *(event.id for event in plan.superseded)}:
            kept = tuple(row for row in stored[key] if (key, row.event.occurred_at) not in gone)
            self._events.put(key, (*kept, written[key]) if key in written else kept)
        return plan.outcome

    @property
    def is_stale(self) -> bool:
        """Whether another transaction merged one of these events meanwhile."""
        return self._events.is_stale

    def apply(self) -> None:
        """Commit."""
        self._events.apply()


class MemoryRawPages:
    """Compressed pages."""

    def __init__(self, tables: OrganisationTables) -> None:
        self._pages = Draft(tables.raw_pages)

    async def add(self, page_id: UUID, page: SourcePage) -> None:
        """Keep a page."""
        self._pages.put(page_id, zlib.compress(page.body))

    async def body(self, page_id: UUID) -> bytes:
        """What came."""
        packed = self._pages.get(page_id)
        if packed is None:
            raise NotFound("raw page", page_id)
        return zlib.decompress(packed)

    def apply(self) -> None:
        """Commit."""
        self._pages.apply()


class MemoryQuarantine:
    """Records that could not be understood."""

    def __init__(self, tables: OrganisationTables) -> None:
        self._table = tables.quarantine
        self._added: list[Quarantined] = []

    async def add(self, stream: str, page_id: UUID | None, at: datetime, records: Sequence[RejectedRecord]) -> None:
        """Keep them."""
        self._added += [Quarantined(stream, page_id, at, record) for record in records]

    def apply(self) -> None:
        """Commit."""
        self._table += self._added


class MemoryCheckpoints:
    """Tokens under optimistic locking."""

    def __init__(self, tables: OrganisationTables) -> None:
        self._checkpoints = Draft(tables.checkpoints)
        self._gap_table = tables.gaps
        self._gaps: list[Gap] = []

    async def get(self, stream: Stream) -> Checkpoint | None:
        """The checkpoint, if any."""
        return self._checkpoints.get(stream)

    async def save(self, checkpoint: Checkpoint) -> None:
        """Write the next version."""
        current = self._checkpoints.get(checkpoint.stream)
        expected = 0 if current is None else current.version + 1
        if checkpoint.version != expected:
            raise another_was_faster(checkpoint.stream)
        self._checkpoints.put(checkpoint.stream, checkpoint)

    async def open_gap(self, gap: Gap) -> None:
        """Keep a gap."""
        self._gaps.append(gap)

    @property
    def is_stale(self) -> bool:
        """Whether another transaction moved a checkpoint meanwhile."""
        return self._checkpoints.is_stale

    def apply(self) -> None:
        """Commit."""
        self._checkpoints.apply()
        self._gap_table += self._gaps


def another_was_faster(what: str) -> Conflict:
    """The refusal of a write on top of a state that has moved on."""
    return Conflict(f"another writer has changed {what} meanwhile; read it again")


class MemoryIngestionRuns:
    """The log of runs."""

    def __init__(self, tables: OrganisationTables) -> None:
        self._runs = Draft(tables.runs)

    async def save(self, run: IngestionRun) -> None:
        """Insert or overwrite."""
        self._runs.put(run.id, run)

    async def running(self, kind: RunKind) -> Sequence[IngestionRun]:
        """Those that have not ended, oldest first."""
        runs = [run for run in self._runs.all().values() if run.kind is kind and run.status is RunStatus.RUNNING]
        return sorted(runs, key=lambda run: (run.started_at, run.id))

    def apply(self) -> None:
        """Commit."""
        self._runs.apply()


class MemoryThroughput:
    """Sums that two transactions may add to at once."""

    def __init__(self, tables: OrganisationTables) -> None:
        self._table = tables.throughput
        self._added: list[tuple[tuple[Stream, datetime], int, int]] = []

    async def add(self, stream: Stream, hour: datetime, *, received: int, inserted: int) -> None:
        """Add at commit."""
        self._added.append(((stream, hour), received, inserted))

    def apply(self) -> None:
        """Commit."""
        for key, received, inserted in self._added:
            old = self._table.get(key, HourCount())
            self._table[key] = HourCount(old.received + received, old.inserted + inserted)
