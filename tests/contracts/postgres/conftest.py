"""The PostgreSQL adapters, as the contract suites want them."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime

import psycopg
import pytest

from tests.postgres import postgres_superuser, postgres_superuser_url, postgres_template, postgres_urls
from trilha.adapters.postgres import (
    DatabaseUrls,
    Lanes,
    Pool,
    PostgresAlertQueries,
    PostgresDeadLetters,
    PostgresDepot,
    PostgresDrivingRecords,
    PostgresFleetQueries,
    PostgresFleetUse,
    PostgresGeofenceQueries,
    PostgresIngestionQueries,
    PostgresJobs,
    PostgresLeases,
    PostgresMaintenanceQueries,
    PostgresOrganisations,
    PostgresOutbox,
    PostgresRateLimiter,
    PostgresReportQueries,
    PostgresRollup,
    PostgresRoster,
    PostgresTelemetryQueries,
    PostgresTokenStore,
    PostgresUnitOfWork,
    open_pool,
    units_of_work,
)
from trilha.adapters.system import SystemClock, Uuid7Ids
from trilha.application.ports import Clock, Lease, RateLimit
from trilha.domain.kernel import OrganisationId

__all__ = ["postgres_superuser", "postgres_superuser_url", "postgres_template", "postgres_urls"]


@pytest.fixture
async def pool(postgres_urls: DatabaseUrls) -> AsyncIterator[Pool]:
    async with open_pool(postgres_urls.app, name="test") as pool:
        yield pool


@pytest.fixture
async def system_pool(postgres_urls: DatabaseUrls) -> AsyncIterator[Pool]:
    async with open_pool(postgres_urls.system, name="test", staging=False) as pool:
        yield pool


@pytest.fixture
def clock() -> SystemClock:
    return SystemClock()


@pytest.fixture
def ids() -> Uuid7Ids:
    return Uuid7Ids()


@pytest.fixture
def organisations(system_pool: Pool) -> PostgresOrganisations:
    return PostgresOrganisations(system_pool)


@pytest.fixture
def units(pool: Pool, clock: SystemClock, ids: Uuid7Ids) -> Callable[[OrganisationId], PostgresUnitOfWork]:
    return units_of_work(pool, clock, ids)


@pytest.fixture
def leases(system_pool: Pool) -> PostgresLeases:
    return PostgresLeases(system_pool)


@pytest.fixture
def lapse(postgres_superuser: psycopg.Connection) -> Callable[[Lease], Awaitable[None]]:
    async def lapse(lease: Lease) -> None:
        postgres_superuser.execute(
            "update leases set expires_at = expires_at - interval '1 day' where organisation_id = %s and name = %s",
            (lease.organisation_id, lease.name),
        )

    return lapse


@pytest.fixture
def token_store(system_pool: Pool, clock: SystemClock) -> PostgresTokenStore:
    return PostgresTokenStore(system_pool, clock)


@pytest.fixture
def make_rate_limiter(system_pool: Pool) -> Callable[[Sequence[RateLimit], Clock], PostgresRateLimiter]:
    return lambda limits, clock: PostgresRateLimiter(system_pool, clock, limits)


@pytest.fixture
def jobs(system_pool: Pool) -> PostgresJobs:
    return PostgresJobs(system_pool)


@pytest.fixture
def outbox(system_pool: Pool, clock: SystemClock) -> PostgresOutbox:
    return PostgresOutbox(system_pool, clock)


@pytest.fixture
def dead_letters(system_pool: Pool) -> PostgresDeadLetters:
    return PostgresDeadLetters(system_pool)


@pytest.fixture
async def lanes(pool: Pool) -> AsyncIterator[Lanes]:
    async with Lanes(pool) as lanes:
        yield lanes


@pytest.fixture
def fleet_queries(pool: Pool, lanes: Lanes) -> PostgresFleetQueries:
    return PostgresFleetQueries(pool, lanes)


@pytest.fixture
def geofence_queries(pool: Pool, lanes: Lanes) -> PostgresGeofenceQueries:
    return PostgresGeofenceQueries(pool, lanes)


@pytest.fixture
def fleet_use(pool: Pool) -> PostgresFleetUse:
    return PostgresFleetUse(pool)


@pytest.fixture
def maintenance_queries(pool: Pool) -> PostgresMaintenanceQueries:
    return PostgresMaintenanceQueries(pool)


@pytest.fixture
def telemetry_queries(lanes: Lanes) -> PostgresTelemetryQueries:
    return PostgresTelemetryQueries(lanes)


@pytest.fixture
def driving_records(pool: Pool) -> PostgresDrivingRecords:
    return PostgresDrivingRecords(pool)


@pytest.fixture
def depot(pool: Pool) -> PostgresDepot:
    return PostgresDepot(pool)


@pytest.fixture
def rollup(pool: Pool) -> PostgresRollup:
    return PostgresRollup(pool)


@pytest.fixture
def roster(pool: Pool) -> PostgresRoster:
    return PostgresRoster(pool)


@pytest.fixture
def ingestion_queries(pool: Pool) -> PostgresIngestionQueries:
    return PostgresIngestionQueries(pool)


@pytest.fixture
def hour_counts(
    postgres_superuser: psycopg.Connection,
) -> Callable[[OrganisationId], Awaitable[dict[tuple[str, datetime], tuple[int, int]]]]:
    async def read(organisation_id: OrganisationId) -> dict[tuple[str, datetime], tuple[int, int]]:
        rows = postgres_superuser.execute(
            "select stream, hour, received, inserted from throughput where organisation_id = %s", (organisation_id,)
        )
        return {(stream, hour.astimezone(UTC)): (received, inserted) for stream, hour, received, inserted in rows}

    return read


@pytest.fixture
def report_queries(pool: Pool) -> PostgresReportQueries:
    return PostgresReportQueries(pool)


@pytest.fixture
def alert_queries(pool: Pool) -> PostgresAlertQueries:
    return PostgresAlertQueries(pool)
