"""How far ingestion has come, inside a unit of work: checkpoints, gaps, backfills, runs, throughput."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from trilha.adapters.memory.database import Draft, HourCount, OrganisationTables
from trilha.domain.kernel import Conflict
from trilha.domain.telemetry import Backfill, BackfillReason, Checkpoint, Gap, IngestionRun, RunKind, RunStatus, Stream


class MemoryCheckpoints:
    """Tokens under optimistic locking."""

    def __init__(self, tables: OrganisationTables) -> None:
        self._checkpoints = Draft(tables.checkpoints)

    async def get(self, stream: Stream) -> Checkpoint | None:
        """The checkpoint, if any."""
        return self._checkpoints.get(stream)

    async def save(self, checkpoint: Checkpoint) -> None:
        """Write the next version."""
        _check_version(checkpoint, self._checkpoints.get(checkpoint.stream), checkpoint.stream)
        self._checkpoints.put(checkpoint.stream, checkpoint)

    @property
    def is_stale(self) -> bool:
        """Whether another transaction moved a checkpoint meanwhile."""
        return self._checkpoints.is_stale

    def apply(self) -> None:
        """Commit."""
        self._checkpoints.apply()


class MemoryGaps:
    """Times that a stream could not give."""

    def __init__(self, tables: OrganisationTables) -> None:
        self._gaps = Draft(tables.gaps)

    async def open(self, gap: Gap) -> None:
        """Keep a gap."""
        self._gaps.put((gap.stream, gap.start, gap.end), gap)

    async def unfilled(self) -> Sequence[Gap]:
        """The open ones of all streams, oldest first."""
        gaps = [gap for gap in self._gaps.all().values() if gap.closed_at is None]
        return sorted(gaps, key=lambda gap: (gap.start, gap.stream, gap.end))

    async def close(self, gap: Gap) -> None:
        """Write its `closed_at`."""
        self._gaps.put((gap.stream, gap.start, gap.end), gap)

    @property
    def is_stale(self) -> bool:
        """Whether another transaction opened or closed one of these meanwhile."""
        return self._gaps.is_stale

    def apply(self) -> None:
        """Commit."""
        self._gaps.apply()


class MemoryBackfills:
    """Backfills under optimistic locking."""

    def __init__(self, tables: OrganisationTables) -> None:
        self._backfills = Draft(tables.backfills)

    async def get(self, backfill_id: UUID) -> Backfill | None:
        """One of them."""
        return self._backfills.get(backfill_id)

    async def unfinished(self) -> Sequence[Backfill]:
        """Those waiting and running, oldest first."""
        backfills = [backfill for backfill in self._backfills.all().values() if backfill.is_unfinished]
        return sorted(backfills, key=lambda backfill: (backfill.requested_at, backfill.id))

    async def save(self, backfill: Backfill) -> None:
        """Write the next version."""
        _check_version(backfill, self._backfills.get(backfill.id), f"backfill {backfill.id}")
        if any(one.id != backfill.id and is_wish(one) for one in await self.unfinished()) and is_wish(backfill):
            raise another_was_faster(f"backfill {backfill.id}")
        self._backfills.put(backfill.id, backfill)

    @property
    def is_stale(self) -> bool:
        """Whether another transaction moved one of these meanwhile."""
        return self._backfills.is_stale

    def apply(self) -> None:
        """Commit."""
        self._backfills.apply()


def is_wish(backfill: Backfill) -> bool:
    """Of which an organisation has one at a time."""
    return backfill.is_unfinished and backfill.reason is BackfillReason.REQUESTED


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
        self._added: list[tuple[tuple[Stream, datetime], HourCount]] = []

    async def add(self, stream: Stream, hour: datetime, *, received: int, inserted: int, late: int) -> None:
        """Add at commit."""
        self._added.append(((stream, hour), HourCount(received, inserted, late)))

    def apply(self) -> None:
        """Commit."""
        for key, more in self._added:
            old = self._table.get(key, HourCount())
            self._table[key] = HourCount(
                old.received + more.received, old.inserted + more.inserted, old.late + more.late
            )


def another_was_faster(what: str) -> Conflict:
    """The refusal of a write on top of a state that has moved on."""
    return Conflict(f"another writer has changed {what} meanwhile; read it again")


def _check_version(given: Checkpoint | Backfill, current: Checkpoint | Backfill | None, what: str) -> None:
    if given.version != (0 if current is None else current.version + 1):
        raise another_was_faster(what)
