"""The records of the feeds inside a unit of work, and what the source changed about them afterwards."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from trilha.adapters.memory.database import Draft, OrganisationTables, StoredRecord
from trilha.domain.telemetry import Known, MergeOutcome, Record, Standing, Stream, plan_merge


class MemoryTelemetryRecords:
    """The records of one feed."""

    def __init__(self, tables: OrganisationTables, stream: Stream) -> None:
        self._records = Draft(tables.records[stream])

    async def stage(self, records: Sequence[Record]) -> None:
        """Nothing is far away here."""

    async def merge(
        self, page_id: UUID, received_at: datetime, records: Sequence[Record], *, side_by_side: bool = False
    ) -> MergeOutcome:
        """Merge by the domain's plan. Whoever merged the same id meanwhile makes the slower commit fail."""
        del side_by_side
        stored = {int(record.id): self._records.get(record.id) or () for record in records}
        known = {key: [Known(row.record, row.received_at) for row in rows] for key, rows in stored.items()}
        plan = plan_merge(known, records, received_at)
        gone = {(int(record.id), record.occurred_at) for record in plan.superseded}
        written = {int(record.id): StoredRecord(record, page_id, received_at) for record in plan.written}
        for key in {*written, *(key for key, _ in gone)}:
            kept = tuple(row for row in stored[key] if (key, row.record.occurred_at) not in gone)
            self._records.put(key, (*kept, written[key]) if key in written else kept)
        return plan.outcome

    @property
    def is_stale(self) -> bool:
        """Whether another transaction merged one of these records meanwhile."""
        return self._records.is_stale

    def apply(self) -> None:
        """Commit."""
        self._records.apply()


class MemoryAmendments:
    """Standings by feed and id; whoever reads a record applies them."""

    def __init__(self, tables: OrganisationTables) -> None:
        self._amended = Draft(tables.amended)

    async def known(self, stream: Stream, record_ids: Sequence[int]) -> Sequence[Standing]:
        """The standings of those that were ever amended."""
        found = [self._amended.hold((stream, record_id)) for record_id in dict.fromkeys(record_ids)]
        return [standing for standing in found if standing is not None]

    async def save(self, standings: Sequence[Standing]) -> None:
        """Write them over the known ones."""
        for standing in standings:
            self._amended.put((standing.stream, standing.record_id), standing)

    @property
    def is_stale(self) -> bool:
        """Whether another transaction amended one of these records meanwhile."""
        return self._amended.is_stale

    def apply(self) -> None:
        """Commit."""
        self._amended.apply()
