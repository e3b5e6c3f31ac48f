"""What happened in the fleet's master data."""

from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

from trilha.domain.fleet.classification import Classification
from trilha.domain.fleet.reclassification import ClassificationChange
from trilha.domain.kernel import DomainEvent


class MasterDataSynced(DomainEvent, frozen=True, kw_only=True):
    """One kind of master data was compared with the source and changed."""

    event_type: ClassVar[str] = "fleet.master_data_synced"
    subject_field: ClassVar[str] = "kind"

    kind: str
    saved: int
    vanished: int
    unchanged: int


class EventTypeClassified(DomainEvent, frozen=True, kw_only=True):
    """An event type means something else to the organisation; what was counted by the old meaning is out of date.

    The reason that a person gave stays in the history: it is free text.
    """

    event_type: ClassVar[str] = "fleet.event_type_classified"
    subject_field: ClassVar[str] = "event_type_id"

    event_type_id: str
    change_id: UUID
    before: Classification
    after: Classification
    changed_at: datetime
    changed_by: str

    @classmethod
    def of(cls, change: ClassificationChange) -> Self:
        """The event that tells of a change."""
        return cls(
            event_type_id=str(change.event_type_id),
            change_id=change.id,
            before=change.before,
            after=change.after,
            changed_at=change.changed_at,
            changed_by=change.changed_by,
        )
