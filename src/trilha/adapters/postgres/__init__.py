"""PostgreSQL 15 or newer: everything Trilha keeps.

    urls = prepare_cluster(superuser_url, passwords)            # once, with a superuser's address
    migrate(urls.owner, now=clock.now())                        # at every start
    make_partitions(urls.owner, now=clock.now())                # each day of a process that runs for months
    take_away_old(urls.owner, cut_offs(Retention(), clock.now()))
    check_server(urls.app, setting="TRILHA_DATABASE_URL")
    async with open_pool(urls.app, name="api") as pool:
        units = units_of_work(pool, clock, ids)

Three roles: the owner makes tables and partitions, the application works under row-level security in one organisation
a transaction, the system serves all organisations in the few tables that its policies name. SQLAlchemy carries the
migrations; statements go to psycopg directly, several in one round trip, because its connections would cost more time
than a page's own statements do.
"""

from trilha.adapters.postgres.checks import OLDEST_MAJOR, check_server, check_version
from trilha.adapters.postgres.cluster import APP, OWNER, ROLES, SYSTEM, DatabaseUrls, prepare_cluster, urls_for
from trilha.adapters.postgres.depot import PostgresDepot
from trilha.adapters.postgres.driving_records import PostgresDrivingRecords
from trilha.adapters.postgres.errors import PostgresRefused, RoleTooPowerful, SchemaAhead, SchemaBehind, ServerTooOld
from trilha.adapters.postgres.fleet_queries import PostgresFleetQueries
from trilha.adapters.postgres.geofence_queries import PostgresGeofenceQueries
from trilha.adapters.postgres.ingestion_queries import PostgresIngestionQueries
from trilha.adapters.postgres.jobs import PostgresJobs
from trilha.adapters.postgres.lanes import Lanes
from trilha.adapters.postgres.leadership import PostgresLeadership
from trilha.adapters.postgres.leases import PostgresLeases
from trilha.adapters.postgres.maintenance_queries import PostgresFleetUse, PostgresMaintenanceQueries
from trilha.adapters.postgres.migrate import make_partitions, migrate
from trilha.adapters.postgres.monitoring_queries import PostgresAlertQueries
from trilha.adapters.postgres.organisations import PostgresOrganisations
from trilha.adapters.postgres.outbox import PostgresDeadLetters, PostgresOutbox
from trilha.adapters.postgres.pools import Pool, open_pool
from trilha.adapters.postgres.rate_limiter import PostgresRateLimiter
from trilha.adapters.postgres.reporting import PostgresReportQueries
from trilha.adapters.postgres.retention import take_away_old
from trilha.adapters.postgres.rollup import PostgresRollup
from trilha.adapters.postgres.roster import PostgresRoster
from trilha.adapters.postgres.telemetry_queries import PostgresTelemetryQueries
from trilha.adapters.postgres.tokens import PostgresTokenStore
from trilha.adapters.postgres.unit_of_work import PostgresUnitOfWork, units_of_work

__all__ = [
    "APP",
    "OLDEST_MAJOR",
    "OWNER",
    "ROLES",
    "SYSTEM",
    "DatabaseUrls",
    "Lanes",
    "Pool",
    "PostgresAlertQueries",
    "PostgresDeadLetters",
    "PostgresDepot",
    "PostgresDrivingRecords",
    "PostgresFleetQueries",
    "PostgresFleetUse",
    "PostgresGeofenceQueries",
    "PostgresIngestionQueries",
    "PostgresJobs",
    "PostgresLeadership",
    "PostgresLeases",
    "PostgresMaintenanceQueries",
    "PostgresOrganisations",
    "PostgresOutbox",
    "PostgresRateLimiter",
    "PostgresRefused",
    "PostgresReportQueries",
    "PostgresRollup",
    "PostgresRoster",
    "PostgresTelemetryQueries",
    "PostgresTokenStore",
    "PostgresUnitOfWork",
    "RoleTooPowerful",
    "SchemaAhead",
    "SchemaBehind",
    "ServerTooOld",
    "check_server",
    "check_version",
    "make_partitions",
    "migrate",
    "open_pool",
    "prepare_cluster",
    "take_away_old",
    "units_of_work",
    "urls_for",
]
