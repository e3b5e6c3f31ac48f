"""All roles together on memory adapters and a real NATS: from a committed page to its count, once, through a crash."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import pytest
from nats.aio.client import Client

from tests.integration.nats.test_event_bus import kill_and_restart
from tests.integration.nats.world import until
from trilha.adapters.embedded import EmbeddedNats
from trilha.adapters.memory import (
    MemoryDatabase,
    MemoryDeadLetters,
    MemoryJobs,
    MemoryOrganisations,
    MemoryOutbox,
    MemoryUnitsOfWork,
)
from trilha.adapters.nats import NatsEventBus
from trilha.adapters.nats.task_queue import NatsTaskQueue
from trilha.adapters.nats.tasks import started, task_broker
from trilha.adapters.system import SystemClock, Uuid7Ids
from trilha.application.dead_letters import (
    LetterSettled,
    RedeliverDeadLetters,
    SettleDeadLetter,
    SettleDeadLetterCommand,
)
from trilha.application.envelopes import envelope_of
from trilha.application.ports import DeadLetter, Envelope, LetterStatus
from trilha.application.relay_outbox import RelayOutbox
from trilha.application.schedule import JOBS, first_job_rows
from trilha.application.telemetry.on_events_ingested import CONSUMER, CountThroughput
from trilha.application.tick_schedule import TickSchedule
from trilha.domain.identity import Organisation
from trilha.domain.kernel import OrganisationId, SourceUnavailable
from trilha.domain.telemetry import EventsIngested, Stream
from trilha.entrypoints.worker import Role, is_alive
from trilha.entrypoints.worker.parts import WorkerOptions, WorkerParts
from trilha.entrypoints.worker.process import run_worker

OURS = OrganisationId(UUID(int=5))
PAGES = 300


class Platform:
    """Every use case of a worker, with a source that lets a run commit one page."""

    def __init__(self, client: Client, broker: object) -> None:
        clock, ids = SystemClock(), Uuid7Ids()
        self.database = MemoryDatabase(clock, ids)
        self.units = MemoryUnitsOfWork(self.database)
        self.dead_letters = MemoryDeadLetters(self.database)
        self.jobs = MemoryJobs(self.database)
        self.refusals = 2
        self.pages = 0
        self.lease = asyncio.Lock()
        self.synced = 0
        self.connected = 0
        bus = NatsEventBus(client, dead_letters=self.dead_letters, clock=clock, ack_wait_s=1, pauses_s=(0.1,) * 9)
        organisations = MemoryOrganisations(self.database)
        self.organisations = organisations
        count = CountThroughput(units=self.units)
        idle = {job.task: self.idle for job in JOBS}
        self.parts = WorkerParts(
            tasks={**idle, "ingest_events": self.ingest, "sync_master_data": self.sync},
            handlers={"count_throughput": count, "watch_vehicles": self.not_watched},
            relay=RelayOutbox(outbox=MemoryOutbox(self.database), bus=bus),
            redeliver=RedeliverDeadLetters(dead_letters=self.dead_letters, handlers={CONSUMER: count}, clock=clock),
            tick=TickSchedule(
                jobs=self.jobs, organisations=organisations, queue=NatsTaskQueue(broker), clock=clock, zone_of=ZoneInfo
            ),
            connect=self.connect,
            upkeep=self.nothing,
            bus=bus,
            broker=broker,
            clock=clock,
        )

    async def connect(self) -> None:
        if self.refusals:
            self.refusals -= 1
            raise SourceUnavailable("starting")
        now = datetime.now(UTC)
        await self.organisations.add(Organisation(OURS, "Viação Exemplo", "America/Sao_Paulo", now), None)
        await self.jobs.ensure(first_job_rows(OURS, now))
        self.connected += 1

    async def ingest(self, organisation_id: OrganisationId) -> None:
        """From its checkpoint, one run at a time: what the queue may start twice."""
        if self.lease.locked():
            return
        async with self.lease:
            while self.pages < PAGES:
                await self.store(organisation_id, self.pages)
                await asyncio.sleep(0.005)

    async def store(self, organisation_id: OrganisationId, number: int) -> None:
        async with self.units(organisation_id) as unit:
            unit.record(a_page(number))
            await unit.commit()
        self.pages += 1

    async def sync(self, _: OrganisationId) -> None:
        self.synced += 1

    async def idle(self, _: OrganisationId) -> None:
        pass

    async def not_watched(self, _: Envelope) -> None:
        pass

    async def nothing(self) -> None:
        pass

    @property
    def counted(self) -> int:
        return sum(hour.received for hour in self.database.of(OURS).throughput.values())


def a_page(number: int) -> EventsIngested:
    now = datetime.now(UTC)
    return EventsIngested(
        page_id=UUID(int=number),
        stream=Stream.EVENTS,
        received=1,
        inserted=1,
        replaced=0,
        quarantined=0,
        received_at=now,
        first_occurred_at=now - timedelta(minutes=1),
        last_occurred_at=now,
        checkpoint=str(number),
    )


@pytest.fixture
async def platform(nats_server: EmbeddedNats, client: Client) -> AsyncIterator[Platform]:
    async with started(task_broker(nats_server.url, ack_wait_s=1, retry_pause_s=0.1)) as broker:
        yield Platform(client, broker)


@asynccontextmanager
async def at_work(platform: Platform, folder: Path) -> AsyncIterator[None]:
    stop = asyncio.Event()
    worker = asyncio.create_task(run_worker(platform.parts, WorkerOptions(run_folder=folder), stop))
    try:
        yield
    finally:
        stop.set()
        async with asyncio.timeout(5):
            await worker


async def test_from_organisation_to_count(platform: Platform, nats_server: EmbeddedNats, tmp_path: Path) -> None:
    async with at_work(platform, tmp_path):
        await until(lambda: platform.counted > PAGES // 10)
        await kill_and_restart(nats_server)
        await until(lambda: platform.counted >= PAGES, within_s=40)
        await until(lambda: is_alive(tmp_path))
        assert platform.connected == 1
        assert platform.synced >= 1
    assert platform.counted == PAGES
    assert not platform.database.outbox
    assert not platform.database.dead_letters
    assert not is_alive(tmp_path)


async def test_a_dead_letter_that_a_person_wants_replayed_counts_once(platform: Platform, tmp_path: Path) -> None:
    clock = SystemClock()
    envelope = envelope_of(a_page(1), event_id=UUID(int=77), organisation_id=OURS, at=clock.now())
    letter = DeadLetter(consumer=CONSUMER, envelope=envelope, attempts=5, error="odd", failed_at=clock.now())
    await platform.dead_letters.add(letter)
    settle = SettleDeadLetter(dead_letters=platform.dead_letters, clock=clock)
    command = SettleDeadLetterCommand(OURS, CONSUMER, envelope.id, LetterStatus.REQUESTED)

    def is_replayed() -> bool:
        return platform.database.dead_letters[CONSUMER, envelope.id].status is LetterStatus.REPLAYED

    roles = frozenset({Role.CONSUMERS})
    stop = asyncio.Event()
    worker = asyncio.create_task(run_worker(platform.parts, WorkerOptions(run_folder=tmp_path, roles=roles), stop))
    await settle(command)
    await settle(command)
    await until(is_replayed)
    stop.set()
    async with asyncio.timeout(5):
        await worker

    assert platform.counted == 1
    with pytest.raises(LetterSettled):
        await settle(command)


async def test_a_use_case_that_nobody_bound_is_told_at_once(platform: Platform, tmp_path: Path) -> None:
    parts = msgspec.structs.replace(platform.parts, tasks={}, handlers={})
    with pytest.raises(ValueError, match=r"nobody for task sync_master_data, .*task make_reports, .*handler count_thr"):
        await run_worker(parts, WorkerOptions(run_folder=tmp_path), asyncio.Event())


async def test_trouble_of_one_role_is_told_and_leaves_the_others_alone(platform: Platform, tmp_path: Path) -> None:
    async def broken() -> int:
        raise ZeroDivisionError

    platform.parts = msgspec.structs.replace(platform.parts, relay=broken)
    roles = frozenset({Role.RELAY, Role.SCHEDULER, Role.TASKS, Role.ORGANISATIONS})
    stop = asyncio.Event()
    worker = asyncio.create_task(run_worker(platform.parts, WorkerOptions(run_folder=tmp_path, roles=roles), stop))
    await until(lambda: platform.synced == 1)
    assert not worker.done()
    assert not is_alive(tmp_path)
    stop.set()
    await worker
