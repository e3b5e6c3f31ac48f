"""The supervisor, with small children: order, restarts, ends, and what it says when it cannot."""

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from signal import Signals

import psutil
import pytest

from trilha.adapters.embedded import DataFolder, temporary_data_folder
from trilha.entrypoints.supervisor import (
    Address,
    ChildFailed,
    ChildSpec,
    ChildStatus,
    Launch,
    PortTaken,
    RunState,
    Supervisor,
    SupervisorError,
    status,
)
from trilha.entrypoints.supervisor.state import end_leftovers

SLEEP = "import time; time.sleep(600)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"


_OTHERS: set[int] = set()
"""Servers that earlier tests of this process share: children too, but none of a supervisor's."""


@pytest.fixture(autouse=True)
def _others() -> None:
    _OTHERS.clear()
    _OTHERS.update(child.pid for child in psutil.Process().children())


def started_here() -> list[psutil.Process]:
    """What this test has started and not ended."""
    return [child for child in psutil.Process().children() if child.pid not in _OTHERS]


@pytest.fixture
def folder() -> Iterator[DataFolder]:
    with temporary_data_folder() as made:
        yield made


def python(code: str) -> Launch:
    return Launch((sys.executable, "-c", code))


def printed(folder: DataFolder, name: str, word: str) -> Callable[[], object]:
    async def ready() -> bool:
        return word in (folder.logs / f"{name}.log").read_text()

    return ready


async def until(condition: Callable[[], object], within_s: float = 20) -> None:
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - the condition is another process's state
            await asyncio.sleep(0.01)


@asynccontextmanager
async def running(supervisor: Supervisor, folder: DataFolder) -> AsyncIterator[None]:
    run = asyncio.create_task(supervisor.run())
    try:
        await until(lambda: run.done() or status(folder).ready)
        if run.done():
            await run
        yield
    finally:
        supervisor.stop()
        await asyncio.gather(run, return_exceptions=True)


def child_of(folder: DataFolder, name: str) -> ChildStatus:
    return next(child for child in status(folder).children if child.name == name)


async def test_children_start_after_their_needs_and_stop_before_them(folder: DataFolder) -> None:
    seen: list[tuple[str, str]] = []
    children = [
        ChildSpec(
            name="database", launch=python(f"print('up', flush=True); {SLEEP}"), ready=printed(folder, "database", "up")
        ),
        ChildSpec(name="bus", launch=python(SLEEP)),
        ChildSpec(name="api", launch=python(SLEEP), needs=("database", "bus")),
    ]
    supervisor = Supervisor(folder, children, on_progress=lambda name, state: seen.append((name, state)))
    async with running(supervisor, folder):
        assert seen.index(("database", "ready")) < seen.index(("api", "starting"))
        # both at once: the bus does not wait for the database
        assert seen.index(("bus", "starting")) < seen.index(("database", "ready"))
        assert [child.name for child in status(folder).children] == ["database", "bus", "api"]
    assert seen.index(("api", "stopped")) < seen.index(("database", "stopping"))
    assert not status(folder).running


async def test_a_crashed_child_is_started_again_and_the_status_says_why(folder: DataFolder) -> None:
    async with running(Supervisor(folder, [ChildSpec(name="worker", launch=python(SLEEP))]), folder):
        first = child_of(folder, "worker").pid
        os.kill(first, Signals.SIGKILL)
        await until(lambda: child_of(folder, "worker").restarts == 1 and child_of(folder, "worker").state == "ready")
        worker = child_of(folder, "worker")
        assert worker.pid not in (first, None)
        assert worker.last_exit == "SIGKILL"


async def test_a_command_made_anew_is_asked_for_before_each_start(folder: DataFolder) -> None:
    starts: list[int] = []

    async def launch() -> Launch:
        starts.append(len(starts))
        return python(SLEEP)

    async with running(Supervisor(folder, [ChildSpec(name="server", launch=launch)]), folder):
        os.kill(child_of(folder, "server").pid, Signals.SIGKILL)
        await until(lambda: child_of(folder, "server").restarts == 1 and child_of(folder, "server").state == "ready")
    assert starts == [0, 1]


async def test_a_child_that_ends_at_once_fails_the_start_with_its_last_words(folder: DataFolder) -> None:
    children = [
        ChildSpec(name="bystander", launch=python(SLEEP)),
        ChildSpec(
            name="api", launch=python("import sys; sys.exit('no such setting')"), ready=lambda: asyncio.sleep(0, False)
        ),
    ]
    with pytest.raises(ChildFailed, match=r"exit code 1") as failed:
        await Supervisor(folder, children).run()
    assert "no such setting" in str(failed.value)
    assert str(folder.logs / "api.log") in str(failed.value)
    assert not started_here()
    assert status(folder).error == str(failed.value)


