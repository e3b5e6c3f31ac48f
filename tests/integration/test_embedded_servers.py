"""Both servers start, answer, keep their data, and leave nothing running."""

import asyncio
import os
import signal
import socket
from collections.abc import Iterator

import nats
import psutil
import psycopg
import pytest

from trilha.adapters.embedded import (
    DataFolder,
    DataFolderError,
    DataFolderInUse,
    DataTooOld,
    EmbeddedNats,
    EmbeddedPostgres,
    ServerFailed,
    temporary_data_folder,
)


@pytest.fixture(scope="module")
def folder() -> Iterator[DataFolder]:
    with temporary_data_folder() as made:
        yield made


def test_postgres_keeps_data_and_port_over_a_restart(folder: DataFolder) -> None:
    with EmbeddedPostgres(folder) as server, psycopg.connect(server.superuser_url, autocommit=True) as connection:
        connection.execute("create table if not exists kept as select 42 as answer")
        port = server.port
    with EmbeddedPostgres(folder) as server, psycopg.connect(server.superuser_url) as connection:
        assert connection.execute("select answer from kept").fetchone() == (42,)
        assert server.port == port


def test_postgres_wants_the_password(folder: DataFolder) -> None:
    with EmbeddedPostgres(folder) as server:
        wrong = server.url("postgres", "wrong", "postgres")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(wrong)


async def test_nats_keeps_a_stream_over_a_restart(folder: DataFolder) -> None:
    async with EmbeddedNats(folder) as server:
        client = await nats.connect(server.url)
        stream = client.jetstream()
        await stream.add_stream(name="KEPT", subjects=["kept.>"])
        await stream.publish("kept.one", b"1")
        await client.close()
    async with EmbeddedNats(folder) as server:
        client = await nats.connect(server.url)
        assert (await client.jetstream().stream_info("KEPT")).state.messages == 1
        await client.close()


def test_nats_wants_the_password(folder: DataFolder) -> None:
    with EmbeddedNats(folder) as server, socket.create_connection(("127.0.0.1", server.port), timeout=5) as client:
        client.sendall(b"CONNECT {}\r\nPING\r\n")
        with client.makefile("rb") as answers:
            assert answers.readline().startswith(b"INFO ")
            assert b"Authorization Violation" in answers.readline()


def test_a_second_server_on_the_same_data_is_told_who_has_them(folder: DataFolder) -> None:
    with (
        EmbeddedPostgres(folder),
        pytest.raises(DataFolderInUse, match=r"TRILHA_DATA_DIR") as refused,
        EmbeddedPostgres(folder),
    ):
        pass
    assert refused.value.pid == os.getpid()


def test_stopping_leaves_no_process(folder: DataFolder) -> None:
    with EmbeddedPostgres(folder) as postgres, EmbeddedNats(folder) as server:
        started = [psutil.Process(pid) for pid in (postgres.pid, server.pid) if pid]
        started += [child for process in started for child in process.children(recursive=True)]
    _, alive = psutil.wait_procs(started, timeout=5)
    assert len(started) > 2
    assert not alive


def test_servers_never_run_as_root(folder: DataFolder) -> None:
    with EmbeddedPostgres(folder) as postgres, EmbeddedNats(folder) as server:
        assert all(psutil.Process(pid).uids().effective != 0 for pid in (postgres.pid, server.pid) if pid)


def test_a_crashed_postgres_with_a_stale_pid_file_starts_again(folder: DataFolder) -> None:
    with EmbeddedPostgres(folder) as server:
        assert server.pid
        os.kill(server.pid, signal.SIGKILL)
    # the number now belongs to another process of the same user, which PostgreSQL alone takes for a postmaster
    pid_file = folder.path / "postgres" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    with EmbeddedNats(folder) as other:
        pid_file.write_text("\n".join([str(other.pid), *lines[1:]]))
        with EmbeddedPostgres(folder) as server, psycopg.connect(server.superuser_url) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
        assert other.is_ready()


def test_data_of_another_major_version_are_refused_untouched(folder: DataFolder) -> None:
    with EmbeddedPostgres(folder):
        pass
    version = folder.path / "postgres" / "PG_VERSION"
    kept = version.read_text()
    version.write_text("15\n")
    with pytest.raises(DataTooOld, match=r"PostgreSQL 15.*PostgreSQL 18.*TRILHA_DATA_DIR"), EmbeddedPostgres(folder):
        pass
    version.write_text(kept)
    with EmbeddedPostgres(folder):
        pass


def test_a_lost_password_is_told(folder: DataFolder) -> None:
    with EmbeddedPostgres(folder):
        pass
    password = folder.secrets / "postgres-superuser"
    away = password.rename(folder.path / "away")
    with pytest.raises(DataFolderError, match="postgres-superuser"), EmbeddedPostgres(folder):
        pass
    away.rename(password)


def test_a_server_that_cannot_start_shows_the_end_of_its_log(folder: DataFolder) -> None:
    with EmbeddedPostgres(folder):
        pass
    settings = folder.path / "postgres" / "postgresql.auto.conf"
    kept = settings.read_text()
    settings.write_text("shared_preload_libraries = 'nowhere'\n")
    with pytest.raises(ServerFailed, match=r"exit code 1(.|\n)*nowhere") as failed, EmbeddedPostgres(folder):
        pass
    assert str(folder.logs / "postgres.log") in str(failed.value)
    settings.write_text(kept)
    with EmbeddedPostgres(folder):
        pass


def test_a_start_that_was_killed_half_way_leaves_nothing_that_looks_like_data() -> None:
    with temporary_data_folder() as fresh:
        (fresh.path / "postgres.new" / "data").mkdir(parents=True)
        (fresh.path / "postgres.new" / "data" / "PG_VERSION").write_text("18\n")
        with EmbeddedPostgres(fresh, durable=False) as server, psycopg.connect(server.superuser_url) as connection:
            assert connection.execute("show server_encoding").fetchone() == ("UTF8",)
        assert not (fresh.path / "postgres.new").exists()


async def test_both_start_side_by_side(folder: DataFolder) -> None:
    postgres, server = EmbeddedPostgres(folder), EmbeddedNats(folder)
    try:
        await asyncio.gather(postgres.start(), server.start())
        assert postgres.is_ready()
        assert server.is_ready()
    finally:
        await asyncio.gather(postgres.stop(), server.stop())
    assert not server.is_ready()


def test_sorting_and_case_do_not_depend_on_the_machine(folder: DataFolder) -> None:
    with EmbeddedPostgres(folder) as server, psycopg.connect(server.superuser_url) as connection:
        row = connection.execute(
            "select upper('ção'), datlocprovider from pg_database where datname = 'postgres'"
        ).fetchone()
    assert row == ("ÇÃO", "b")


def test_the_log_names_no_data(folder: DataFolder) -> None:
    with EmbeddedPostgres(folder) as server, psycopg.connect(server.superuser_url, autocommit=True) as connection:
        connection.execute("create table people (email text primary key)")
        connection.execute("insert into people values ('ana@example.org')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("insert into people values (%s)", ["ana@example.org"])
        connection.execute("drop table people")
        assert "duplicate key" in server.log.read_text()
        assert "ana@" not in server.log.read_text()
