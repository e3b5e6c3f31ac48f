"""Both servers start, answer, keep their data, and leave nothing running."""

import os
import socket
from collections.abc import Iterator

import nats
import psutil
import psycopg
import pytest

from trilha.adapters.embedded import (
    DataFolder,
    DataFolderInUse,
    EmbeddedNats,
    EmbeddedPostgres,
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
