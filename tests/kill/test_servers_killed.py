"""PostgreSQL and NATS are killed or stopped under a worker that keeps running: nothing lost, nothing doubled."""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from tests.kill.processes import (
    KILLS,
    SEED,
    assert_alive,
    back_door,
    environment_of,
    fresh_streams,
    scenario_for,
    whole_second,
    worker,
)
from tests.postgres import PASSWORDS
from trilha.adapters.embedded import EmbeddedNats, EmbeddedPostgres, temporary_data_folder
from trilha.adapters.embedded.server import EmbeddedServer
from trilha.adapters.postgres import DatabaseUrls, migrate, prepare_cluster
from trilha.simulators.mix import ClockChange, MixSimulator

ROUNDS = max(2, KILLS // 5)
DEADLINE_S = 40 + 20 * ROUNDS


@dataclass(frozen=True)
class Database:
    """A server of the test's own, for it will be killed."""

    server: EmbeddedPostgres
    urls: DatabaseUrls


@pytest.fixture
async def database() -> AsyncIterator[Database]:
    with temporary_data_folder() as folder:
        async with EmbeddedPostgres(folder, durable=False) as server:
            urls = prepare_cluster(server.superuser_url, PASSWORDS)
            await asyncio.to_thread(migrate, urls.owner, now=datetime.now(UTC))
            yield Database(server, urls)


@pytest.mark.kill
@pytest.mark.timeout(DEADLINE_S + 60)
async def test_a_worker_outlives_its_servers(database: Database, nats_server: EmbeddedNats, tmp_path: Path) -> None:
    chance = random.Random(SEED)
    now = whole_second()
    async with MixSimulator(scenario_for(now, KILLS)) as simulator, fresh_streams(nats_server):
        simulator.change_clock(ClockChange(set=now, stop=True))
        environment = environment_of(simulator, database.urls, nats_server, tmp_path)
        async with (
            back_door(database.server.superuser_url, database.urls) as door,
            worker(environment, tmp_path) as process,
            asyncio.timeout(DEADLINE_S),
        ):
            servers: list[EmbeddedServer] = [database.server, nats_server] * ROUNDS
            for number, server in enumerate(servers):
                await door.until_moved(process)
                await asyncio.sleep(chance.uniform(0, 0.3))
                if number // 2 % 2 == 0:  # each in turn by force and in good order
                    await kill(server)
                await server.stop()
                await asyncio.sleep(chance.uniform(0, 1))
                await server.start()
                assert_alive(process)
            await door.until_all_is_well(simulator, process)


async def kill(server: EmbeddedServer) -> None:
    process = psutil.Process(server.pid)
    os.kill(process.pid, signal.SIGKILL)
    await asyncio.to_thread(psutil.wait_procs, [process], timeout=10)
