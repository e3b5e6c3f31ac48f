"""What a worker process is made of."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from trilha.adapters.nats import NatsEventBus, open_nats
from trilha.adapters.nats.live_feed import NatsLiveFeed
from trilha.adapters.nats.task_queue import NatsTaskQueue
from trilha.adapters.nats.tasks import TaskBroker, started, task_broker
from trilha.adapters.postgres import PostgresLeadership, PostgresTokenStore
from trilha.application.dead_letters import RedeliverDeadLetters
from trilha.application.fleet.sync_master_data import SyncMasterDataCommand
from trilha.application.identity.connect_organisations import ConnectOrganisationsCommand
from trilha.application.monitoring.notice_silence import NoticeSilenceCommand
from trilha.application.performance.roll_up_days import RollUpDaysCommand
from trilha.application.schedule import INGESTING
from trilha.application.subscriptions import SUBSCRIPTIONS
from trilha.application.telemetry.fill_backfills import FillBackfillsCommand
from trilha.application.telemetry.ingest_stream import IngestStreamCommand
from trilha.application.telemetry.read_amendments import ReadAmendmentsCommand
from trilha.domain.kernel import OrganisationId
from trilha.domain.telemetry import IngestionRun, RunKind, Stream
from trilha.entrypoints.container.database import open_database
from trilha.entrypoints.container.schema import keep_house
from trilha.entrypoints.container.sources import SourceParts, source_named
from trilha.entrypoints.container.table import Container
from trilha.entrypoints.settings import Settings
from trilha.entrypoints.worker.parts import WorkerParts
from trilha.entrypoints.worker.roles import Role

_ASK_SOURCE = frozenset({Role.TASKS, Role.ORGANISATIONS})


@asynccontextmanager
async def open_ingestion(settings: Settings, process: str) -> AsyncGenerator[Container, None]:
    """A container that can bring data in here and now: databases, source and live feed, no bus."""
    async with AsyncExitStack() as stack:
        container = await stack.enter_async_context(open_source(settings, process))
        client = await stack.enter_async_context(open_nats(settings.nats_url or "", name=f"trilha {process}"))
        container.live.override(NatsLiveFeed(client))
        yield container


@asynccontextmanager
async def open_source(settings: Settings, process: str) -> AsyncGenerator[Container, None]:
    """A container that can ask the source: its tokens and the count of calls are shared in the database."""
    async with AsyncExitStack() as stack:
        container = await stack.enter_async_context(open_database(settings, process))
        pool, clock = container.system_pool(), container.clock()
        parts = SourceParts(
            settings=settings,
            clock=clock,
            token_store=PostgresTokenStore(pool, clock),
            rate_limiter=container.rate_limiter(),
            worker=container.worker(),
        )
        container.source.override(await stack.enter_async_context(source_named(settings.fleet_source)(parts)))
        yield container


@asynccontextmanager
async def open_worker(settings: Settings, process: str, roles: frozenset[Role]) -> AsyncGenerator[WorkerParts, None]:
    """Everything that `trilha worker`, `scheduler` and `relay` use, opened; closed at the end of the block.

    The source is opened only for roles that ask it: a relay needs no credentials.
    """
    async with AsyncExitStack() as stack:
        opener = open_source if roles & _ASK_SOURCE else open_database
        container = await stack.enter_async_context(opener(settings, process))
        client = await stack.enter_async_context(open_nats(settings.nats_url or "", name=f"trilha {process}"))
        broker = await stack.enter_async_context(started(task_broker(settings.nats_url or "")))
        container.bus.override(NatsEventBus(client, dead_letters=container.dead_letters(), clock=container.clock()))
        container.queue.override(NatsTaskQueue(broker))
        container.live.override(NatsLiveFeed(client))
        if roles & _ASK_SOURCE:
            container.check_dependencies()
        leadership = PostgresLeadership(settings.database_system_url or "")
        stack.push_async_callback(leadership.resign)
        yield _parts(container, settings, broker, leadership)


def _parts(container: Container, settings: Settings, broker: TaskBroker, leadership: PostgresLeadership) -> WorkerParts:
    handlers = {one.use_case: getattr(container, one.use_case)() for one in SUBSCRIPTIONS}

    async def connect() -> object:
        return await container.connect_organisations()(connect_command(settings))

    async def upkeep() -> object:
        await keep_house(settings, container.clock().now())
        return None

    return WorkerParts(
        tasks={
            **{job.task: partial(run_job, container, job.kind) for job in INGESTING},
            "roll_up_days": partial(_roll_up_days, container),
            "make_reports": container.make_reports(),
            "tell_due": container.tell_due(),
            "notice_silence": partial(_notice_silence, container),
        },
        handlers=handlers,
        relay=container.relay_outbox(),
        redeliver=RedeliverDeadLetters(
            dead_letters=container.dead_letters(),
            handlers={one.consumer: handlers[one.use_case] for one in SUBSCRIPTIONS},
            clock=container.clock(),
        ),
        tick=container.tick_schedule(),
        connect=connect,
        upkeep=upkeep,
        bus=container.bus(),
        broker=broker,
        clock=container.clock(),
        leadership=leadership,
    )


async def _roll_up_days(container: Container, organisation_id: OrganisationId) -> object:
    return await container.roll_up_days()(RollUpDaysCommand(organisation_id))


async def _notice_silence(container: Container, organisation_id: OrganisationId) -> None:
    await container.notice_silence()(NoticeSilenceCommand(organisation_id))


async def run_job(container: Container, kind: str, organisation_id: OrganisationId) -> IngestionRun | None:
    """Do what a job of that kind does, once, here; None where there is nothing to do or another worker is at it."""
    match RunKind(kind):
        case RunKind.MASTER_DATA:
            return await container.sync_master_data()(SyncMasterDataCommand(organisation_id=organisation_id))
        case RunKind.AMENDMENTS:
            return await container.read_amendments()(ReadAmendmentsCommand(organisation_id=organisation_id))
        case RunKind.BACKFILL:
            return await container.fill_backfills()(FillBackfillsCommand(organisation_id=organisation_id))
        case feed:
            command = IngestStreamCommand(organisation_id=organisation_id, stream=Stream(feed))
            return await container.ingest_stream()(command)


def connect_command(settings: Settings) -> ConnectOrganisationsCommand:
    """Which organisations to follow."""
    return ConnectOrganisationsCommand(
        source=settings.fleet_source,
        only=settings.mix_organisation_ids,
        default_time_zone=settings.default_time_zone,
    )
