"""What happened in the fleet's master data."""

from typing import ClassVar

from trilha.domain.kernel import DomainEvent


class MasterDataSynced(DomainEvent, frozen=True, kw_only=True):
    """One kind of master data was compared with the source and changed."""

    event_type: ClassVar[str] = "fleet.master_data_synced"
    subject_field: ClassVar[str] = "kind"

    kind: str
    saved: int
    vanished: int
    unchanged: int
