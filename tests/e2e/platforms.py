"""The same use cases over PostgreSQL and NATS, and over memory: what a test of the main job runs on."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from dependency_injector import providers

from tests.e2e.http.world import TOKEN, make_reports, memory_parts
from trilha.adapters.embedded import EmbeddedNats
from trilha.adapters.memory import (
    MemoryDatabase,
    MemoryDeadLetters,
    MemoryEventBus,
    MemoryJobs,
    MemoryLeases,
    MemoryLiveFeed,
    MemoryOrganisations,
    MemoryOutbox,
    MemoryRateLimiter,
    MemoryTokenStore,
    MemoryUnitsOfWork,
)
from trilha.adapters.mix import MixClient, MixPages, open_mix
from trilha.adapters.nats import NatsEventBus, NatsLiveFeed, ensure_streams, open_nats
from trilha.adapters.postgres import DatabaseUrls, Lanes, PostgresRateLimiter, PostgresTokenStore, open_pool
from trilha.adapters.system import SystemClock, Uuid7Ids
from trilha.application.exclusive_run import ExclusiveRun
from trilha.application.fleet.sync_master_data import SyncMasterData
from trilha.application.identity.connect_organisations import ConnectOrganisations
from trilha.application.ports import Clock, EventBus, Handler, RateLimit
from trilha.application.relay_outbox import RelayOutbox
from trilha.application.reporting.make_reports import MakeReports
from trilha.application.telemetry.fill_backfills import FillBackfills
from trilha.application.telemetry.ingest_stream import IngestStream
from trilha.application.telemetry.on_events_ingested import CountThroughput
from trilha.application.telemetry.read_amendments import ReadAmendments
from trilha.application.telemetry.store_page import StorePage
from trilha.domain.kernel import OrganisationId
from trilha.entrypoints.container.api import http_parts
from trilha.entrypoints.container.sources import mix_settings
from trilha.entrypoints.container.table import Container
from trilha.entrypoints.http import HttpParts
from trilha.entrypoints.settings import Settings
from trilha.simulators.mix import MixSimulator

GENEROUS = (RateLimit(10_000, timedelta(minutes=1)),)
MACHINE = SystemClock()


@dataclass(frozen=True)
class Platform:
    """What the main job is made of."""

    source: MixClient
    connect: ConnectOrganisations
    sync: SyncMasterData
    ingest: IngestStream
    amend: ReadAmendments
    backfill: FillBackfills
    relay: RelayOutbox
    bus: EventBus
    handlers: Mapping[str, Handler]
    http: HttpParts
    make_reports: MakeReports
    counted: Callable[[OrganisationId], Awaitable[int]]
    """Received records that the throughput consumer has counted, read beneath the ports."""


def settings_for(simulator: MixSimulator, **changes: object) -> Settings:
    """The environment of a customer of that simulator."""
    login = simulator.scenario.login
    return Settings(
        mix_identity_url=simulator.identity_url,
        mix_api_url=simulator.api_url,
        mix_client_id=login.client_id,
        mix_client_secret=login.client_secret,
        mix_username=login.username,
        mix_password=login.password,
        **changes,
    )


@asynccontextmanager
async def memory_platform(simulator: MixSimulator, clock: Clock = MACHINE) -> AsyncIterator[Platform]:
    """Nothing but this process, and HTTP to the simulator."""
    ids = Uuid7Ids()
    database = MemoryDatabase(clock, ids)
    organisations, units = MemoryOrganisations(database), MemoryUnitsOfWork(database)
    bus = MemoryEventBus(clock, MemoryDeadLetters(database))
    async with open_mix(
        mix_settings(settings_for(simulator)),
        clock=clock,
        token_store=MemoryTokenStore(database),
        rate_limiter=MemoryRateLimiter(database, GENEROUS),
    ) as source:
        run = ExclusiveRun(
            organisations=organisations,
            units=units,
            leases=MemoryLeases(database),
            clock=clock,
            ids=ids,
            worker="memory",
        )

        async def counted(organisation_id: OrganisationId) -> int:
            return sum(hour.received for hour in database.of(organisation_id).throughput.values())

        store_page = StorePage(source=source, units=units, live=MemoryLiveFeed(), clock=clock, ids=ids)
        yield Platform(
            source=source,
            connect=ConnectOrganisations(
                source=source, organisations=organisations, jobs=MemoryJobs(database), clock=clock, ids=ids
            ),
            sync=SyncMasterData(run=run, source=source, units=units, clock=clock, ids=ids),
            ingest=IngestStream(run=run, source=source, units=units, store_page=store_page, clock=clock, ids=ids),
            amend=ReadAmendments(run=run, source=source, units=units, clock=clock, ids=ids),
            backfill=FillBackfills(run=run, source=source, units=units, clock=clock, ids=ids),
            relay=RelayOutbox(outbox=MemoryOutbox(database), bus=bus),
            bus=bus,
            handlers={"count_throughput": CountThroughput(units=units)},
            http=(parts := memory_parts(database)),
            make_reports=make_reports(database, parts.reports),
            counted=counted,
        )


@asynccontextmanager
async def real_platform(
    simulator: MixSimulator, urls: DatabaseUrls, nats: EmbeddedNats, clock: Clock = MACHINE
) -> AsyncIterator[Platform]:
    """PostgreSQL under row-level security and NATS JetStream, wired by the container."""
    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(open_pool(urls.app, name="e2e app"))
        system = await stack.enter_async_context(open_pool(urls.system, name="e2e system", staging=False))
        client = await stack.enter_async_context(open_nats(nats.url))
        await ensure_streams(client)
        source = await stack.enter_async_context(
            open_mix(
                mix_settings(settings_for(simulator)),
                clock=clock,
                token_store=PostgresTokenStore(system, clock),
                rate_limiter=PostgresRateLimiter(system, clock, GENEROUS),
            )
        )
        lanes = await stack.enter_async_context(Lanes(app))
        container = Container(
            app_pool=app,
            lanes=lanes,
            system_pool=system,
            source=source,
            reader=MixPages(),
            live=NatsLiveFeed(client),
            call_limits=providers.Object(GENEROUS),
            budget_key=providers.Object("e2e"),
            worker="e2e",
        )
        container.clock.override(providers.Object(clock))
        container.bus.override(NatsEventBus(client, dead_letters=container.dead_letters(), clock=clock))

        async def counted(organisation_id: OrganisationId) -> int:
            async with app.connection() as connection, connection.transaction():
                await connection.execute(
                    "select set_config('trilha.organisation_id', %s, true)", (str(organisation_id),)
                )
                row = await (await connection.execute("select coalesce(sum(received), 0) from throughput")).fetchone()
                return int(row[0]) if row else 0

        yield Platform(
            source=source,
            connect=container.connect_organisations(),
            sync=container.sync_master_data(),
            ingest=container.ingest_stream(),
            amend=container.read_amendments(),
            backfill=container.fill_backfills(),
            relay=container.relay_outbox(),
            bus=container.bus(),
            handlers={"count_throughput": container.count_throughput()},
            http=http_parts(container, client, token=TOKEN),
            make_reports=container.make_reports(),
            counted=counted,
        )
