"""Workers are killed at random points in streams and a backfill; the truth must come out, effects and alerts once."""

import asyncio
import random
import signal
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
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
from tests.kill.watched import UNWATCHED, Watched
from trilha.adapters.embedded import EmbeddedNats
from trilha.adapters.postgres import DatabaseUrls
from trilha.simulators.mix import ClockChange, MixSimulator, Scenario

HISTORY = timedelta(days=8)
"""Begins before the streams do, so that a part of it comes by the backfill only."""
LATENESS = timedelta(days=14)
"""Beyond what the simulator calls late."""
SOME = 100
"""Alerts and visits, for the comparison to say something."""
DEADLINE_S = 60 + 12 * KILLS


@pytest.mark.kill
@pytest.mark.timeout(DEADLINE_S + 60)
async def test_nothing_is_lost_or_doubled_however_often_the_worker_is_killed(
    postgres_superuser_url: str, fresh_postgres_urls: DatabaseUrls, nats_server: EmbeddedNats, tmp_path: Path
) -> None:
    chance = random.Random(SEED)
    now = whole_second()
    async with MixSimulator(longer(scenario_for(now, KILLS), now)) as simulator, fresh_streams(nats_server):
        simulator.change_clock(ClockChange(set=now, stop=True))
        environment = environment_of(simulator, fresh_postgres_urls, nats_server, tmp_path)
        watched = Watched(simulator.organisation_id)
        await watched.prepare(fresh_postgres_urls)
        async with back_door(postgres_superuser_url, fresh_postgres_urls) as door, asyncio.timeout(DEADLINE_S):
            for number in range(KILLS):
                async with worker(environment, tmp_path) as process:
                    await door.until_moved(process)
                    if number == 0:
                        await door.request_backfill(fresh_postgres_urls, now - HISTORY - LATENESS, now)
                    await asyncio.sleep(chance.uniform(0, 0.5))
                    process.send_signal(signal.SIGKILL)
            async with worker(environment, tmp_path) as process:
                await door.until_all_is_well(simulator, process)
                await door.until(UNWATCHED, (0,), process)
        told = await watched.told(fresh_postgres_urls)
        assert len(told) > SOME
        assert told == await watched.in_one_pass(postgres_superuser_url, fresh_postgres_urls)


def longer(scenario: Scenario, now: datetime) -> Scenario:
    """With older records; no range can name those without a time of their own, nor those of years to come."""
    nameless = {"startless_share": 0.0, "timeless_share": 0.0, "future_share": 0.0}
    return msgspec.structs.replace(scenario, epoch=now - HISTORY, **nameless)
