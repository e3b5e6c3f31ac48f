"""What the fleet's decisions and use cases need from outside."""

from collections.abc import Mapping, Sequence
from typing import Generic, Protocol, TypeVar

import msgspec

from trilha.domain.fleet.classification import Classification
from trilha.domain.fleet.model import Driver, EventType, Group, MasterKind, MasterRecord, Vehicle
from trilha.domain.fleet.reclassification import ClassificationChange
from trilha.domain.kernel import EventTypeId, RejectedRecord

Record = TypeVar("Record", bound=MasterRecord)


class SourceOrganisation(msgspec.Struct, frozen=True):
    """An organisation as the source lists it; `time_zone` is an IANA name, or None where the source's is not known."""

    external_id: int
    name: str
    time_zone: str | None


class MasterList(msgspec.Struct, Generic[Record], frozen=True):
    """All records of one kind that the source lists now, and those it sent that cannot be."""

    records: tuple[Record, ...]
    rejected: tuple[RejectedRecord, ...] = ()


class FleetSource(Protocol):
    """The outside system that knows a fleet's master data (MiX Integrate, or its simulator).

    Every method may raise SourceUnavailable (try later), SourceRefused (a person must act) or SourceNotPermitted
    (this id is not ours to see). A record that cannot exist is not in `records` but in `rejected`.
    """

    async def organisations(self) -> Sequence[SourceOrganisation]:
        """The organisations that these credentials may see."""
        ...

    async def groups(self, external_id: int) -> MasterList[Group]:
        """The tree of sites, flattened, root first."""
        ...

    async def drivers(self, external_id: int) -> MasterList[Driver]:
        """Every driver record, the special ones flagged by their kind."""
        ...

    async def vehicles(self, external_id: int) -> MasterList[Vehicle]:
        """Every vehicle."""
        ...

    async def event_types(self, external_id: int) -> MasterList[EventType]:
        """The library of event types."""
        ...


class MasterData(Protocol):
    """The organisation's own copy of its master data, inside a unit of work."""

    async def known(self, kind: MasterKind) -> Mapping[int, MasterRecord]:
        """Every record of a kind, inactive ones too, by id."""
        ...

    async def save(self, kind: MasterKind, records: Sequence[MasterRecord]) -> None:
        """Insert or overwrite by id."""
        ...

    async def classifications(self) -> Mapping[EventTypeId, Classification]:
        """The organisation's overrides of the stock classification table, to decide by.

        Who has asked sees no other unit of work change them before its own end: another waits, or its commit, or this
        one's, raises Conflict. Ask before what the decision is about is read.
        """
        ...

    async def classify(self, event_type_id: EventTypeId, classification: Classification | None) -> None:
        """Set an override, or take it away; of a type that is not there yet, too. The record stays as it is saved."""
        ...

    async def add_change(self, change: ClassificationChange) -> None:
        """Add to the history of classification, from which nothing is ever taken."""
        ...
