"""One suite a port: inherit, supply the fixtures that its docstring names, and run.

A suite never assumes an empty store: each test makes an organisation, a key or a name of its own. Fixtures are those
of pytest, asynchronous ones too (pytest-asyncio in auto mode), so opening and closing stay with the adapter's author:

    class TestMyLeases(LeasesContract):
        @pytest.fixture
        async def leases(self) -> AsyncIterator[MyLeases]: ...
"""

from trilha.testing.contracts.amendments import AmendmentsContract
from trilha.testing.contracts.audit_log import AuditLogContract
from trilha.testing.contracts.backfills import BackfillsContract, GapsContract
from trilha.testing.contracts.clock import ClockContract, IdSourceContract
from trilha.testing.contracts.dead_letters import DeadLettersContract
from trilha.testing.contracts.depot import DepotContract
from trilha.testing.contracts.driving_records import DrivingRecordsContract, RollupContract
from trilha.testing.contracts.event_bus import EventBusContract, LetTimePass
from trilha.testing.contracts.fleet_queries import FleetQueriesContract
from trilha.testing.contracts.fresh import NewOrganisation, WithOrganisations
from trilha.testing.contracts.geofences import GeofenceQueriesContract, GeofencesContract, VisitsContract
from trilha.testing.contracts.idempotency import IdempotencyContract
from trilha.testing.contracts.identity_people import (
    OneTimeTokensContract,
    SecondFactorsContract,
    ThrottlesContract,
    UsersContract,
)
from trilha.testing.contracts.identity_rows import (
    IdentityRowsContract,
    KeysAndInvitationsContract,
    MembershipsContract,
    PrivacyContract,
    SessionsContract,
)
from trilha.testing.contracts.identity_secrets import PasswordHasherContract, SecretSourceContract, TokenSignerContract
from trilha.testing.contracts.ingestion import (
    CheckpointsContract,
    HourCounts,
    IngestionRunsContract,
    ThroughputContract,
)
from trilha.testing.contracts.ingestion_queries import IngestionQueriesContract
from trilha.testing.contracts.jobs import JobsContract, TakeTask, TaskQueueContract
from trilha.testing.contracts.leases import Lapse, LeasesContract
from trilha.testing.contracts.live_feed import Forget, LiveFeedContract
from trilha.testing.contracts.maintenance import FleetUseContract, MaintenanceContract, MaintenanceQueriesContract
from trilha.testing.contracts.master_data import MasterDataContract
from trilha.testing.contracts.monitoring import (
    AlertQueriesContract,
    AlertRulesContract,
    AlertsContract,
    VehicleWatchesContract,
)
from trilha.testing.contracts.organisations import OrganisationsContract
from trilha.testing.contracts.outbox import OutboxContract
from trilha.testing.contracts.performance import PerformanceChoicesContract, PrintedFormsContract
from trilha.testing.contracts.rate_limiter import MakeRateLimiter, RateLimiterContract
from trilha.testing.contracts.raw_pages import QuarantineContract, RawPagesContract
from trilha.testing.contracts.reporting import (
    ReportFilesContract,
    ReportJobsContract,
    ReportQueriesContract,
    ReportSchedulesContract,
)
from trilha.testing.contracts.roster import RosterContract
from trilha.testing.contracts.single_use import SingleUseContract
from trilha.testing.contracts.sources import FleetSourceContract, TelemetrySourceContract
from trilha.testing.contracts.telemetry_queries import TelemetryQueriesContract
from trilha.testing.contracts.telemetry_records import TelemetryRecordsContract
from trilha.testing.contracts.token_store import TokenStoreContract
from trilha.testing.contracts.track_queries import TrackQueriesContract
from trilha.testing.contracts.unit_of_work import GuardContract, InboxContract, UnitOfWorkContract

__all__ = [
    "AlertQueriesContract",
    "AlertRulesContract",
    "AlertsContract",
    "AmendmentsContract",
    "AuditLogContract",
    "BackfillsContract",
    "CheckpointsContract",
    "ClockContract",
    "DeadLettersContract",
    "DepotContract",
    "DrivingRecordsContract",
    "EventBusContract",
    "FleetQueriesContract",
    "FleetSourceContract",
    "FleetUseContract",
    "Forget",
    "GapsContract",
    "GeofenceQueriesContract",
    "GeofencesContract",
    "GuardContract",
    "HourCounts",
    "IdSourceContract",
    "IdempotencyContract",
    "IdentityRowsContract",
    "InboxContract",
    "IngestionQueriesContract",
    "IngestionRunsContract",
    "JobsContract",
    "KeysAndInvitationsContract",
    "Lapse",
    "LeasesContract",
    "LetTimePass",
    "LiveFeedContract",
    "MaintenanceContract",
    "MaintenanceQueriesContract",
    "MakeRateLimiter",
    "MasterDataContract",
    "MembershipsContract",
    "NewOrganisation",
    "OneTimeTokensContract",
    "OrganisationsContract",
    "OutboxContract",
    "PasswordHasherContract",
    "PerformanceChoicesContract",
    "PrintedFormsContract",
    "PrivacyContract",
    "QuarantineContract",
    "RateLimiterContract",
    "RawPagesContract",
    "ReportFilesContract",
    "ReportJobsContract",
    "ReportQueriesContract",
    "ReportSchedulesContract",
    "RollupContract",
    "RosterContract",
    "SecondFactorsContract",
    "SecretSourceContract",
    "SessionsContract",
    "SingleUseContract",
    "TakeTask",
    "TaskQueueContract",
    "TelemetryQueriesContract",
    "TelemetryRecordsContract",
    "TelemetrySourceContract",
    "ThrottlesContract",
    "ThroughputContract",
    "TokenSignerContract",
    "TokenStoreContract",
    "TrackQueriesContract",
    "UnitOfWorkContract",
    "UsersContract",
    "VehicleWatchesContract",
    "VisitsContract",
    "WithOrganisations",
]
