"""Making roles and schema: repeatable, by several at once, and refusing what would not be safe."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest

from tests.postgres import PASSWORDS, cloned, in_database
from trilha.adapters.postgres import (
    ROLES,
    DatabaseUrls,
    Pool,
    RoleTooPowerful,
    SchemaAhead,
    SchemaBehind,
    check_server,
    migrate,
    open_pool,
    prepare_cluster,
    units_of_work,
    urls_for,
)
from trilha.adapters.postgres.migrate import NEWEST_MIGRATION
from trilha.adapters.postgres.partitions import ensure_partitions, split_default
from trilha.adapters.postgres.upgrade import newest_step, upgrade
from trilha.adapters.system import SystemClock, Uuid7Ids
from trilha.application.ports import StorageUnavailable
from trilha.domain.kernel import OrganisationId
from trilha.domain.telemetry import MergeOutcome, Window, closes, heal_gap, record_window
from trilha.testing.contracts.fresh import new_key

SETTING = "TRILHA_DATABASE_URL"
NOW = datetime(2031, 5, 20, tzinfo=UTC)


def test_preparing_again_changes_nothing(postgres_superuser_url: str, postgres_template: str) -> None:
    again = prepare_cluster(postgres_superuser_url, PASSWORDS, database=postgres_template)
    assert again == urls_for(postgres_superuser_url, PASSWORDS, postgres_template)


def test_no_role_has_power_over_policies(postgres_superuser: psycopg.Connection) -> None:
    roles = postgres_superuser.execute(
        "select rolname, rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication from pg_roles "
        "where rolname = any(%s)",
        (list(ROLES),),
    ).fetchall()
    assert sorted(roles) == sorted((role, False) for role in ROLES)


def test_migrating_again_says_so_and_keeps_everything(fresh_postgres_urls: DatabaseUrls) -> None:
    heard: list[str] = []
    migrate(fresh_postgres_urls.owner, now=datetime.now(UTC), progress=heard.append)
    assert heard == ["waiting for other migrations", "the schema is up to date", "making partitions"]
    check_server(fresh_postgres_urls.app, setting=SETTING)
    check_server(fresh_postgres_urls.system, setting=SETTING)


def test_two_that_migrate_at_once_do_it_once(postgres_superuser_url: str, postgres_template: str) -> None:
    with cloned(postgres_superuser_url, "template0") as name:
        urls = prepare_cluster(postgres_superuser_url, PASSWORDS, database=name)
        with ThreadPoolExecutor() as threads:
            list(threads.map(lambda _: migrate(urls.owner, now=NOW), range(3)))
        check_server(urls.app, setting=SETTING)


def test_the_steps_end_where_the_code_expects_them_to() -> None:
    assert newest_step() == NEWEST_MIGRATION


def test_a_database_of_a_newer_trilha_is_left_alone(postgres_superuser_url: str, postgres_template: str) -> None:
    with cloned(postgres_superuser_url, "template0") as name:
        urls = prepare_cluster(postgres_superuser_url, PASSWORDS, database=name)
        migrate(urls.owner, now=NOW)
        with psycopg.connect(urls.owner, autocommit=True) as owner:
            owner.execute("update alembic_version set version_num = '9999'")
        with pytest.raises(SchemaAhead, match=r"9999.*newer Trilha"):
            migrate(urls.owner, now=NOW)


def test_an_empty_database_is_refused_with_the_way_out(postgres_superuser_url: str, postgres_template: str) -> None:
    with cloned(postgres_superuser_url, "template0") as name:
        urls = prepare_cluster(postgres_superuser_url, PASSWORDS, database=name)
        with pytest.raises(SchemaBehind, match=rf"{SETTING}.*none.*trilha migrate"):
            check_server(urls.app, setting=SETTING)


def test_a_superuser_is_refused(postgres_superuser_url: str, postgres_urls: DatabaseUrls) -> None:
    with pytest.raises(RoleTooPowerful, match=rf"{SETTING}.*superuser"):
        check_server(in_database(postgres_superuser_url, postgres_urls.app), setting=SETTING)


def test_a_role_that_skips_policies_is_refused(
    postgres_superuser: psycopg.Connection, postgres_urls: DatabaseUrls
) -> None:
    role = new_key("skips").replace("-", "_")
    postgres_superuser.execute(f"create role {role} login bypassrls password 'trilha-test' in role trilha_app")
    try:
        with pytest.raises(RoleTooPowerful, match="BYPASSRLS"):
            check_server(postgres_urls.app.replace("trilha_app", role), setting=SETTING)
    finally:
        postgres_superuser.execute(f"drop role {role}")


def test_a_server_that_does_not_answer_is_unavailable(postgres_urls: DatabaseUrls) -> None:
    with pytest.raises(StorageUnavailable, match=rf"{SETTING}.*password authentication failed"):
        check_server(postgres_urls.app.replace("trilha-test", "wrong"), setting=SETTING)


def test_months_are_made_once_and_cut_out_of_the_default(fresh_postgres_urls: DatabaseUrls) -> None:
    with psycopg.connect(fresh_postgres_urls.owner, autocommit=True) as owner:
        _add_event(owner, datetime(2031, 5, 31, 23, 59, 59, 999999, tzinfo=UTC))
        _add_event(owner, datetime(2031, 6, 1, tzinfo=UTC))
        assert split_default(owner) == ["telemetry_events_2031_05", "telemetry_events_2031_06"]
        assert split_default(owner) == []
        assert sorted(ensure_partitions(owner, NOW, datetime(2031, 7, 1, tzinfo=UTC))) == [
            *(f"positions_2031_0{month}" for month in (5, 6, 7)),
            "telemetry_events_2031_07",
            *(f"trips_2031_0{month}" for month in (5, 6, 7)),
        ]
        rows = {
            table: owner.execute(f"select count(*) from {table}").fetchone()
            for table in ("telemetry_events_2031_05", "telemetry_events_2031_06", "telemetry_events_default")
        }
    assert list(rows.values()) == [(1,), (1,), (0,)]


def _add_event(owner: psycopg.Connection, moment: datetime) -> None:
    owner.execute(
        "insert into telemetry_events_default (organisation_id, id, occurred_at, driver_id, vehicle_id, event_type_id, "
        "received_at, page_id, occurrences, category) "
        "values (gen_random_uuid(), 1, %s, 2, 3, 4, %s, gen_random_uuid(), 1, '')",
        (moment, moment),
    )


FOUNDATION = """
insert into organisations values ('00000000-0000-0000-0000-000000000001', 'Viação Exemplo', 'UTC', now());
insert into telemetry_events_default (organisation_id, id, occurred_at, driver_id, vehicle_id, event_type_id,
    received_at, page_id, occurrences, category)
