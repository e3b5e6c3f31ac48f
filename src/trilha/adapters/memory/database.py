"""The state that all memory adapters share, and the drafts in which a transaction collects its writes.

Everything runs on one event loop: a method without `await` is atomic. Transactions read what is committed, write into
drafts, and check at commit that nobody was faster, where PostgreSQL would have made one of the two wait.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

import msgspec

from trilha.application.ports import Clock, DeadLetter, Envelope, IdSource, JobRow, Lease, SourceToken
from trilha.domain.fleet import MASTER_KINDS, Classification, MasterKind, MasterRecord
from trilha.domain.identity import Organisation, OrganisationSource
from trilha.domain.kernel import EventId, EventTypeId, OrganisationId, RejectedRecord
from trilha.domain.telemetry import Checkpoint, Gap, IngestionRun, Stream, TelemetryEvent

Key = TypeVar("Key")
Value = TypeVar("Value")

MasterTables = dict[MasterKind, dict[int, MasterRecord]]


class StoredEvent(msgspec.Struct, frozen=True, gc=False):
    """An event as last written, with the page that brought it."""

    event: TelemetryEvent
    page_id: UUID
    received_at: datetime


class Quarantined(msgspec.Struct, frozen=True):
    """A record that could not be understood."""

    stream: str
    page_id: UUID | None
    at: datetime
    record: RejectedRecord


class HourCount(msgspec.Struct, frozen=True):
    """Rows brought in within an hour."""

    received: int = 0
    inserted: int = 0


class Answer(msgspec.Struct, frozen=True):
    """What a command answered when its key was first seen."""

    body_digest: str
    answer: bytes
    at: datetime


class OrganisationTables(msgspec.Struct):
    """The rows of one organisation."""

    master: MasterTables = msgspec.field(default_factory=lambda: {kind: {} for kind in MASTER_KINDS})
    classifications: dict[EventTypeId, Classification] = msgspec.field(default_factory=dict)
    events: dict[EventId, tuple[StoredEvent, ...]] = msgspec.field(default_factory=dict)
    raw_pages: dict[UUID, bytes] = msgspec.field(default_factory=dict)
    quarantine: list[Quarantined] = msgspec.field(default_factory=list)
    checkpoints: dict[Stream, Checkpoint] = msgspec.field(default_factory=dict)
    gaps: list[Gap] = msgspec.field(default_factory=list)
    runs: dict[UUID, IngestionRun] = msgspec.field(default_factory=dict)
    throughput: dict[tuple[Stream, datetime], HourCount] = msgspec.field(default_factory=dict)
    inbox: dict[tuple[str, UUID], datetime] = msgspec.field(default_factory=dict)
    answers: dict[tuple[str, str, str], Answer] = msgspec.field(default_factory=dict)
    running_keys: set[tuple[str, str, str]] = msgspec.field(default_factory=set)
    jobs: dict[str, JobRow] = msgspec.field(default_factory=dict)


class HeldLease(msgspec.Struct):
    """A lease as the store knows it; the fence outlives every holder. `lease` is None once it was given back."""

    fence: int
    lease: Lease | None


class RenewalLock(msgspec.Struct, frozen=True):
    """Who renews a token, at most until when."""

    holder: str
    until: datetime


class CallLog(msgspec.Struct):
    """What a credential set has called, and who waits to call."""

    granted: list[datetime] = msgspec.field(default_factory=list)
    waiting: list[tuple[int, int]] = msgspec.field(default_factory=list)
    arrivals: int = 0
    paused_until: datetime | None = None


class MemoryDatabase:
    """All state of an installation. Share one between the adapters of all simulated processes."""

    def __init__(self, clock: Clock, ids: IdSource) -> None:
        self.clock = clock
        self.ids = ids
        self.organisations: dict[OrganisationId, Organisation] = {}
        self.sources: dict[tuple[str, int], OrganisationSource] = {}
        self.leases: dict[tuple[OrganisationId, str], HeldLease] = {}
        self.tokens: dict[str, SourceToken] = {}
        self.renewals: dict[str, RenewalLock] = {}
        self.calls: dict[str, CallLog] = {}
        self.outbox: dict[UUID, Envelope] = {}
        self.relay_at_work = False
        self.dead_letters: dict[tuple[str, UUID], DeadLetter] = {}
        self.claimed_jobs: dict[tuple[OrganisationId, str], datetime | None] = {}
        self._tables: dict[OrganisationId, OrganisationTables] = {}

    def of(self, organisation_id: OrganisationId) -> OrganisationTables:
        """The rows of an organisation."""
        return self._tables.setdefault(organisation_id, OrganisationTables())

    def tables(self) -> Iterator[tuple[OrganisationId, OrganisationTables]]:
        """Every organisation that has rows."""
        return iter(self._tables.items())


class Draft(Generic[Key, Value]):
    """A table as one transaction sees it: what is committed, under what it wrote itself."""

    def __init__(self, table: dict[Key, Value]) -> None:
        self._table = table
        self._written: dict[Key, Value] = {}
        self._found: dict[Key, Value | None] = {}

    def get(self, key: Key) -> Value | None:
        """The row, if there is one."""
        return self._written[key] if key in self._written else self._table.get(key)

    def put(self, key: Key, value: Value) -> None:
        """Write a row at commit."""
        self._found.setdefault(key, self._table.get(key))
        self._written[key] = value

    def all(self) -> dict[Key, Value]:
        """Every row."""
        return {**self._table, **self._written}

    @property
    def is_stale(self) -> bool:
        """Whether another transaction committed a row that this one is about to write."""
        return any(self._table.get(key) is not found for key, found in self._found.items())

    def apply(self) -> None:
        """Commit."""
        self._table.update(self._written)
