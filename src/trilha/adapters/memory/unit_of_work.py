"""All or nothing in memory."""

from types import TracebackType
from typing import Protocol, Self
from uuid import UUID

from trilha.adapters.memory.database import Draft, MemoryDatabase
from trilha.adapters.memory.fleet import MemoryMasterData
from trilha.adapters.memory.geofences import MemoryGeofences, MemoryVisits
from trilha.adapters.memory.identity_rows import (
    MemoryApiKeys,
    MemoryAuditLog,
    MemoryConsents,
    MemoryDataRequests,
    MemoryInvitations,
    MemoryMemberships,
    MemorySessions,
)
from trilha.adapters.memory.ingestion import (
    MemoryBackfills,
    MemoryCheckpoints,
    MemoryGaps,
    MemoryIngestionRuns,
    MemoryThroughput,
    another_was_faster,
)
from trilha.adapters.memory.leases import is_newest
from trilha.adapters.memory.maintenance import MemoryDueNotices, MemoryMaintenancePlans, MemoryServiceRecords
from trilha.adapters.memory.monitoring import MemoryAlertRules, MemoryAlerts, MemoryVehicleWatches
from trilha.adapters.memory.operations import MemoryIdempotency, MemoryJobRequests
from trilha.adapters.memory.performance import MemoryPerformanceChoices, MemoryPrintedForms
from trilha.adapters.memory.raw_pages import MemoryQuarantine, MemoryRawPages
from trilha.adapters.memory.records import MemoryAmendments, MemoryTelemetryRecords
from trilha.adapters.memory.reporting import MemoryReportFiles, MemoryReportJobs, MemoryReportSchedules
from trilha.application.envelopes import envelope_of
from trilha.application.ports import Lease, LeaseLost
from trilha.domain.kernel import DomainEvent, OrganisationId
from trilha.domain.telemetry import FEEDS, Stream


class _Guarded(Protocol):
    """What refuses a commit that another was faster than."""

    @property
    def is_stale(self) -> bool: ...

    def apply(self) -> None: ...


class MemoryUnitOfWork:
    """One transaction of one organisation; serves fleet, telemetry and operations alike.

    `commit` raises Conflict if another transaction won a race for the same rows or key, and LeaseLost if a guarded
    lease has passed on. A unit ends with its commit.
    """

    def __init__(self, database: MemoryDatabase, organisation_id: OrganisationId) -> None:
        self._database = database
        self._organisation_id = organisation_id
        self._is_open = False
        tables = database.of(organisation_id)
        self.master_data = MemoryMasterData(tables)
        self.amendments = MemoryAmendments(tables)
        self.backfills = MemoryBackfills(tables)
        self.gaps = MemoryGaps(tables)
        self.geofences = MemoryGeofences(tables)
        self.visits = MemoryVisits(tables)
        self.raw_pages = MemoryRawPages(tables)
        self.quarantine = MemoryQuarantine(tables)
        self.checkpoints = MemoryCheckpoints(tables)
        self.runs = MemoryIngestionRuns(tables)
        self.throughput = MemoryThroughput(tables)
        self.maintenance_plans = MemoryMaintenancePlans(tables)
        self.service_records = MemoryServiceRecords(tables)
        self.due_notices = MemoryDueNotices(tables)
        self.performance_choices = MemoryPerformanceChoices(tables)
        self.printed_forms = MemoryPrintedForms(tables)
        self.alert_rules = MemoryAlertRules(tables)
        self.alerts = MemoryAlerts(tables)
        self.watches = MemoryVehicleWatches(tables)
        self.jobs = MemoryJobRequests(database, organisation_id)
        self.report_jobs = MemoryReportJobs(tables)
        self.report_files = MemoryReportFiles(tables)
        self.report_schedules = MemoryReportSchedules(tables)
        self.memberships = MemoryMemberships(tables)
        self.sessions = MemorySessions(tables.sessions)
        self.invitations = MemoryInvitations(tables.invitations)
        self.api_keys = MemoryApiKeys(tables, database)
        self.consents = MemoryConsents(tables)
        self.audit = MemoryAuditLog(tables)
        self.data_requests = MemoryDataRequests(tables.data_requests)
        self.idempotency = MemoryIdempotency(database, organisation_id)
        self._records = {feed: MemoryTelemetryRecords(tables, feed) for feed in FEEDS}
        self._inbox = Draft(tables.inbox)
        self._guarded_parts: tuple[_Guarded, ...] = (
            self._inbox,
            *self._records.values(),
            self.master_data,
            self.amendments,
            self.backfills,
            self.gaps,
            self.geofences,
            self.visits,
            self.quarantine,
            self.checkpoints,
            self.report_jobs,
            self.report_files,
            self.report_schedules,
            self.alert_rules,
            self.alerts,
            self.watches,
            self.idempotency,
            self.maintenance_plans,
            self.service_records,
            self.due_notices,
            self.performance_choices,
            self.printed_forms,
            self.memberships,
            self.sessions,
            self.invitations,
            self.api_keys,
            self.consents,
            self.audit,
            self.data_requests,
        )
        self._guarded: list[Lease] = []
        self._recorded: list[DomainEvent] = []

    async def __aenter__(self) -> Self:
        """Begin."""
        self._is_open = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Drop what was not committed."""
        self._is_open = False
        self.idempotency.end()

    def records(self, stream: Stream) -> MemoryTelemetryRecords:
        """The records of a feed."""
        return self._records[stream]

    def record(self, event: DomainEvent) -> None:
        """Write `event` to the outbox at commit."""
        self._recorded.append(event)

    async def guard(self, lease: Lease) -> None:
        """Check the fence now and at commit."""
        self._check(lease)
        self._guarded.append(lease)

    async def first_time(self, consumer: str, event_id: UUID) -> bool:
        """Note the event in the inbox."""
        if self._inbox.get((consumer, event_id)) is not None:
            return False
        self._inbox.put((consumer, event_id), self._database.clock.now())
        return True

    async def commit(self) -> None:
        """Check everything, then write everything, with nobody in between."""
        if not self._is_open:
            raise RuntimeError("commit belongs inside the unit's `async with` block, once")
        for lease in self._guarded:
            self._check(lease)
        if any(guarded.is_stale for guarded in self._guarded_parts):
            raise another_was_faster("what this transaction writes")
        self._is_open = False
        self._apply()

    def _apply(self) -> None:
        for guarded in self._guarded_parts:
            guarded.apply()
        for part in (self.raw_pages, self.runs, self.throughput, self.jobs):
            part.apply()
        for event in self._recorded:
            self._send(event)

    def _send(self, event: DomainEvent) -> None:
        envelope = envelope_of(
            event,
            event_id=self._database.ids.new(),
            organisation_id=self._organisation_id,
            at=self._database.clock.now(),
        )
        self._database.outbox[envelope.id] = envelope

    def _check(self, lease: Lease) -> None:
        if lease.organisation_id != self._organisation_id or not is_newest(self._database, lease):
            raise LeaseLost(lease.name, lease.fence)


class MemoryUnitsOfWork:
    """Begins units of work on one database."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    def __call__(self, organisation_id: OrganisationId) -> MemoryUnitOfWork:
        """A unit for one organisation."""
        return MemoryUnitOfWork(self._database, organisation_id)
