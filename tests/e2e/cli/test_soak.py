"""The platform for an hour under load that does not end: nothing in it grows. `TRILHA_SOAK_MINUTES` says how long."""

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from nats.aio.client import Client

from tests.e2e.cli.conftest import Installation, eventually
from tests.soaking import HEADING, Limit, growths
from trilha.adapters.embedded import DataFolder, EmbeddedPostgres, find_data_folder
from trilha.adapters.nats import open_nats
from trilha.adapters.postgres import make_partitions, take_away_old
from trilha.application.retention import Retention, cut_offs
from trilha.entrypoints.container.here import DATABASE, embedded_addresses, simulator_variables
from trilha.entrypoints.settings import Settings
from trilha.simulators.mix import Behaviour, Kind, MixSimulator, Scenario

MINUTES = float(os.environ.get("TRILHA_SOAK_MINUTES", "60"))
SAMPLES = 180
DIGESTED_WITHIN = timedelta(minutes=1)
"""What was sent longer ago is taken away while the platform runs, as after a month."""
MB = 1e6
LIMITS = {
    "worker USS MB": Limit(per_hour=8, floor=8),
    "api USS MB": Limit(per_hour=8, floor=8),
    "nats USS MB": Limit(per_hour=16, floor=16),
    # each connection's caches fill with the tables it meets
    "postgres USS MB": Limit(per_hour=16, floor=30),
    # what is shared counts more for each when others end, such as the tests that run beside this one
    "worker PSS MB": Limit(per_hour=16, floor=16),
    "api PSS MB": Limit(per_hour=16, floor=16),
    # its shared buffers fill up to 128 MB
    "postgres PSS MB": Limit(per_hour=40, floor=60),
    "worker files": Limit(per_hour=2, floor=3),
    "api files": Limit(per_hour=2, floor=3),
    "postgres processes": Limit(per_hour=2, floor=3),
    "connections": Limit(per_hour=2, floor=3),
    "unsent events": Limit(per_hour=5, floor=10),
    "outbox rows": Limit(per_hour=50, floor=100),
    "inbox rows": Limit(per_hour=50, floor=100),
    "tasks waiting": Limit(per_hour=2, floor=5),
    "live MB": Limit(per_hour=70, floor=10),
    "open leases": Limit(per_hour=1, floor=2),
    "late jobs": Limit(per_hour=1, floor=2),
}
COUNTS = {
    "connections": "select count(*) from pg_stat_activity where datname is not null",
    "unsent events": "select count(*) from outbox where sent_at is null",
    "outbox rows": "select count(*) from outbox",
    "inbox rows": "select count(*) from inbox",
    "open leases": "select count(*) from leases where holder is not null",
    "late jobs": "select count(*) from jobs where next_run_at < now() - interval '2 minutes'",
}
TABLES = {Kind.EVENTS: "telemetry_events", Kind.POSITIONS: "positions", Kind.TRIPS: "trips"}


@pytest.fixture
async def simulator() -> AsyncIterator[MixSimulator]:
    """Buses that say where they are every ten seconds; no history to speak of, and no limit to calls."""
    scenario = Scenario(
        epoch=datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=30),
        vehicles=150,
        events_per_vehicle_per_day=500,
        positions_per_vehicle_per_day=8640,
        behaviour=Behaviour(calls_per_minute=0, calls_per_hour=0),
    )
    async with MixSimulator(scenario) as running:
        yield running


