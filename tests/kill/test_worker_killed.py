"""Workers are killed at random points; counts and checksums must equal the truth, and each effect happen once."""

import asyncio
import random
import signal
from pathlib import Path

import pytest

from tests.kill.processes import (
    KILLS,
    SEED,
    back_door,
    environment_of,
    fresh_streams,
    scenario_for,
    whole_second,
    worker,
)
from trilha.adapters.embedded import EmbeddedNats
from trilha.adapters.postgres import DatabaseUrls
from trilha.simulators.mix import ClockChange, MixSimulator

DEADLINE_S = 30 + 6 * KILLS


@pytest.mark.kill
@pytest.mark.timeout(DEADLINE_S + 60)
async def test_nothing_is_lost_or_doubled_however_often_the_worker_is_killed(
    postgres_superuser_url: str, fresh_postgres_urls: DatabaseUrls, nats_server: EmbeddedNats, tmp_path: Path
) -> None:
    chance = random.Random(SEED)
    now = whole_second()
    async with MixSimulator(scenario_for(now, KILLS)) as simulator, fresh_streams(nats_server):
        simulator.change_clock(ClockChange(set=now, stop=True))
        environment = environment_of(simulator, fresh_postgres_urls, nats_server, tmp_path)
        async with back_door(postgres_superuser_url, fresh_postgres_urls) as door, asyncio.timeout(DEADLINE_S):
            for _ in range(KILLS):
                async with worker(environment, tmp_path) as process:
                    await door.until_moved(process)
                    await asyncio.sleep(chance.uniform(0, 0.5))
                    process.send_signal(signal.SIGKILL)
            async with worker(environment, tmp_path) as process:
                await door.until_all_is_well(simulator, process)