async def test_a_command_that_does_not_exist_fails_the_start(folder: DataFolder) -> None:
    missing = ChildSpec(name="api", launch=Launch(("/nowhere/trilha",)), ready=lambda: asyncio.sleep(0, False))
    with pytest.raises(ChildFailed, match="/nowhere/trilha: No such file"):
        await Supervisor(folder, [missing]).run()
    elsewhere = ChildSpec(name="api", launch=Launch((sys.executable,), cwd=Path("/nowhere")))
    with pytest.raises(ChildFailed, match=r"api cannot start: .*No such file"):
        await Supervisor(folder, [elsewhere]).run()


async def test_a_child_that_is_never_ready_fails_the_start_and_is_ended(folder: DataFolder) -> None:
    never = ChildSpec(
        name="api",
        launch=python(f"print('still thinking', flush=True); {SLEEP}"),
        ready=lambda: asyncio.sleep(0, False),
        ready_within_s=1.0,
    )
    with pytest.raises(ChildFailed, match=r"not ready within 1 s(.|\n)*still thinking"):
        await Supervisor(folder, [never]).run()
    assert not started_here()


async def test_a_deaf_child_is_killed_when_its_time_is_over(folder: DataFolder) -> None:
    deaf = ChildSpec(name="deaf", launch=python(DEAF), ready=printed(folder, "deaf", "deaf"), stop_within_s=0.2)
    async with running(Supervisor(folder, [deaf]), folder):
        process = psutil.Process(child_of(folder, "deaf").pid)
    assert not process.is_running()


async def test_asking_twice_ends_a_deaf_child_at_once(folder: DataFolder) -> None:
    deaf = ChildSpec(name="deaf", launch=python(DEAF), ready=printed(folder, "deaf", "deaf"), stop_within_s=600)
    supervisor = Supervisor(folder, [deaf])
    async with running(supervisor, folder):
        process = psutil.Process(child_of(folder, "deaf").pid)
        supervisor.stop()
        await until(lambda: child_of(folder, "deaf").state == "stopping")
    assert not process.is_running()


async def test_what_a_child_started_goes_with_it(folder: DataFolder) -> None:
    parent = (
        f"import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', {SLEEP!r}]).pid, flush=True); {SLEEP}"
    )
    log = folder.logs / "parent.log"
    async with running(Supervisor(folder, [ChildSpec(name="parent", launch=python(parent))]), folder):
        await until(lambda: log.read_text().endswith("\n"))
        grandchild = psutil.Process(int(log.read_text()))
        os.kill(child_of(folder, "parent").pid, Signals.SIGKILL)
        await until(lambda: not grandchild.is_running() or grandchild.status() == psutil.STATUS_ZOMBIE)


async def test_work_is_done_once_before_what_needs_it(folder: DataFolder) -> None:
    done = folder.path / "migrated"
    order: list[str] = []

    async def in_this_process() -> None:
        order.append("key made" if done.exists() else "too early")

    children = [
        ChildSpec(name="migrate", launch=python(f"open({str(done)!r}, 'w').close()"), once=True),
        ChildSpec(name="key", launch=in_this_process, needs=("migrate",)),
        ChildSpec(name="api", launch=python(SLEEP), needs=("key",)),
    ]
    async with running(Supervisor(folder, children), folder):
        assert order == ["key made"]
        assert [child.state for child in status(folder).children] == ["done", "done", "ready"]


async def test_failing_work_fails_the_start(folder: DataFolder) -> None:
    migrate = ChildSpec(name="migrate", launch=python("raise SystemExit('table is locked')"), once=True)
    with pytest.raises(ChildFailed, match=r"migrate ended with exit code 1(.|\n)*table is locked"):
        await Supervisor(folder, [migrate]).run()


async def test_work_in_this_process_that_fails_is_told_in_a_line_and_logged_in_full(folder: DataFolder) -> None:
    async def migrate() -> None:
        raise LookupError("no table of that name")

    with pytest.raises(ChildFailed) as failed:
        await Supervisor(folder, [ChildSpec(name="migrate", launch=migrate)]).run()
    assert str(failed.value) == "migrate cannot start: no table of that name"
    assert "Traceback" in (folder.logs / "migrate.log").read_text()


async def test_a_child_whose_readiness_cannot_be_asked_is_ended(folder: DataFolder) -> None:
    async def ready() -> bool:
        raise LookupError("no such probe")

    with pytest.raises(ChildFailed, match="no such probe"):
        await Supervisor(folder, [ChildSpec(name="api", launch=python(SLEEP), ready=ready)]).run()
    assert not started_here()


