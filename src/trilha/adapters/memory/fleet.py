"""Master data inside a unit of work."""

from collections.abc import Mapping, Sequence

from trilha.adapters.memory.database import Draft, OrganisationTables
from trilha.domain.fleet import Classification, ClassificationChange, MasterKind, MasterRecord
from trilha.domain.kernel import EventTypeId


class MemoryMasterData:
    """The organisation's copy of its master data."""

    def __init__(self, tables: OrganisationTables) -> None:
        self._records = {kind: Draft(table) for kind, table in tables.master.items()}
        self._classifications = Draft(tables.classifications)
        self._changes = Draft(tables.classification_changes)

    async def known(self, kind: MasterKind) -> Mapping[int, MasterRecord]:
        """Every record of a kind by id."""
        return self._records[kind].all()

    async def save(self, kind: MasterKind, records: Sequence[MasterRecord]) -> None:
        """Insert or overwrite."""
        for record in records:
            self._records[kind].put(record.id, record)

    async def classifications(self) -> Mapping[EventTypeId, Classification]:
        """The overrides."""
        return self._classifications.hold_all()

    async def classify(self, event_type_id: EventTypeId, classification: Classification | None) -> None:
        """Set an override, or take it away."""
        if classification is None:
            self._classifications.remove(event_type_id)
        else:
            self._classifications.put(event_type_id, classification)

    async def add_change(self, change: ClassificationChange) -> None:
        """Add to the history."""
        self._changes.put(change.id, change)

    @property
    def is_stale(self) -> bool:
        """Whether another transaction changed what this one classified by meanwhile."""
        return self._classifications.is_stale

    def apply(self) -> None:
        """Commit: of two transactions that wrote the same record the later one counts."""
        for draft in self._records.values():
            draft.apply()
        self._classifications.apply()
        self._changes.apply()
