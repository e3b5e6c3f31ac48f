"""Technical ports: what every use case may need of the machine it runs on.

Each has an in-memory adapter, at least one real one, and a contract suite in `trilha.testing` that all of them pass.
"""

from trilha.application.ports.clock import Clock, IdSource
from trilha.application.ports.event_bus import (
    DeadLetter,
    DeadLetters,
    Envelope,
    EventBus,
    Handler,
    LetterStatus,
    Outbox,
    OutboxClaim,
)
from trilha.application.ports.idempotency import Idempotency, IdempotencyScope, KeyReused, StillRunning
from trilha.application.ports.jobs import JobClaim, JobRequests, JobRow, Jobs, TaskQueue
from trilha.application.ports.leases import Lease, LeaseLost, Leases
from trilha.application.ports.live_feed import VEHICLES, LiveFeed, LiveMessage, LivePast
from trilha.application.ports.paging import DEFAULT_LIMIT, MAX_LIMIT, Page, PageRequest
from trilha.application.ports.rate_limiter import Priority, RateLimit, RateLimiter
from trilha.application.ports.single_use import REMEMBERED, SingleUse
from trilha.application.ports.storage import StorageUnavailable
from trilha.application.ports.token_store import SourceToken, TokenStore
from trilha.application.ports.unit_of_work import (
    FleetUnitOfWork,
    GeofenceUnitOfWork,
    IdentityUnitOfWork,
    MaintenanceUnitOfWork,
    MonitoringUnitOfWork,
    OperationsUnitOfWork,
    PerformanceUnitOfWork,
    ReportingUnitOfWork,
    TelemetryUnitOfWork,
    UnitOfWork,
    UnitsOfWork,
)

__all__ = [
    "DEFAULT_LIMIT",
    "MAX_LIMIT",
    "REMEMBERED",
    "VEHICLES",
    "Clock",
    "DeadLetter",
    "DeadLetters",
    "Envelope",
    "EventBus",
    "FleetUnitOfWork",
    "GeofenceUnitOfWork",
    "Handler",
    "IdSource",
    "Idempotency",
    "IdempotencyScope",
    "IdentityUnitOfWork",
    "JobClaim",
    "JobRequests",
    "JobRow",
    "Jobs",
    "KeyReused",
    "Lease",
    "LeaseLost",
    "Leases",
    "LetterStatus",
    "LiveFeed",
    "LiveMessage",
    "LivePast",
    "MaintenanceUnitOfWork",
    "MonitoringUnitOfWork",
    "OperationsUnitOfWork",
    "Outbox",
    "OutboxClaim",
    "Page",
    "PageRequest",
    "PerformanceUnitOfWork",
    "Priority",
    "RateLimit",
    "RateLimiter",
    "ReportingUnitOfWork",
    "SingleUse",
    "SourceToken",
    "StillRunning",
    "StorageUnavailable",
    "TaskQueue",
    "TelemetryUnitOfWork",
    "TokenStore",
    "UnitOfWork",
    "UnitsOfWork",
]
