"""Bringing master data up to date with the source: what is new, what changed, what vanished."""

from collections.abc import Iterable, Mapping
from typing import Generic, TypeVar

import msgspec

from trilha.domain.fleet.model import MasterRecord
from trilha.domain.kernel import DomainError

Record = TypeVar("Record", bound=MasterRecord)


class SourceAnsweredNothing(DomainError):
    """The source lists no record at all where we know some: more likely a fault than an empty fleet."""

    code = "fleet.source_answered_nothing"

    def __init__(self, kind: str, known: int) -> None:
        super().__init__(
            f"the source listed no {kind} but {known} active ones are known; nothing was changed. "
            "If the fleet is really empty, run the sync with allow_empty"
        )


class MasterChanges(msgspec.Struct, Generic[Record], frozen=True):
    """The records to write: `saved` are new or changed, `vanished` are now inactive. Nothing is ever deleted."""

    saved: tuple[Record, ...]
    vanished: tuple[Record, ...]
    unchanged: int

    @property
    def writes(self) -> tuple[Record, ...]:
        """Everything that has to be written."""
        return self.saved + self.vanished


def plan_sync(
    kind: str,
    known: Mapping[int, Record],
    listed: Iterable[Record],
    *,
    complete: bool = True,
    allow_empty: bool = False,
) -> MasterChanges[Record]:
    """Compare what we know with what the source lists now; a record listed twice counts as its last version.

    Nothing vanishes by a list that is not `complete`: what could not be understood in it may be what is missing. Raises
    SourceAnsweredNothing when an empty list would deactivate everything.
    """
    current: dict[int, Record] = {record.id: record for record in listed}
    active_known = {key: record for key, record in known.items() if record.active}
    if complete and not current and active_known and not allow_empty:
        raise SourceAnsweredNothing(kind, len(active_known))
    saved = tuple(record for key, record in current.items() if known.get(key) != record)
    vanished = tuple(
        msgspec.structs.replace(record, active=False)
        for key, record in active_known.items()
        if complete and key not in current
    )
    return MasterChanges(saved=saved, vanished=vanished, unchanged=len(current) - len(saved))
