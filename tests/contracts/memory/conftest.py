"""The memory adapters, as the contract suites want them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta

import pytest

from trilha.adapters.memory import (
    MemoryAlertQueries,
    MemoryDatabase,
    MemoryDeadLetters,
    MemoryDepot,
    MemoryDrivingRecords,
    MemoryEventBus,
    MemoryFleetQueries,
    MemoryFleetUse,
    MemoryGeofenceQueries,
    MemoryIngestionQueries,
    MemoryJobs,
    MemoryLeases,
    MemoryMaintenanceQueries,
    MemoryOrganisations,
    MemoryOutbox,
    MemoryRateLimiter,
    MemoryReportQueries,
    MemoryRollup,
    MemoryRoster,
    MemoryTaskQueue,
    MemoryTelemetryQueries,
    MemoryTokenStore,
    MemoryUnitsOfWork,
    SimulatedClock,
    SimulatedIds,
)
from trilha.application.ports import Clock, Lease, RateLimit
from trilha.domain.kernel import OrganisationId


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock()


@pytest.fixture
def ids(clock: SimulatedClock) -> SimulatedIds:
    return SimulatedIds(clock)


@pytest.fixture
def database(clock: SimulatedClock, ids: SimulatedIds) -> MemoryDatabase:
    return MemoryDatabase(clock, ids)


@pytest.fixture
def organisations(database: MemoryDatabase) -> MemoryOrganisations:
    return MemoryOrganisations(database)


@pytest.fixture
def units(database: MemoryDatabase) -> MemoryUnitsOfWork:
    return MemoryUnitsOfWork(database)


@pytest.fixture
def leases(database: MemoryDatabase) -> MemoryLeases:
    return MemoryLeases(database)


@pytest.fixture
def lapse(clock: SimulatedClock) -> Callable[[Lease], Awaitable[None]]:
    async def lapse(lease: Lease) -> None:
        clock.advance(timedelta(days=1))

    return lapse


@pytest.fixture
def token_store(database: MemoryDatabase) -> MemoryTokenStore:
    return MemoryTokenStore(database)


@pytest.fixture
def make_rate_limiter() -> Callable[[Sequence[RateLimit], Clock], MemoryRateLimiter]:
    databases: dict[Clock, MemoryDatabase] = {}

    def make(limits: Sequence[RateLimit], clock: Clock) -> MemoryRateLimiter:
        shared = databases.setdefault(clock, MemoryDatabase(clock, SimulatedIds(SimulatedClock())))
        return MemoryRateLimiter(shared, limits)

    return make


@pytest.fixture
def jobs(database: MemoryDatabase) -> MemoryJobs:
    return MemoryJobs(database)


@pytest.fixture
def task_queue() -> MemoryTaskQueue:
    return MemoryTaskQueue()


@pytest.fixture
def take_task(task_queue: MemoryTaskQueue) -> Callable[[], Awaitable[tuple[str, Mapping[str, str]]]]:
    async def take() -> tuple[str, Mapping[str, str]]:
        queued = task_queue.take()
        assert queued is not None
        return queued.task, queued.arguments

    return take


@pytest.fixture
def outbox(database: MemoryDatabase) -> MemoryOutbox:
    return MemoryOutbox(database)


@pytest.fixture
def dead_letters(database: MemoryDatabase) -> MemoryDeadLetters:
    return MemoryDeadLetters(database)


@pytest.fixture
def event_bus(clock: SimulatedClock, dead_letters: MemoryDeadLetters) -> MemoryEventBus:
    return MemoryEventBus(clock, dead_letters)


@pytest.fixture
def fleet_queries(database: MemoryDatabase) -> MemoryFleetQueries:
    return MemoryFleetQueries(database)


@pytest.fixture
def geofence_queries(database: MemoryDatabase) -> MemoryGeofenceQueries:
    return MemoryGeofenceQueries(database)


@pytest.fixture
def fleet_use(database: MemoryDatabase) -> MemoryFleetUse:
    return MemoryFleetUse(database)


@pytest.fixture
def maintenance_queries(database: MemoryDatabase) -> MemoryMaintenanceQueries:
    return MemoryMaintenanceQueries(database)


@pytest.fixture
def telemetry_queries(database: MemoryDatabase) -> MemoryTelemetryQueries:
    return MemoryTelemetryQueries(database)


@pytest.fixture
def driving_records(database: MemoryDatabase) -> MemoryDrivingRecords:
    return MemoryDrivingRecords(database)


@pytest.fixture
def depot(database: MemoryDatabase) -> MemoryDepot:
    return MemoryDepot(database)


@pytest.fixture
def rollup() -> MemoryRollup:
    return MemoryRollup()


@pytest.fixture
def roster(database: MemoryDatabase) -> MemoryRoster:
    return MemoryRoster(database)


@pytest.fixture
def ingestion_queries(database: MemoryDatabase) -> MemoryIngestionQueries:
    return MemoryIngestionQueries(database)


@pytest.fixture
def hour_counts(
    database: MemoryDatabase,
) -> Callable[[OrganisationId], Awaitable[dict[tuple[str, datetime], tuple[int, int]]]]:
    async def read(organisation_id: OrganisationId) -> dict[tuple[str, datetime], tuple[int, int]]:
        rows = database.of(organisation_id).throughput.items()
        return {(stream.value, hour): (count.received, count.inserted) for (stream, hour), count in rows}

    return read


@pytest.fixture
def report_queries(database: MemoryDatabase) -> MemoryReportQueries:
    return MemoryReportQueries(database)


@pytest.fixture
def alert_queries(database: MemoryDatabase) -> MemoryAlertQueries:
    return MemoryAlertQueries(database)
