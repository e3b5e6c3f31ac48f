"""The worker as a process: it says how it is, stops in good order, and a killer among the events does not win."""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from nats.aio.client import Client

from tests.integration.nats.test_task_queue import left
from tests.integration.nats.world import MemoryDeadLetters, WallClock, an_event, until
from tests.integration.worker.worker_process import ORGANISATION, Diary
from trilha.adapters.embedded import EmbeddedNats
from trilha.adapters.nats import NatsEventBus
from trilha.entrypoints.worker import ALL_ROLES, heartbeat_file, is_alive, read_heartbeat


@contextmanager
def a_worker(server: EmbeddedNats, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "tests.integration.worker.worker_process", server.url, str(folder)]
    with (folder / "log").open("ab") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_in_good_order(
    nats_server: EmbeddedNats, client: Client, tmp_path: Path, sent: signal.Signals
) -> None:
    diary = Diary(tmp_path)
    with a_worker(nats_server, tmp_path) as worker:
        await until(lambda: {"ingest began", "synced"} <= set(diary.lines))
        await until(lambda: is_alive(tmp_path))
        beat = read_heartbeat(heartbeat_file(tmp_path))
        assert beat is not None
        assert (beat.pid, set(beat.roles)) == (worker.pid, ALL_ROLES)
        assert beat.is_fresh(datetime.now(UTC))
        began = time.monotonic()
        worker.send_signal(sent)
        assert await asyncio.to_thread(worker.wait, 10) == 0
        assert time.monotonic() - began < 5
    assert diary.lines[-1] == "ingest rolled back"
    assert not is_alive(tmp_path)
    assert not heartbeat_file(tmp_path).exists()
    assert await left(client) == 1, "the task that was cut off waits for the next worker"


async def test_a_second_signal_ends_it_at_once(nats_server: EmbeddedNats, client: Client, tmp_path: Path) -> None:
    assert client.is_connected
    diary = Diary(tmp_path)
    with a_worker(nats_server, tmp_path) as worker:
        await until(lambda: "ingest began" in diary.lines)
        worker.send_signal(signal.SIGINT)
        await until(lambda: b"stopping" in (tmp_path / "log").read_bytes())
        worker.send_signal(signal.SIGINT)
        assert await asyncio.to_thread(worker.wait, 1) == 128 + signal.SIGINT


async def test_an_event_that_kills_its_worker_ends_as_a_dead_letter_alone(
    nats_server: EmbeddedNats, client: Client, tmp_path: Path
) -> None:
    diary = Diary(tmp_path)
    bus = NatsEventBus(client, dead_letters=MemoryDeadLetters(), clock=WallClock())
    await bus.publish([an_event(ORGANISATION, number) for number in range(10, 20)])
    for _ in range(3):
        with a_worker(nats_server, tmp_path) as worker:
            assert await asyncio.to_thread(worker.wait, 20) == -signal.SIGKILL
    with a_worker(nats_server, tmp_path):
        await until(lambda: any(line.startswith("dead") for line in diary.lines))
        await until(lambda: {f"digested {number}" for number in range(10, 20) if number != 13} <= set(diary.lines))
    assert diary.lines.count("killed") == 3
    (dead,) = [line for line in diary.lines if line.startswith("dead")]
    assert dead.startswith("dead 13 3 the worker ended")
