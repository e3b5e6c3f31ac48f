"""All or nothing: what one use case writes, in one transaction of one organisation."""

from types import TracebackType
from typing import Protocol, Self, TypeVar
from uuid import UUID

from trilha.application.ports.idempotency import Idempotency
from trilha.application.ports.jobs import JobRequests
from trilha.application.ports.leases import Lease
from trilha.domain.fleet import MasterData
from trilha.domain.identity import ApiKeys, AuditLog, Consents, DataRequests, Invitations, Memberships, Sessions
from trilha.domain.kernel import DomainEvent, OrganisationId
from trilha.domain.maintenance import DueNotices, MaintenancePlans, ServiceRecords
from trilha.domain.monitoring import AlertRules, Alerts, Geofences, VehicleWatches, Visits
from trilha.domain.performance import PerformanceChoices, PrintedForms
from trilha.domain.reporting import ReportFiles, ReportJobs, ReportSchedules
from trilha.domain.telemetry import (
    Amendments,
    Backfills,
    Checkpoints,
    Gaps,
    IngestionRuns,
    Quarantine,
    RawPages,
    Stream,
    TelemetryRecords,
    Throughput,
)


class UnitOfWork(Protocol):
    """Leaving the block rolls back unless `commit` was awaited. Nothing outside it sees anything before."""

    async def __aenter__(self) -> Self:
        """Begin."""
        ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Roll back what was not committed."""
        ...

    def record(self, event: DomainEvent) -> None:
        """Write `event` to the outbox with this transaction."""
        ...

    async def guard(self, lease: Lease) -> None:
        """Make sure that `lease` is still the newest until this transaction ends; raises LeaseLost."""
        ...

    async def first_time(self, consumer: str, event_id: UUID) -> bool:
        """Note in the inbox that `consumer` digests the event here; False if it did so before."""
        ...

    async def commit(self) -> None:
        """Make everything true at once."""
        ...


class FleetUnitOfWork(UnitOfWork, Protocol):
    """What master data use cases write."""

    @property
    def idempotency(self) -> Idempotency: ...
    @property
    def jobs(self) -> JobRequests: ...
    @property
    def master_data(self) -> MasterData: ...
    @property
    def quarantine(self) -> Quarantine: ...
    @property
    def runs(self) -> IngestionRuns: ...


class GeofenceUnitOfWork(UnitOfWork, Protocol):
    """What people decide about geofences, the rules that wait for them, and the visits to them."""

    @property
    def alert_rules(self) -> AlertRules: ...
    @property
    def geofences(self) -> Geofences: ...
    @property
    def idempotency(self) -> Idempotency: ...
    @property
    def visits(self) -> Visits: ...
    @property
    def watches(self) -> VehicleWatches: ...


class MonitoringUnitOfWork(UnitOfWork, Protocol):
    """What watching vehicles reads and writes, and what people decide about it."""

    @property
    def alert_rules(self) -> AlertRules: ...
    @property
    def alerts(self) -> Alerts: ...
    @property
    def checkpoints(self) -> Checkpoints: ...
    @property
    def geofences(self) -> Geofences: ...
    @property
    def idempotency(self) -> Idempotency: ...
    @property
    def master_data(self) -> MasterData: ...
    @property
    def raw_pages(self) -> RawPages: ...
    @property
    def visits(self) -> Visits: ...
    @property
    def watches(self) -> VehicleWatches: ...


class MaintenanceUnitOfWork(UnitOfWork, Protocol):
    """What use cases of maintenance write."""

    @property
    def due_notices(self) -> DueNotices: ...
    @property
    def idempotency(self) -> Idempotency: ...
    @property
    def maintenance_plans(self) -> MaintenancePlans: ...
    @property
    def service_records(self) -> ServiceRecords: ...


class IdentityUnitOfWork(UnitOfWork, Protocol):
    """What use cases about members, their sessions and their rights write."""

    @property
    def api_keys(self) -> ApiKeys: ...
    @property
    def audit(self) -> AuditLog: ...
    @property
    def consents(self) -> Consents: ...
    @property
    def data_requests(self) -> DataRequests: ...
    @property
    def idempotency(self) -> Idempotency: ...
    @property
    def invitations(self) -> Invitations: ...
    @property
    def memberships(self) -> Memberships: ...
    @property
    def sessions(self) -> Sessions: ...


class OperationsUnitOfWork(UnitOfWork, Protocol):
    """What commands about recurring work write."""

    @property
    def backfills(self) -> Backfills: ...
    @property
    def jobs(self) -> JobRequests: ...
    @property
    def idempotency(self) -> Idempotency: ...


class PerformanceUnitOfWork(UnitOfWork, Protocol):
    """What use cases about scores and forms write."""

    @property
    def idempotency(self) -> Idempotency: ...
    @property
    def performance_choices(self) -> PerformanceChoices: ...
    @property
    def printed_forms(self) -> PrintedForms: ...


class ReportingUnitOfWork(UnitOfWork, Protocol):
    """What reports made later write."""

    @property
    def jobs(self) -> JobRequests: ...
    @property
    def idempotency(self) -> Idempotency: ...
    @property
    def report_jobs(self) -> ReportJobs: ...
    @property
    def report_files(self) -> ReportFiles: ...
    @property
    def report_schedules(self) -> ReportSchedules: ...


class TelemetryUnitOfWork(UnitOfWork, Protocol):
    """What ingestion writes."""

    def records(self, stream: Stream) -> TelemetryRecords:
        """The records of a feed."""
        ...

    @property
    def amendments(self) -> Amendments: ...
    @property
    def backfills(self) -> Backfills: ...
    @property
    def gaps(self) -> Gaps: ...
    @property
    def raw_pages(self) -> RawPages: ...
    @property
    def quarantine(self) -> Quarantine: ...
    @property
    def checkpoints(self) -> Checkpoints: ...
    @property
    def runs(self) -> IngestionRuns: ...
    @property
    def throughput(self) -> Throughput: ...


Unit_co = TypeVar("Unit_co", bound=UnitOfWork, covariant=True)


class UnitsOfWork(Protocol[Unit_co]):
    """Begins units of work."""

    def __call__(self, organisation_id: OrganisationId) -> Unit_co:
        """A unit for one organisation; nothing is opened until the block is entered."""
        ...
