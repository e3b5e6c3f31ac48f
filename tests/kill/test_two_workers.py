"""Two worker processes after the lease of one organisation: one works, and what became of the other does not matter."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from tests.kill.processes import (
    KILLS,
    BackDoor,
    Process,
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

TTL_S = 2.0
ROUNDS = max(1, KILLS // 10)
DEADLINE_S = 40 + 25 * ROUNDS
NOTICE_S = 6.0
"""For the scheduler to hand the job over again and for the first page to come, on a machine with other things to do."""
HOLDER = "select holder, fence from leases where name = 'ingest:events'"
LOST = "select count(*) from ingestion_runs where kind = 'events' and status = 'lost'"


@dataclass
class Scene:
    """A history that the source gives out bit by bit, so that there is always a run in the middle of its work."""

    simulator: MixSimulator
    door: BackDoor
    environment: dict[str, str]
    folder: Path
    started: int = field(default=0)

    async def more(self) -> None:
        """Where all has been read, let another six hours of events pass at the source."""
        (reached,) = await self.door.one("select max(token_time) from checkpoints where stream = 'events'")
        if isinstance(reached, datetime) and reached >= self.simulator.now():
            self.simulator.change_clock(ClockChange(advance_s=6 * 3600))

    @asynccontextmanager
    async def worker(self, *options: str) -> AsyncIterator[Process]:
        self.started += 1
        folder = self.folder / str(self.started)
        folder.mkdir()
        async with worker({**self.environment, "TRILHA_DATA_DIR": str(folder)}, folder, *options) as process:
            yield process

    async def until_holds(self, process: Process) -> int:
        """Wait until that process is in the middle of a run; returns the fence of its lease."""
        version = await self.version()
        while True:
            await self.door.make_due()
            holder, fence = await self.door.one(HOLDER) if await self.has_lease() else ("", 0)
            moved = await self.version()
            if is_of(holder, process) and moved > version:
                return int(str(fence))
            if not is_of(holder, process):
                version = moved
            if holder is None:
                await self.more()
            await asyncio.sleep(0.02)

    async def until_taken_over(self, fence: int, within_s: float) -> bool:
        """Wait until another holder has committed a page."""
        end = time.monotonic() + within_s
        version: int | None = None
        while time.monotonic() < end:
            await self.door.make_due()
            holder, now = await self.door.one(HOLDER)
            if holder is None:
                await self.more()
            elif int(str(now)) > fence:
                version = await self.version() if version is None else version
                if await self.version() > version:
                    return True
            await asyncio.sleep(0.02)
        return False

    async def has_lease(self) -> bool:
        return await self.door.one("select count(*) from leases where name = 'ingest:events'") == (1,)

    async def version(self) -> int:
        (version,) = await self.door.one("select coalesce(max(version), -1) from checkpoints where stream = 'events'")
        return int(str(version))


@pytest.fixture
async def scene(
    postgres_superuser_url: str, fresh_postgres_urls: DatabaseUrls, nats_server: EmbeddedNats, tmp_path: Path
) -> AsyncIterator[Scene]:
    now = whole_second()
    scenario = scenario_for(now, KILLS)
    behaviour = msgspec.structs.replace(
        scenario.behaviour,
        latency_ms=100,  # a run is long without making the machine busy
        expires_in_s=365 * 86_400,  # hours pass at once here, and are not meant to end a token's life
    )
    # the source's calendar is days behind ours here, so that whole days of amendments would be missed
    scenario = msgspec.structs.replace(scenario, behaviour=behaviour, amended_share=0.0)
    async with (
        MixSimulator(scenario) as simulator,
        fresh_streams(nats_server),
        back_door(postgres_superuser_url, fresh_postgres_urls) as door,
    ):
        simulator.change_clock(ClockChange(set=now - timedelta(days=6), stop=True))
        environment = environment_of(
            simulator, fresh_postgres_urls, nats_server, tmp_path, lease_ttl_s=TTL_S, mix_page_quantity=50
        )
        door.only = ("events",)  # the other feeds would only keep both workers busy
        yield Scene(simulator, door, environment, tmp_path)


@pytest.mark.kill
@pytest.mark.timeout(DEADLINE_S + 60)
async def test_when_the_holder_is_killed_the_other_takes_over(scene: Scene) -> None:
    async with asyncio.timeout(DEADLINE_S), scene.worker() as survivor:
        for _ in range(ROUNDS):
            async with scene.worker("--only-work") as holder:
                fence = await scene.until_holds(holder)
                holder.send_signal(signal.SIGKILL)
                assert await scene.until_taken_over(fence, TTL_S + NOTICE_S)
                assert survivor.returncode is None
        scene.door.only = ()
        await scene.door.until_all_is_well(scene.simulator, survivor)
        (lost,) = await scene.door.one(LOST)
        assert int(str(lost)) == ROUNDS


@pytest.mark.kill
@pytest.mark.timeout(DEADLINE_S + 60)
async def test_a_holder_that_slept_through_its_lease_writes_nothing(scene: Scene) -> None:
    async with asyncio.timeout(DEADLINE_S), scene.worker() as other, scene.worker("--only-work") as sleeper:
        for round_ in range(1, ROUNDS + 1):
            while True:
                fence = await scene.until_holds(sleeper)
                os.kill(sleeper.pid, signal.SIGSTOP)
                if await scene.until_taken_over(fence, TTL_S + NOTICE_S):
                    break
                # it slept inside a transaction, which keeps its right until the server's patience ends
                os.kill(sleeper.pid, signal.SIGCONT)
            os.kill(sleeper.pid, signal.SIGCONT)
            await until_told(scene.folder / "2" / "worker.log", "has passed to another worker", times=round_)
        scene.door.only = ()
        await scene.door.until_all_is_well(scene.simulator, other, sleeper)
        assert await scene.door.one(LOST) >= (ROUNDS,)


def is_of(holder: object, process: Process) -> bool:
    """Holders are named `worker@host:pid/run`."""
    return f":{process.pid}/" in str(holder)


async def until_told(log: Path, words: str, times: int) -> None:
    while (await asyncio.to_thread(log.read_text)).count(words) < times:  # noqa: ASYNC110 - another process writes it
        await asyncio.sleep(0.05)
