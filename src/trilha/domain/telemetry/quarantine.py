"""Records that could not be understood, and what a person decides about them."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from trilha.domain.kernel import Conflict, RejectedRecord


class Settlement(StrEnum):
    """How an entry ended: its record was brought in after all, or it is of no use."""

    REPLAYED = "replayed"
    DISCARDED = "discarded"


class QuarantineEntry(msgspec.Struct, frozen=True):
    """One record with its bytes. `stream` names a feed or a list of master data; `page_id` the raw page it came in."""

    id: UUID
    stream: str
    page_id: UUID | None
    at: datetime
    record: RejectedRecord
    settlement: Settlement | None = None
    settled_at: datetime | None = None


class AlreadySettled(Conflict):
    """The entry was replayed or discarded before."""

    code = "telemetry.already_settled"

    def __init__(self, entry: QuarantineEntry) -> None:
        super().__init__(f"quarantine entry {entry.id} was {entry.settlement} at {entry.settled_at}")


def settle_entry(entry: QuarantineEntry, settlement: Settlement, now: datetime) -> QuarantineEntry:
    """End it. The same end twice is once; raises AlreadySettled for another."""
    if entry.settlement is settlement:
        return entry
    if entry.settlement is not None:
        raise AlreadySettled(entry)
    return msgspec.structs.replace(entry, settlement=settlement, settled_at=now)
