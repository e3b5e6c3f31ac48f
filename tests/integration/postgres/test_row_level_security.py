"""What keeps organisations apart, tried with bare SQL as the application's own role."""

from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest

from trilha.adapters.postgres import Pool, PostgresUnitOfWork, open_pool, units_of_work
from trilha.adapters.postgres.cluster import DatabaseUrls
from trilha.adapters.system import SystemClock, Uuid7Ids
from trilha.domain.fleet import Classification, ClassificationChange
from trilha.domain.kernel import EventTypeId, OrganisationId
from trilha.domain.telemetry import FEEDS, Gap, IngestionRun, RunKind, Standing, Stream, heal_gap
from trilha.testing.contracts.fresh import NOON, new_id
from trilha.testing.contracts.geofences import a_geofence, a_visit
from trilha.testing.contracts.maintenance import BUS, a_plan, a_service
from trilha.testing.contracts.reporting import a_job, a_schedule
from trilha.testing.contracts.telemetry_records import a_record

WITHOUT_ORGANISATION = {"alembic_version", "source_tokens", "rate_keys", "rate_calls", "rate_waiters"}
"""The one list of tables that belong to nobody; no other table may lack a policy."""
SYSTEM_TABLES = {"organisations", "organisation_sources", "outbox", "dead_letters", "leases", "jobs"}
"""Of the tables with an organisation, those that the system role may see."""

FILLED = [
    "telemetry_events",
    "positions",
    "trips",
    "amended_records",
    "backfills",
    "gaps",
    "ingestion_runs",
    "report_jobs",
    "report_files",
    "report_schedules",
    "classification_changes",
    "maintenance_plans",
    "service_records",
    "due_notices",
    "geofences",
    "geofence_visits",
]

Two = tuple[OrganisationId, OrganisationId]


@pytest.fixture
async def filled(pool: Pool, two_organisations: Two) -> Two:
    begin = units_of_work(pool, SystemClock(), Uuid7Ids())
    for organisation_id in two_organisations:
        async with begin(organisation_id) as unit:
            await _fill(unit)
    return two_organisations


async def _fill(unit: PostgresUnitOfWork) -> None:
    for stream in FEEDS:
        await unit.records(stream).merge(new_id(), NOON, [a_record(stream)])
    await unit.amendments.save([Standing(Stream.EVENTS, 1, withdrawn_at=NOON)])
    gap = Gap(Stream.EVENTS, NOON - timedelta(days=1), NOON, NOON)
    await unit.gaps.open(gap)
    await unit.backfills.save(heal_gap(new_id(), gap, NOON))
    job = a_job()
    await unit.report_jobs.save(job)
    await unit.report_files.append(job.id, 0, b"piece", NOON)
    await unit.report_schedules.save(a_schedule())
    change = ClassificationChange(
        id=new_id(),
        event_type_id=EventTypeId(1),
        before=Classification.UNCLASSIFIED,
        after=Classification.SAFETY,
        changed_at=NOON,
        changed_by="operator",
    )
    await unit.master_data.add_change(change)
    fence = a_geofence()
    await unit.geofences.save([fence])
    await unit.visits.follow([a_visit(fence)])
    plan = a_plan()
    await unit.maintenance_plans.save(plan)
    await unit.service_records.add(a_service(plan))
    assert await unit.due_notices.first_time(plan.id, BUS, plan.id)
    await unit.runs.save(IngestionRun(id=new_id(), kind=RunKind.EVENTS, started_at=NOON))
    await unit.commit()


def test_every_table_with_an_organisation_has_a_forced_policy(postgres_superuser: psycopg.Connection) -> None:
    tables = postgres_superuser.execute(
        "select c.relname, c.relrowsecurity and c.relforcerowsecurity, "
        "exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'organisation_id') "
        "from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') "
        "and not c.relispartition"
    ).fetchall()
    assert {name for name, _, belongs in tables if not belongs} == WITHOUT_ORGANISATION | {"organisations"}
    assert {name for name, protected, _ in tables if not protected} == WITHOUT_ORGANISATION


def test_partitions_have_no_grants_of_their_own(postgres_superuser: psycopg.Connection) -> None:
    partitions = postgres_superuser.execute(
        "select relname, has_table_privilege('trilha_app', oid, 'select, insert, update, delete'), "
        "has_table_privilege('trilha_system', oid, 'select, insert, update, delete') "
        "from pg_class where relispartition and relkind = 'r'"
    ).fetchall()
    assert len(partitions) > 3
    assert not [name for name, app, system in partitions if app or system]


