"""A whole run with real servers as a process of its own: ended, killed, started again, detached, on difficult paths."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import nats
import psutil
import psycopg
import pytest

from trilha.adapters.embedded import DataFolder, EmbeddedNats, EmbeddedPostgres, open_data_folder, temporary_data_folder
from trilha.entrypoints.supervisor import SupervisorError, detach, down, status

PROGRAM = Path(__file__).with_name("embedded_run.py")


@pytest.fixture(scope="module")
def folder() -> Iterator[DataFolder]:
    """One for all, because making a cluster is what takes time."""
    with temporary_data_folder() as made:
        yield made


def until(condition: Callable[[], object], within_s: float = 30) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.01)


class Run:
    """A started run and everything it started."""

    def __init__(self, folder: DataFolder, **environ: str) -> None:
        self.folder = folder
        self.output = folder.logs / "run.txt"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, str(PROGRAM)],
                env={**os.environ, "TRILHA_DATA_DIR": str(folder.path), **environ},
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def wait_until_ready(self) -> "Run":
        until(lambda: self.process.poll() is not None or self._is_ready())
        assert self.process.poll() is None, self.output.read_text()
        return self

    def _is_ready(self) -> bool:
        now = status(self.folder)
        return now.ready and now.pid == self.process.pid

    def pid_of(self, name: str) -> int | None:
        return next(child.pid for child in status(self.folder).children if child.name == name)

    def everything(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        return self.process.wait(30)


@contextmanager
def running(folder: DataFolder, **environ: str) -> Iterator[Run]:
    run = Run(folder, **environ)
    try:
        yield run.wait_until_ready()
    finally:
        if run.process.poll() is None:
            run.end(signal.SIGTERM)


def remember(folder: DataFolder) -> int:
    with psycopg.connect(EmbeddedPostgres(folder).superuser_url, autocommit=True) as connection:
        connection.execute("create table if not exists kept (at timestamptz default now())")
        connection.execute("insert into kept default values")
    return remembered(folder)


def remembered(folder: DataFolder) -> int:
    with psycopg.connect(EmbeddedPostgres(folder).superuser_url) as connection:
        return connection.execute("select count(*) from kept").fetchone()[0]


async def publish(folder: DataFolder) -> int:
    client = await nats.connect(EmbeddedNats(folder).url)
    stream = client.jetstream()
    await stream.add_stream(name="KEPT", subjects=["kept.>"])
    await stream.publish("kept.one", b"1")
    messages: int = (await stream.stream_info("KEPT")).state.messages
    await client.close()
    return messages


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_everything_in_good_order(folder: DataFolder, how: signal.Signals) -> None:
    with running(folder) as run:
        started = run.everything()
        assert run.end(how) == 0
    assert len(started) > 3
    assert not [process for process in started if process.is_running()]
    assert not (folder.run / "state.json").exists()
    assert not (folder.path / "postgres" / "postmaster.pid").exists()


def test_a_killed_run_leaves_no_process_and_the_next_one_goes_on(folder: DataFolder) -> None:
    with running(folder) as run:
        rows, messages = remember(folder), asyncio.run(publish(folder))
        ports = EmbeddedPostgres(folder).port, EmbeddedNats(folder).port
        started = run.everything()
        run.end(signal.SIGKILL)
        assert not status(folder).running
        _, alive = psutil.wait_procs(started, timeout=20)
        assert not alive
    with running(folder):
        assert remembered(folder) == rows
        assert asyncio.run(publish(folder)) == messages + 1
        assert (EmbeddedPostgres(folder).port, EmbeddedNats(folder).port) == ports


def test_a_run_right_after_a_killed_one_waits_for_its_children(folder: DataFolder) -> None:
    with running(folder) as run:
        started = run.everything()
        run.end(signal.SIGKILL)
        with running(folder):
            assert not [process for process in started if process.is_running()]


@pytest.mark.parametrize("name", ["postgres", "nats"])
def test_a_killed_server_comes_back_on_its_port_with_its_data(folder: DataFolder, name: str) -> None:
    with running(folder) as run:
        rows, messages = remember(folder), asyncio.run(publish(folder))
        ports = EmbeddedPostgres(folder).port, EmbeddedNats(folder).port
        first = run.pid_of(name)
        os.kill(first, signal.SIGKILL)
        until(
            lambda: run.pid_of(name) not in (None, first) and all(c.state == "ready" for c in status(folder).children)
        )
        assert remembered(folder) == rows
        assert asyncio.run(publish(folder)) == messages + 1
        assert (EmbeddedPostgres(folder).port, EmbeddedNats(folder).port) == ports


def test_two_runs_at_once(folder: DataFolder) -> None:
    with running(folder) as first:
        second = subprocess.run(
            [sys.executable, str(PROGRAM)],
            check=False,
            env={**os.environ, "TRILHA_DATA_DIR": str(folder.path)},
            capture_output=True,
            text=True,
            timeout=30,
        )
        assert second.returncode == 1
        assert f"process {first.process.pid}" in second.stderr
        assert "TRILHA_DATA_DIR" in second.stderr
        assert status(folder).ready


def test_a_detached_run_is_ready_on_return_and_goes_down_on_request(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRILHA_DATA_DIR", str(folder.path))
    seen: list[tuple[str, str]] = []
    run = detach(folder, [sys.executable, str(PROGRAM)], on_progress=lambda name, state: seen.append((name, state)))
    started = psutil.Process(run.pid).children(recursive=True)
    assert run.ready
    assert run.screen == {"api": "http://127.0.0.1:8000"}
    assert ("idle", "ready") in seen
    assert psutil.Process(run.pid).terminal() is None
    assert down(folder)
    assert os.waitpid(run.pid, 0) == (run.pid, 0)
    assert not [process for process in started if process.is_running()]
    assert not status(folder).running
    assert not down(folder)


def test_a_second_detached_run_is_refused(folder: DataFolder) -> None:
    with running(folder) as first:
        with pytest.raises(SupervisorError, match=rf"process {first.process.pid}\b.*TRILHA_DATA_DIR"):
            detach(folder, [sys.executable, str(PROGRAM)])
        assert status(folder).ready


def test_a_detached_run_that_fails_says_why(folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        monkeypatch.setenv("TRILHA_DATA_DIR", str(folder.path))
        monkeypatch.setenv("TRILHA_HTTP_PORT", str(other.getsockname()[1]))
        with pytest.raises(SupervisorError, match="TRILHA_HTTP_PORT"):
            detach(folder, [sys.executable, str(PROGRAM)])
    with pytest.raises(SupervisorError, match="No module named 'nowhere'"):
        detach(folder, [sys.executable, "-c", "import nowhere"])


def test_a_difficult_path_works_and_no_folder_above_it_changes_its_mode() -> None:
    """Spaces, accents, quotes, and more bytes than a socket path may have."""
    above = Path(tempfile.mkdtemp(prefix="trilha-run-"))
    above.chmod(0o711)
    data = above / "with spaces and açúcar, it's 💚" / ("d" * 100) / "data"
    data.parent.mkdir(parents=True)
    data.parent.chmod(0o711)
    modes = {path: path.stat().st_mode for path in data.parents}
    try:
        folder = open_data_folder(data)
        with running(folder):
            remember(folder)
            assert remembered(folder) == 1
            assert asyncio.run(publish(folder)) == 1
        assert {path: path.stat().st_mode for path in data.parents} == modes
    finally:
        shutil.rmtree(above)
