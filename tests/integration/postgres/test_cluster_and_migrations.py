"""Making roles and schema: repeatable, by several at once, and refusing what would not be safe."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import psycopg
import pytest

from tests.postgres import PASSWORDS, cloned, in_database
from trilha.adapters.postgres import (
    ROLES,
    DatabaseUrls,
    RoleTooPowerful,
    SchemaAhead,
    SchemaBehind,
    check_server,
    migrate,
    prepare_cluster,
    urls_for,
)
from trilha.adapters.postgres.migrate import NEWEST_MIGRATION
from trilha.adapters.postgres.partitions import ensure_partitions, split_default
from trilha.adapters.postgres.upgrade import newest_step
from trilha.application.ports import StorageUnavailable
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
        assert ensure_partitions(owner, NOW, datetime(2031, 7, 1, tzinfo=UTC)) == ["telemetry_events_2031_07"]
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