def test_the_system_role_sees_only_what_its_policies_name(postgres_superuser: psycopg.Connection) -> None:
    named = postgres_superuser.execute(
        "select tablename from pg_policies where 'trilha_system' = any(roles)"
    ).fetchall()
    granted = postgres_superuser.execute(
        "select relname from pg_class where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace "
        "and has_table_privilege('trilha_system', oid, 'select, insert, update, delete')"
    ).fetchall()
    assert {name for (name,) in named} == SYSTEM_TABLES
    assert {name for (name,) in granted} == SYSTEM_TABLES | WITHOUT_ORGANISATION


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("table", [*FILLED, "organisations"])
def test_without_an_organisation_nothing_shows(postgres_urls: DatabaseUrls, table: str) -> None:
    with psycopg.connect(postgres_urls.app, autocommit=True) as connection:
        assert connection.execute(f"select count(*) from {table}").fetchone() == (0,)
        with connection.transaction():
            connection.execute("select set_config('trilha.organisation_id', %s, true)", (str(uuid4()),))
        # after a local setting the value comes back as an empty text, which must not be an error
        assert connection.execute(f"select count(*) from {table}").fetchone() == (0,)


@pytest.mark.parametrize("table", FILLED)
def test_an_organisation_sees_itself_alone(postgres_urls: DatabaseUrls, filled: Two, table: str) -> None:
    with psycopg.connect(postgres_urls.app) as connection:
        connection.execute("select set_config('trilha.organisation_id', %s, true)", (str(filled[0]),))
        assert connection.execute(f"select distinct organisation_id from {table}").fetchall() == [(filled[0],)]


def test_a_foreign_organisations_row_is_refused(postgres_urls: DatabaseUrls, filled: Two) -> None:
    ours, theirs = filled
    with psycopg.connect(postgres_urls.app) as connection:
        connection.execute("select set_config('trilha.organisation_id', %s, true)", (str(ours),))
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
            connection.execute(
                "insert into checkpoints (organisation_id, stream, token, token_time, moved_at, checked_at, version) "
                "values (%s, 'events', 'a', now(), now(), now(), 0)",
                (theirs,),
            )


@pytest.mark.parametrize("table", ["telemetry_events", "positions", "trips"])
def test_nothing_can_be_copied_past_the_policies(postgres_urls: DatabaseUrls, filled: Two, table: str) -> None:
    with psycopg.connect(postgres_urls.app) as connection:
        connection.execute("select set_config('trilha.organisation_id', %s, true)", (str(filled[0]),))
        with (
            pytest.raises(psycopg.errors.FeatureNotSupported, match="row-level security"),
            connection.cursor() as cursor,
            cursor.copy(f"copy {table} from stdin"),
        ):
            pass


@pytest.mark.parametrize("table", FILLED)
def test_the_system_role_reads_no_telemetry(postgres_urls: DatabaseUrls, table: str) -> None:
    with (
        psycopg.connect(postgres_urls.system) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(f"select count(*) from {table}")


@pytest.mark.parametrize("table", ["telemetry_events", "trips"])
def test_of_a_record_only_what_is_amended_can_be_changed(postgres_urls: DatabaseUrls, filled: Two, table: str) -> None:
    with psycopg.connect(postgres_urls.app) as connection:
        connection.execute("select set_config('trilha.organisation_id', %s, true)", (str(filled[0]),))
        changed = connection.execute(f"update {table} set withdrawn_at = now(), driver_id = 2, source_driver_id = 1")
        assert changed.rowcount == 1
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(f"update {table} set vehicle_id = 2")


def test_the_application_reads_no_tokens(postgres_urls: DatabaseUrls) -> None:
    with psycopg.connect(postgres_urls.app) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("select access_token from source_tokens")


async def test_a_connection_forgets_its_organisation(postgres_urls: DatabaseUrls, filled: Two) -> None:
    """The next user of a pooled connection must not see what the last one could."""
    async with open_pool(postgres_urls.app, name="test", size=1) as pool:
        async with units_of_work(pool, SystemClock(), Uuid7Ids())(filled[0]) as unit:
            assert await unit.runs.running(RunKind.EVENTS)
        async with pool.connection() as connection:
            cursor = await connection.execute("select count(*) from ingestion_runs")
            assert await cursor.fetchone() == (0,)
