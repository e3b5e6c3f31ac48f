"""Connecting, requesting, ticking, relaying: what a crash in between may repeat and must not lose."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import pytest

from tests.unit.application.conftest import EXTERNAL_ID, ORGANISATION_ID, Installation
from trilha.adapters.memory import (
    MemoryDeadLetters,
    MemoryEventBus,
    MemoryOutbox,
    MemoryTaskQueue,
    SourceFleet,
)
from trilha.application.identity.connect_organisations import ConnectOrganisations, ConnectOrganisationsCommand
from trilha.application.ports import Envelope, IdempotencyScope, KeyReused
from trilha.application.relay_outbox import RelayOutbox
from trilha.application.request_sync import RequestSync, RequestSyncCommand
from trilha.application.schedule import JOBS, SYNC_MASTER_DATA, first_job_rows
from trilha.application.telemetry.on_events_ingested import CountThroughput
from trilha.application.tick_schedule import TickSchedule
from trilha.domain.fleet import SourceOrganisation
from trilha.domain.kernel import InvalidValue, NotFound, OrganisationId, SourceNotPermitted
from trilha.domain.telemetry import EventsIngested, GapOpened, RunKind, Stream


def connect(here: Installation) -> ConnectOrganisations:
    return ConnectOrganisations(
        source=here.source, organisations=here.organisations, jobs=here.jobs, clock=here.clock, ids=here.ids
    )


async def test_a_new_organisation_is_kept_with_its_jobs(here: Installation) -> None:
    here.source.add(SourceFleet(SourceOrganisation(78, "Nova", None)))
    first, second = await connect(here)(ConnectOrganisationsCommand(source="mix"))
    assert first.id == ORGANISATION_ID
    assert (second.name, second.time_zone) == ("Nova", "America/Sao_Paulo")
    assert [row.kind for row in await here.jobs.all(second.id)] == sorted(job.kind for job in JOBS)


async def test_connecting_again_follows_the_name_and_keeps_the_times(here: Installation) -> None:
    command = ConnectOrganisationsCommand(source="mix")
    before = await connect(here)(command)
    jobs = await here.jobs.all(ORGANISATION_ID)
    here.clock.advance(timedelta(hours=1))
    here.fleet.organisation = SourceOrganisation(EXTERNAL_ID, "Outro nome", None)
    (after,) = await connect(here)(command)
    assert after == msgspec.structs.replace(before[0], name="Outro nome")
    assert await here.jobs.all(ORGANISATION_ID) == jobs


async def test_an_organisation_that_the_login_may_not_see_is_named(here: Installation) -> None:
    with pytest.raises(SourceNotPermitted, match="organisation 99"):
        await connect(here)(ConnectOrganisationsCommand(source="mix", only=(EXTERNAL_ID, 99)))


async def test_one_that_the_login_may_not_see_holds_up_no_other(here: Installation) -> None:
    with pytest.raises(SourceNotPermitted):
        await connect(here)(ConnectOrganisationsCommand(source="mix", only=(99, EXTERNAL_ID)))
    assert [row.kind for row in await here.jobs.all(ORGANISATION_ID)] == sorted(job.kind for job in JOBS)


async def test_one_that_is_not_named_any_more_loses_its_jobs_until_it_is_named_again(here: Installation) -> None:
    other = here.source.add(SourceFleet(SourceOrganisation(88, "Outra", None)))
    await connect(here)(ConnectOrganisationsCommand(source="mix"))
    await connect(here)(ConnectOrganisationsCommand(source="mix", only=(other.organisation.external_id,)))
    assert await here.jobs.all(ORGANISATION_ID) == []
    await connect(here)(ConnectOrganisationsCommand(source="mix"))
    assert len(await here.jobs.all(ORGANISATION_ID)) == len(JOBS)


@pytest.fixture
async def due_later(here: Installation) -> Installation:
    rows = first_job_rows(ORGANISATION_ID, here.clock.now() + timedelta(hours=5))
    await here.jobs.ensure(rows)
    return here


def scope(key: str = "key", body: str = "digest") -> IdempotencyScope:
    return IdempotencyScope(ORGANISATION_ID, "user", "POST /v1/etl/sync", key, body)


async def test_a_request_makes_its_jobs_due_now_and_once(due_later: Installation) -> None:
    here, request = due_later, RequestSync(units=due_later.units, clock=due_later.clock)
    command = RequestSyncCommand(ORGANISATION_ID, (SYNC_MASTER_DATA,), scope())
    first = await request(command)
    assert first.requested_at == here.clock.now()
    here.clock.advance(timedelta(minutes=1))
    assert await request(command) == first
    due = {row.kind: row.next_run_at for row in await here.jobs.all(ORGANISATION_ID)}
    assert due[SYNC_MASTER_DATA] == first.requested_at
    assert due[RunKind.EVENTS] > here.clock.now()
    with pytest.raises(KeyReused):
        await request(msgspec.structs.replace(command, scope=scope(body="other")))


async def test_a_request_for_what_there_is_not_is_refused_and_changes_nothing(due_later: Installation) -> None:
    request = RequestSync(units=due_later.units, clock=due_later.clock)
    before = await due_later.jobs.all(ORGANISATION_ID)
    with pytest.raises(InvalidValue):
        await request(RequestSyncCommand(ORGANISATION_ID, (SYNC_MASTER_DATA, "coffee")))
    with pytest.raises(NotFound):
        await request(RequestSyncCommand(OrganisationId(UUID(int=9)), (SYNC_MASTER_DATA,)))
    assert await due_later.jobs.all(ORGANISATION_ID) == before


class FailingQueue(MemoryTaskQueue):
    """Stores the first task and dies with the second."""

    async def enqueue(self, task: str, arguments: Mapping[str, str]) -> None:
        if len(self):
            raise ConnectionError
        await super().enqueue(task, arguments)


def tick(here: Installation, queue: MemoryTaskQueue) -> TickSchedule:
    return TickSchedule(
        jobs=here.jobs, organisations=here.organisations, queue=queue, clock=here.clock, zone_of=ZoneInfo
    )


async def test_due_jobs_are_handed_over_once_and_move_on(here: Installation) -> None:
    await here.jobs.ensure(first_job_rows(ORGANISATION_ID, here.clock.now()))
    assert await tick(here, here.queue)() == len(JOBS)
    assert await tick(here, here.queue)() == 0
    tasks = [here.queue.take() for _ in JOBS]
    assert {task.task for task in tasks if task} == {job.task for job in JOBS}
    assert {task.arguments["organisation_id"] for task in tasks if task} == {str(ORGANISATION_ID)}
    rows = await here.jobs.all(ORGANISATION_ID)
    assert {row.last_enqueued_at for row in rows} == {here.clock.now()}
    assert min(row.next_run_at for row in rows) > here.clock.now()


async def test_a_scheduler_that_dies_half_way_hands_over_twice_and_never_not_at_all(here: Installation) -> None:
    await here.jobs.ensure(first_job_rows(ORGANISATION_ID, here.clock.now()))
    queue = FailingQueue()
    with pytest.raises(ConnectionError):
        await tick(here, queue)()
    assert len(queue) == 1
    assert await tick(here, here.queue)() == len(JOBS)


class ForgetfulBus(MemoryEventBus):
    """Stores everything; the first answers get lost."""

    losses = 1

    async def publish(self, envelopes: Sequence[Envelope]) -> Sequence[UUID]:
        stored = await super().publish(envelopes)
        if self.losses:
            self.losses -= 1
            raise ConnectionError
        return stored


async def test_a_relay_that_dies_after_publishing_publishes_the_same_again(here: Installation) -> None:
    async with here.units(ORGANISATION_ID) as unit:
        unit.record(GapOpened(stream=Stream.EVENTS, start=here.clock.now(), end=here.clock.now()))
        await unit.commit()
    outbox = MemoryOutbox(here.database)
    bus = ForgetfulBus(here.clock, MemoryDeadLetters(here.database))
    relay = RelayOutbox(outbox=outbox, bus=bus)
    with pytest.raises(ConnectionError):
        await relay()
    assert await outbox.unsent() == 1
    assert await relay() == 1
    assert await relay() == 0
    assert len(bus._log) == 1


async def test_a_page_counts_once_however_often_its_event_arrives(here: Installation) -> None:
    event = EventsIngested(
        page_id=here.ids.new(),
        stream=Stream.EVENTS,
        received=5,
        inserted=3,
        replaced=1,
        quarantined=0,
        received_at=here.clock.now() + timedelta(minutes=59),
        first_occurred_at=None,
        last_occurred_at=None,
        checkpoint="token",
        late=2,
    )
    async with here.units(ORGANISATION_ID) as unit:
        unit.record(event)
        await unit.commit()
    (envelope,) = here.database.outbox.values()
    for _ in range(3):
        await CountThroughput(units=here.units)(envelope)
    ((key, count),) = here.tables.throughput.items()
    assert key == (Stream.EVENTS, here.clock.now())
    assert (count.received, count.inserted, count.late) == (5, 3, 2)