values ('00000000-0000-0000-0000-000000000001', 1, '2031-05-20', 2, 3, 4, '2031-05-20', gen_random_uuid(), 1, '');
insert into raw_pages values ('00000000-0000-0000-0000-000000000001', gen_random_uuid(), 'events', 'token 1', 'token 2',
    '2031-05-20', 2, '');
insert into quarantine (organisation_id, stream, page_id, at, position, reason, detail, raw)
select '00000000-0000-0000-0000-000000000001', 'events', null, '2031-05-20', place, 'malformed', 'detail', 'raw'
from generate_series(1, 3) place;
insert into gaps (organisation_id, stream, start_at, end_at, opened_at, closed_at)
values ('00000000-0000-0000-0000-000000000001', 'events', '2031-05-01 00:00:00.5', '2031-05-10 00:00:00.5', now(),
    null), ('00000000-0000-0000-0000-000000000001', 'events', '2031-04-01', '2031-04-02', now(), now());
insert into throughput values ('00000000-0000-0000-0000-000000000001', 'events', '2031-05-20', 5, 4);
insert into dead_letters values ('00000000-0000-0000-0000-000000000001', 'metrics', gen_random_uuid(), '{}', 3, 'error',
    now());
"""
"""What a database of the first step may hold."""
ORGANISATION = OrganisationId(UUID(int=1))


async def test_what_the_first_step_kept_is_there_after_the_next(
    postgres_superuser_url: str, postgres_template: str
) -> None:
    with cloned(postgres_superuser_url, "template0") as name:
        urls = prepare_cluster(postgres_superuser_url, PASSWORDS, database=name)
        upgrade(urls.owner, None, until="0001")
        with psycopg.connect(in_database(postgres_superuser_url, urls.app), autocommit=True) as superuser:
            superuser.execute(FOUNDATION)
            migrate(urls.owner, now=NOW)
            kept = {
                table: superuser.execute(f"select {columns} from {table}").fetchall()
                for table, columns in (
                    ("telemetry_events", "id, driver_id, source_driver_id, withdrawn_at"),
                    ("raw_pages", "asked_for, next_token"),
                    ("quarantine", "count(distinct id), bool_and(settlement is null)"),
                    ("throughput", "received, inserted, late"),
                    ("dead_letters", "consumer, status, settled_at"),
                )
            }
        assert kept == {
            "telemetry_events": [(1, 2, None, None)],
            "raw_pages": [("token 1", "token 2")],
            "quarantine": [(3, True)],
            "throughput": [(5, 4, 0)],
            "dead_letters": [("metrics", "open", None)],
        }
        async with open_pool(urls.app, name="test") as pool:
            await _gap_heals(pool)


async def _gap_heals(pool: Pool) -> None:
    """As one that opens now: by a backfill that begins early enough for what came late."""
    async with units_of_work(pool, SystemClock(), Uuid7Ids())(ORGANISATION) as unit:
        (gap,) = await unit.gaps.unfilled()
        (backfill,) = await unit.backfills.unfinished()
        assert backfill == heal_gap(backfill.id, gap, backfill.requested_at)
        begun = record_window(backfill, Window(gap.stream, backfill.start, backfill.end), MergeOutcome(), 0, NOW)
        await unit.backfills.save(begun)
        assert closes(begun, gap)
