"""Workers are killed at random points; counts and checksums must equal the truth, and each effect happen once."""

import asyncio
import contextlib
import os
import random
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from tests.e2e.platforms import settings_for
from tests.postgres import in_database
from trilha.adapters.embedded import EmbeddedNats
from trilha.adapters.nats import ensure_streams, open_nats
from trilha.adapters.postgres import DatabaseUrls
from trilha.entrypoints.settings import Settings, variable
from trilha.simulators.mix import Behaviour, ClockChange, MixSimulator, Scenario

KILLS = int(os.environ.get("TRILHA_TEST_KILLS", "10"))
DEADLINE_S = 30 + 6 * KILLS
SEED = int(os.environ.get("TRILHA_TEST_SEED", "20260310"))

STATE = """
select
  (select count(*) from telemetry_events),
  (select coalesce(bit_xor(id), 0) from telemetry_events),
  (select coalesce(bit_xor(('x' || left(md5(concat_ws('|', id, vehicle_id, driver_id, event_type_id,
     coalesce(to_char(started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), ''), occurrences)), 16))
     ::bit(64)::bigint), 0) from telemetry_events)
"""
COUNTED = "select coalesce(sum(received), 0)::bigint, coalesce(sum(inserted), 0)::bigint from throughput"
RUNS = (
    "select coalesce(sum(received), 0)::bigint, coalesce(sum(inserted), 0)::bigint "
    "from ingestion_runs where kind = 'events'"
)


@pytest.mark.kill
@pytest.mark.timeout(DEADLINE_S + 60)
async def test_nothing_is_lost_or_doubled_however_often_the_worker_is_killed(
    postgres_superuser_url: str, fresh_postgres_urls: DatabaseUrls, nats_server: EmbeddedNats, tmp_path: Path
) -> None:
    chance = random.Random(SEED)
    now = datetime.now(UTC).replace(microsecond=0)
    scenario = Scenario(
        epoch=now - timedelta(days=6, hours=6),
        vehicles=20,
        events_per_vehicle_per_day=60 + 10 * KILLS,
        behaviour=Behaviour(calls_per_minute=0, calls_per_hour=0),
    )
    async with MixSimulator(scenario) as simulator, fresh_streams(nats_server):
        simulator.change_clock(ClockChange(set=now, stop=True))
        environment = environment_of(simulator, fresh_postgres_urls, nats_server, tmp_path)
        back_door = await psycopg.AsyncConnection.connect(
            in_database(postgres_superuser_url, fresh_postgres_urls.app), autocommit=True
        )
        async with back_door, asyncio.timeout(DEADLINE_S):
            for _ in range(KILLS):
                async with worker(environment, tmp_path) as process:
                    await until_moved(back_door, process)
                    await asyncio.sleep(chance.uniform(0, 0.5))
                    process.send_signal(signal.SIGKILL)
            async with worker(environment, tmp_path) as process:
                truth = simulator.truth()
                expected = (truth.events, truth.ids_checksum, truth.content_checksum)
                await until_equal(back_door, STATE, expected, process)
                runs = await one(back_door, RUNS)
                await until_equal(back_door, COUNTED, runs, process)
            assert await one(back_door, "select count(*) from outbox where sent_at is null") == (0,)
            assert await one(back_door, "select count(*) from dead_letters") == (0,)


def environment_of(simulator: MixSimulator, urls: DatabaseUrls, nats: EmbeddedNats, folder: Path) -> dict[str, str]:
    settings = settings_for(
        simulator,
        data_dir=str(folder),
        database_url=urls.app,
        database_owner_url=urls.owner,
        database_system_url=urls.system,
        nats_url=nats.url,
        mix_page_quantity=150,
        mix_calls_per_minute=1_000_000,
        mix_calls_per_hour=1_000_000,
        lease_ttl_s=1.0,
    )
    told = {name: value for name, value in os.environ.items() if not name.startswith("TRILHA_")}
    for field in Settings.__struct_fields__:
        value = getattr(settings, field)
        if value is not None and value != ():
            told[variable(field)] = str(value)
    return told


@asynccontextmanager
async def worker(environment: dict[str, str], folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    with (folder / "worker.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "trilha.entrypoints.cli", "worker", env=environment, stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@asynccontextmanager
async def fresh_streams(nats: EmbeddedNats) -> AsyncIterator[None]:
    async with open_nats(nats.url) as client:
        stream = client.jetstream()
        for info in await stream.streams_info():
            await stream.delete_stream(info.config.name or "")
        await ensure_streams(client)
        yield


async def until_moved(back_door: psycopg.AsyncConnection, process: asyncio.subprocess.Process) -> None:
    """Wait for one more committed page, or for the end of the stream."""
    before = await one(back_door, "select coalesce(max(version), -1), max(checked_at) from checkpoints")
    while await one(back_door, "select coalesce(max(version), -1), max(checked_at) from checkpoints") == before:
        await make_due(back_door)
        assert process.returncode is None, "the worker ended by itself"
        await asyncio.sleep(0.02)


async def until_equal(
    back_door: psycopg.AsyncConnection, query: str, expected: tuple[object, ...], process: asyncio.subprocess.Process
) -> None:
    found = await one(back_door, query)
    while found != expected:
        await make_due(back_door)
        assert process.returncode is None, "the worker ended by itself"
        await asyncio.sleep(0.2)
        found = await one(back_door, query)


async def make_due(back_door: psycopg.AsyncConnection) -> None:
    """What `POST /v1/etl/sync` does, so that nobody waits for the minute to end."""
    await back_door.execute(
        "update jobs set next_run_at = now() where kind = 'ingest_events' and next_run_at > now() + interval '1 second'"
    )


async def one(back_door: psycopg.AsyncConnection, query: str) -> tuple[object, ...]:
    row = await (await back_door.execute(query)).fetchone()
    assert row is not None
    return tuple(row)