async def test_a_launch_that_fails_later_is_tried_again(folder: DataFolder) -> None:
    tries: list[int] = []

    async def launch() -> Launch:
        tries.append(len(tries))
        if len(tries) == 2:
            raise LookupError("not just now")
        return python(SLEEP)

    async with running(Supervisor(folder, [ChildSpec(name="server", launch=launch)]), folder):
        os.kill(child_of(folder, "server").pid, Signals.SIGKILL)
        await until(lambda: child_of(folder, "server").restarts == 2 and child_of(folder, "server").state == "ready")


async def test_a_child_that_need_not_run_on_is_left_ended(folder: DataFolder) -> None:
    children = [
        ChildSpec(name="short", launch=python("raise SystemExit(3)"), restart=False),
        ChildSpec(name="long", launch=python(SLEEP)),
    ]
    async with running(Supervisor(folder, children), folder):
        await until(lambda: child_of(folder, "short").state == "done")
        assert child_of(folder, "short").last_exit == "exit code 3"


async def test_a_taken_port_is_named_with_its_setting_before_anything_starts(folder: DataFolder) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        supervisor = Supervisor(
            folder,
            [ChildSpec(name="api", launch=python("print('started')"))],
            addresses=[Address("127.0.0.1", port, "TRILHA_HTTP_PORT")],
        )
        with pytest.raises(PortTaken, match=rf"{port}.*TRILHA_HTTP_PORT"):
            await supervisor.run()
    assert not (folder.logs / "api.log").exists()


async def test_a_second_run_on_the_same_data_is_told_who_runs_and_what_to_set(folder: DataFolder) -> None:
    children = [ChildSpec(name="api", launch=python(SLEEP))]
    async with running(Supervisor(folder, children), folder):
        with pytest.raises(SupervisorError, match=rf"process {os.getpid()}\b.*TRILHA_DATA_DIR"):
            await Supervisor(folder, children).run()
        # the refused one has not touched the state of the other
        assert status(folder).ready


async def test_output_reaches_log_and_echo(folder: DataFolder) -> None:
    heard: list[tuple[str, bytes]] = []
    child = ChildSpec(
        name="talker", launch=python(f"print('out', flush=True); import os; os.write(2, b'err'); {SLEEP}")
    )
    supervisor = Supervisor(folder, [child], on_output=lambda name, chunk: heard.append((name, chunk)))
    async with running(supervisor, folder):
        await until(lambda: b"".join(chunk for _, chunk in heard) == b"out\nerr")
    assert (folder.logs / "talker.log").read_bytes() == b"out\nerr"
    assert {name for name, _ in heard} == {"talker"}


async def test_the_state_is_private_and_has_the_screen(folder: DataFolder) -> None:
    supervisor = Supervisor(
        folder, [ChildSpec(name="api", launch=python(SLEEP))], screen={"api": "http://127.0.0.1:8000"}
    )
    async with running(supervisor, folder):
        state = folder.run / "state.json"
        assert state.stat().st_mode & 0o777 == 0o600
        assert json.loads(state.read_text())["screen"] == {"api": "http://127.0.0.1:8000"}
        assert status(folder).screen == {"api": "http://127.0.0.1:8000"}


async def test_stopping_during_the_start_stops_what_has_started(folder: DataFolder) -> None:
    children = [
        ChildSpec(name="first", launch=python(SLEEP)),
        ChildSpec(name="slow", launch=python(SLEEP), ready=lambda: asyncio.sleep(0, False), needs=("first",)),
        ChildSpec(name="last", launch=python(SLEEP), needs=("slow",)),
    ]
    supervisor = Supervisor(folder, children)
    run = asyncio.create_task(supervisor.run())
    await until(started_here)
    supervisor.stop()
    await run
    assert not started_here()


def test_what_a_killed_supervisor_left_is_ended_but_nobody_elses_process() -> None:
    with deaf_process() as left, deaf_process() as reused:
        born = left.create_time()
        children = (
            ChildStatus("left", "ready", datetime.now(UTC), pid=left.pid, process_started_at=born),
            ChildStatus("reused", "ready", datetime.now(UTC), pid=reused.pid, process_started_at=born - 60),
        )
        end_leftovers(RunState(1, datetime.now(UTC), children=children), patience_s=0.1)
        assert not left.is_running()
        assert reused.is_running()


@contextmanager
def deaf_process() -> Iterator[psutil.Process]:
    with subprocess.Popen([sys.executable, "-c", DEAF], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == b"deaf\n"
            yield psutil.Process(process.pid)
        finally:
            process.kill()


def test_a_need_that_does_not_come_before_is_refused(folder: DataFolder) -> None:
    with pytest.raises(ValueError, match="api needs database"):
        Supervisor(folder, [ChildSpec(name="api", launch=python(SLEEP), needs=("database",))])


def test_status_before_the_first_run(folder: DataFolder) -> None:
    assert not status(folder).running
    assert Path(folder.path).is_dir()