@pytest.mark.soak
@pytest.mark.timeout(MINUTES * 60 + 600)
async def test_nothing_grows(
    installation: Installation, simulator: MixSimulator, capsys: pytest.CaptureFixture[str]
) -> None:
    installation.folder.parent.chmod(0o755)
    url = simulator.api_url
    installation.environment |= simulator_variables(url)
    installation.environment |= {"TRILHA_MIX_CALLS_PER_MINUTE": "600", "TRILHA_MIX_CALLS_PER_HOUR": "36000"}
    try:
        started = await asyncio.to_thread(installation.run, "up", "--detach")
        assert started.returncode == 0, started.stdout + started.stderr
        samples = await _sampled(installation)
        await asyncio.to_thread(eventually, lambda: _all_is_in(installation.folder, simulator), "the truth", 60)
    finally:
        await asyncio.to_thread(installation.run, "down")
    found = growths(samples, LIMITS)
    with capsys.disabled():
        lines = [f"{MINUTES:g} minutes, {len(samples)} samples", HEADING, *map(str, found)]
        sys.stdout.write("\n" + "\n".join(lines) + f"\nrecords in: {samples[-1][1]['records']:.0f}\n")
    assert samples[-1][1]["records"] > samples[len(samples) // 2][1]["records"], "nothing came any more"
    assert not [str(one) for one in found if one.is_too_much]


async def _sampled(installation: Installation) -> list[tuple[float, dict[str, float]]]:
    folder = find_data_folder(installation.folder)
    settings = embedded_addresses(Settings(data_dir=str(installation.folder)))
    assert folder is not None
    assert settings is not None
    owner_url = settings.database_owner_url or ""
    samples, begun = [], time.monotonic()
    async with open_nats(settings.nats_url or "", name="soak") as client:
        while (second := time.monotonic() - begun) < MINUTES * 60:
            values = await asyncio.to_thread(_sample, installation, folder)
            samples.append((second, values | await _of_nats(client)))
            await asyncio.to_thread(_keep_house, owner_url)
            await asyncio.sleep(max(0.0, begun + len(samples) * MINUTES * 60 / SAMPLES - time.monotonic()))
    return samples


def _keep_house(owner_url: str) -> None:
    """What happens hourly, often, and as if what was digested a minute ago were a month old."""
    retention, now = Retention(), datetime.now(UTC)
    month_after = now - DIGESTED_WITHIN + timedelta(days=retention.sent_days)
    take_away_old(owner_url, cut_offs(retention, month_after))
    make_partitions(owner_url, now=now)


def _sample(installation: Installation, folder: DataFolder) -> dict[str, float]:
    values: dict[str, float] = {}
    for child in installation.status()["children"]:
        if child["pid"] and child["name"] in {"worker", "api", "nats", "postgres"}:
            tree = _tree(child["pid"])
            values[f"{child['name']} PSS MB"] = sum(memory.pss for memory, _ in tree) / MB
            values[f"{child['name']} USS MB"] = sum(memory.uss for memory, _ in tree) / MB
            values[f"{child['name']} files"] = sum(files for _, files in tree)
            values[f"{child['name']} processes"] = len(tree)
    with _database(folder) as database:
        for name, question in COUNTS.items():
            values[name] = _number(database, question)
        values["records"] = sum(_number(database, f"select count(*) from {table}") for table in TABLES.values())
    return values


def _tree(pid: int) -> list[tuple[Any, int]]:
    """Memory and open files of a process and of its children, but of those that end while they are asked."""
    found = []
    for one in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            found.append((one.memory_full_info(), one.num_fds()))
    return found


async def _of_nats(client: Client) -> dict[str, float]:
    states = {info.config.name: info.state for info in await client.jetstream().streams_info()}
    return {"tasks waiting": states["TRILHA_TASKS"].messages, "live MB": states["TRILHA_LIVE"].bytes / MB}


def _all_is_in(path: Path, simulator: MixSimulator) -> bool:
    """Each stream holds what the source made until its token, and each page was counted once."""
    folder = find_data_folder(path)
    assert folder is not None
    with _database(folder) as database, database.transaction():
        database.execute("set transaction isolation level repeatable read")
        counted = _number(database, "select coalesce(sum(received), 0) from throughput")
        came = _number(database, f"select coalesce(sum(received), 0) from ingestion_runs where kind = any('{_KINDS}')")
        held = [
            (
                database.execute(f"select count(*), coalesce(bit_xor(id), 0) from {TABLES[Kind(stream)]}").fetchone(),
                simulator.truth(until=token_time, kind=Kind(stream)),
            )
            for stream, token_time in database.execute("select stream, token_time from checkpoints").fetchall()
            if stream in set(TABLES)
        ]
    return counted == came > 0 and all(rows == (truth.events, truth.ids_checksum) for rows, truth in held)


_KINDS = "{events,positions,trips}"


def _database(folder: DataFolder) -> psycopg.Connection:
    url = EmbeddedPostgres(folder).superuser_url
    return psycopg.connect(f"{url.rpartition('/')[0]}/{DATABASE}", autocommit=True)


def _number(database: psycopg.Connection, question: str) -> int:
    row = database.execute(question).fetchone()
    return int(row[0]) if row else 0
