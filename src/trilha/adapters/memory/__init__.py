"""Every port in memory: the platform without a machine, for tests, simulations and the first try.

All adapters share one MemoryDatabase and keep the rules that PostgreSQL and NATS keep: what is unique, what is ordered,
who wins a race, what a rollback takes back. They belong to one event loop and lose everything with the process.
"""

from trilha.adapters.memory.clock import SimulatedClock, SimulatedIds
from trilha.adapters.memory.database import HourCount, MemoryDatabase, OrganisationTables, StoredRecord
from trilha.adapters.memory.depot import MemoryDepot
from trilha.adapters.memory.driving_records import MemoryDrivingRecords
from trilha.adapters.memory.event_bus import MemoryDeadLetters, MemoryEventBus, MemoryOutbox
from trilha.adapters.memory.fleet_queries import MemoryFleetQueries
from trilha.adapters.memory.geofence_queries import MemoryGeofenceQueries
from trilha.adapters.memory.identity_people import (
    MemoryDirectory,
    MemoryOneTimeTokens,
    MemorySecondFactors,
    MemoryThrottles,
    MemoryUsers,
)
from trilha.adapters.memory.identity_secrets import MemoryPasswordHasher, MemoryTokenSigner, SimulatedSecrets
from trilha.adapters.memory.ingestion_queries import MemoryIngestionQueries
from trilha.adapters.memory.jobs import MemoryJobs, MemoryTaskQueue, QueuedTask
from trilha.adapters.memory.leases import MemoryLeases
from trilha.adapters.memory.live_feed import MemoryLiveFeed
from trilha.adapters.memory.maintenance import MemoryFleetUse, MemoryMaintenanceQueries
from trilha.adapters.memory.monitoring_queries import MemoryAlertQueries
from trilha.adapters.memory.organisations import MemoryOrganisations
from trilha.adapters.memory.rate_limiter import MemoryRateLimiter
from trilha.adapters.memory.reader import MemoryPageReader
from trilha.adapters.memory.reporting import MemoryReportQueries
from trilha.adapters.memory.rollup import MemoryRollup
from trilha.adapters.memory.roster import MemoryRoster
from trilha.adapters.memory.single_use import MemorySingleUse
from trilha.adapters.memory.source import MemorySource, SourceFleet, Streamed
from trilha.adapters.memory.telemetry_queries import MemoryTelemetryQueries
from trilha.adapters.memory.token_store import MemoryTokenStore
from trilha.adapters.memory.unit_of_work import MemoryUnitOfWork, MemoryUnitsOfWork

__all__ = [
    "HourCount",
    "MemoryAlertQueries",
    "MemoryDatabase",
    "MemoryDeadLetters",
    "MemoryDepot",
    "MemoryDirectory",
    "MemoryDrivingRecords",
    "MemoryEventBus",
    "MemoryFleetQueries",
    "MemoryFleetUse",
    "MemoryGeofenceQueries",
    "MemoryIngestionQueries",
    "MemoryJobs",
    "MemoryLeases",
    "MemoryLiveFeed",
    "MemoryMaintenanceQueries",
    "MemoryOneTimeTokens",
    "MemoryOrganisations",
    "MemoryOutbox",
    "MemoryPageReader",
    "MemoryPasswordHasher",
    "MemoryRateLimiter",
    "MemoryReportQueries",
    "MemoryRollup",
    "MemoryRoster",
    "MemorySecondFactors",
    "MemorySingleUse",
    "MemorySource",
    "MemoryTaskQueue",
    "MemoryTelemetryQueries",
    "MemoryThrottles",
    "MemoryTokenSigner",
    "MemoryTokenStore",
    "MemoryUnitOfWork",
    "MemoryUnitsOfWork",
    "MemoryUsers",
    "OrganisationTables",
    "QueuedTask",
    "SimulatedClock",
    "SimulatedIds",
    "SimulatedSecrets",
    "SourceFleet",
    "StoredRecord",
    "Streamed",
]
