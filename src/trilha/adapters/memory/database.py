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
from trilha.application.rate_limiting import Granted
from trilha.domain.fleet import MASTER_KINDS, Classification, ClassificationChange, MasterKind, MasterRecord
from trilha.domain.identity import (
    ApiKey,
    AuditEntry,
    AuditLink,
    ConsentEntry,
    DataRequest,
    Invitation,
    Membership,
    OneTimeToken,
    Organisation,
    OrganisationSource,
    Purpose,
    SecondFactor,
    Session,
    Throttle,
    User,
)
from trilha.domain.kernel import EventTypeId, OrganisationId, UserId, VehicleId
from trilha.domain.maintenance import MaintenancePlan, ServiceRecord
from trilha.domain.monitoring import Alert, AlertRule, Geofence, VehicleWatch, Visit
from trilha.domain.performance import PerformanceSettings, PrintedForm, ScorePolicy
from trilha.domain.reporting import ReportJob, ReportSchedule
from trilha.domain.telemetry import (
    FEEDS,
    Backfill,
    Checkpoint,
    Gap,
    IngestionRun,
    QuarantineEntry,
    RawPage,
    Record,
    Standing,
    Stream,
)

Key = TypeVar("Key")
Value = TypeVar("Value")

MasterTables = dict[MasterKind, dict[int, MasterRecord]]
GapKey = tuple[Stream, datetime, datetime]
Occurrence = tuple[UUID, VehicleId, str, int, UUID | None]
"""What a rule fired for: vehicle, kind and id of the record, and the fence where there is one."""


class StoredRecord(msgspec.Struct, frozen=True, gc=False):
    """A record as the source last sent it, with the page that brought it. Amendments are applied when it is read."""

    record: Record
    page_id: UUID
    received_at: datetime


RecordTable = dict[int, tuple[StoredRecord, ...]]
"""By id; an id holds several records only where they lie too far apart to be the same."""


class HourCount(msgspec.Struct, frozen=True):
    """Rows brought in within an hour."""

    received: int = 0
    inserted: int = 0
    late: int = 0


class Answer(msgspec.Struct, frozen=True):
    """What a command answered when its key was first seen."""

    body_digest: str
    answer: bytes
    at: datetime


