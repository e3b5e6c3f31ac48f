"""What happened in the fleet's master data."""

from typing import ClassVar

from trilha.domain.kernel import DomainEvent


class MasterDataSynced(DomainEvent, frozen=True, kw_only=True):
    """One kind of master data was compared with the source and changed."""

    event_type: ClassVar[str] = "fleet.master_data_synced"

    kind: str
    saved: int
    vanished: int
    unchanged: int

    @property
    def subject(self) -> str:
        """The kind of master data."""
        return self.kind