class OrganisationTables(msgspec.Struct):
    """The rows of one organisation. Bodies of raw pages are compressed."""

    master: MasterTables = msgspec.field(default_factory=lambda: {kind: {} for kind in MASTER_KINDS})
    classifications: dict[EventTypeId, Classification] = msgspec.field(default_factory=dict)
    classification_changes: dict[UUID, ClassificationChange] = msgspec.field(default_factory=dict)
    maintenance_plans: dict[UUID, MaintenancePlan] = msgspec.field(default_factory=dict)
    service_records: dict[UUID, ServiceRecord] = msgspec.field(default_factory=dict)
    due_notices: dict[tuple[UUID, int, UUID], bool] = msgspec.field(default_factory=dict)
    records: dict[Stream, RecordTable] = msgspec.field(default_factory=lambda: {feed: {} for feed in FEEDS})
    amended: dict[tuple[Stream, int], Standing] = msgspec.field(default_factory=dict)
    raw_pages: dict[UUID, RawPage] = msgspec.field(default_factory=dict)
    quarantine: dict[UUID, QuarantineEntry] = msgspec.field(default_factory=dict)
    checkpoints: dict[Stream, Checkpoint] = msgspec.field(default_factory=dict)
    gaps: dict[GapKey, Gap] = msgspec.field(default_factory=dict)
    geofences: dict[UUID, Geofence] = msgspec.field(default_factory=dict)
    visits: dict[UUID, Visit] = msgspec.field(default_factory=dict)
    backfills: dict[UUID, Backfill] = msgspec.field(default_factory=dict)
    report_jobs: dict[UUID, ReportJob] = msgspec.field(default_factory=dict)
    report_pieces: dict[tuple[UUID, int], bytes] = msgspec.field(default_factory=dict)
    report_schedules: dict[UUID, ReportSchedule] = msgspec.field(default_factory=dict)
    runs: dict[UUID, IngestionRun] = msgspec.field(default_factory=dict)
    throughput: dict[tuple[Stream, datetime], HourCount] = msgspec.field(default_factory=dict)
    inbox: dict[tuple[str, UUID], datetime] = msgspec.field(default_factory=dict)
    answers: dict[tuple[str, str, str], Answer] = msgspec.field(default_factory=dict)
    running_keys: set[tuple[str, str, str]] = msgspec.field(default_factory=set)
    jobs: dict[str, JobRow] = msgspec.field(default_factory=dict)
    performance_settings: dict[int, PerformanceSettings] = msgspec.field(default_factory=dict)
    score_policies: dict[int, ScorePolicy] = msgspec.field(default_factory=dict)
    guidance_forms: dict[UUID, PrintedForm] = msgspec.field(default_factory=dict)
    alert_rules: dict[UUID, AlertRule] = msgspec.field(default_factory=dict)
    alerts: dict[UUID, Alert] = msgspec.field(default_factory=dict)
    alert_occurrences: dict[Occurrence, datetime] = msgspec.field(default_factory=dict)
    watches: dict[VehicleId, VehicleWatch] = msgspec.field(default_factory=dict)
    watch_progress: dict[str, tuple[datetime, UUID]] = msgspec.field(default_factory=dict)
    watch_turns: dict[str, object] = msgspec.field(default_factory=dict)
    memberships: dict[UUID, Membership] = msgspec.field(default_factory=dict)
    membership_of_user: dict[UserId, UUID] = msgspec.field(default_factory=dict)
    sessions: dict[UUID, Session] = msgspec.field(default_factory=dict)
    invitations: dict[UUID, Invitation] = msgspec.field(default_factory=dict)
    api_keys: dict[UUID, ApiKey] = msgspec.field(default_factory=dict)
    consents: dict[UUID, ConsentEntry] = msgspec.field(default_factory=dict)
    audit_entries: dict[UUID, AuditEntry] = msgspec.field(default_factory=dict)
    audit_links: dict[int, AuditLink] = msgspec.field(default_factory=dict)
    data_requests: dict[UUID, DataRequest] = msgspec.field(default_factory=dict)


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

    granted: list[Granted] = msgspec.field(default_factory=list)
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
        self.users: dict[UserId, User] = {}
        self.second_factors: dict[UserId, SecondFactor] = {}
        self.one_time_tokens: dict[tuple[UserId, Purpose], OneTimeToken] = {}
        self.throttles: dict[str, Throttle] = {}
        self.key_of_prefix: dict[str, UUID] = {}
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
        self._removed: set[Key] = set()
        self._found: dict[Key, Value | None] = {}
        self._whole: dict[Key, Value] | None = None

    def get(self, key: Key) -> Value | None:
        """The row, if there is one."""
        if key in self._removed:
            return None
        return self._written[key] if key in self._written else self._table.get(key)

    def hold(self, key: Key) -> Value | None:
        """The row, to decide by: it must still be the same at commit."""
        self._found.setdefault(key, self._table.get(key))
        return self.get(key)

    def hold_all(self) -> dict[Key, Value]:
        """Every row, to decide by: the table must still be the same at commit."""
        if self._whole is None:
            self._whole = dict(self._table)
        return self.all()

    def put(self, key: Key, value: Value) -> None:
        """Write a row at commit."""
        self._found.setdefault(key, self._table.get(key))
        self._removed.discard(key)
        self._written[key] = value

    def remove(self, key: Key) -> None:
        """Take a row away at commit, if it is there."""
        self._found.setdefault(key, self._table.get(key))
        self._written.pop(key, None)
        self._removed.add(key)

    def all(self) -> dict[Key, Value]:
        """Every row."""
        return {key: row for key, row in {**self._table, **self._written}.items() if key not in self._removed}

    @property
    def is_stale(self) -> bool:
        """Whether another transaction committed a row that this one decided by or is about to write."""
        if self._whole is not None and self._whole != self._table:
            return True
        return any(self._table.get(key) is not found for key, found in self._found.items())

    def apply(self) -> None:
        """Commit."""
        self._table.update(self._written)
        for key in self._removed:
            self._table.pop(key, None)
