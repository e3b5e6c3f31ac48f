"""Three hundred buses at the real rate limit, for a day: how far behind do the feeds get?

The simulator with the vendor's sizes and MiX's limits (20 calls a minute, 500 an hour), our client over HTTP on
loopback, the limiter and the store in PostgreSQL, the scheduler's jobs: everything as in production, but in virtual
time, which leaps where all wait. Beside the streams run a backfill, master data and the daily question for amendments.
"Behind" is now minus the time of a stream's token, taken where it is largest: just before each commit.
"""

import asyncio
import time
from argparse import ArgumentParser, Namespace
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import psycopg
from dependency_injector import providers
from msgspec.structs import replace

from benchmarks.database import Database, fresh_database
from benchmarks.feed_watch import HOUR, Calls, Lags, percentile, watched_units
from benchmarks.figures import Report, median, progress
from benchmarks.virtual_time import VirtualClock, VirtualTimeLoop, run_virtually
from trilha.adapters.memory import MemoryLiveFeed, MemoryTaskQueue
from trilha.adapters.postgres import Pool, PostgresTokenStore
from trilha.application.identity.connect_organisations import ConnectOrganisationsCommand
from trilha.application.schedule import JOBS
from trilha.application.telemetry.command_backfills import RequestBackfillCommand
from trilha.domain.kernel import OrganisationId
from trilha.domain.telemetry import FEEDS, SEED_AGE, first_checkpoint
from trilha.domain.telemetry import backfill as backfills
from trilha.entrypoints.container.database import open_database
from trilha.entrypoints.container.sources import SourceParts, source_named
from trilha.entrypoints.container.table import Container
from trilha.entrypoints.container.worker import run_job
from trilha.entrypoints.settings import Settings
from trilha.entrypoints.worker.process import TICK_S
from trilha.simulators.mix import Behaviour, Login, MixSimulator, Scenario, bus_day

START = datetime(2026, 3, 10, 19, tzinfo=UTC)
"""Four in the afternoon in Brasília: the busiest hours come first."""
HISTORY = timedelta(days=45)
POSITIONS_PER_DAY = 2_863
"""Of a vehicle, as the vendor's customers send."""
WANTED_S = 120.0
LONG_LEASE_S = 600.0
"""Leases go by the database's clock, which does not leap; renewing them every five virtual seconds proves nothing."""


def add_options(parser: ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("--hours", type=float, default=24.0, help="virtual hours (default 24)")
    parser.add_argument("--vehicles", type=int, default=300, help="buses (default 300)")
    parser.add_argument(
        "--backfill-days", type=float, default=30.0, help="days to fill beside; 0 for none (default 30)"
    )
    parser.add_argument("--backfill-records", type=int, default=500,
                        help="size of the backfill's answers (default 500; in production 10,000)")  # fmt: skip
    parser.add_argument("--answer-s", type=float, default=1.0, help="how long an answer is on its way (default 1.0)")
    parser.add_argument("--catch-up", action="store_true",
                        help="start as a new installation, 6.5 days back, and measure that first")  # fmt: skip


class Feed(msgspec.Struct, frozen=True):
    """A running platform over a simulated fleet."""

    container: Container
    simulator: MixSimulator
    queue: MemoryTaskQueue
    organisation_id: OrganisationId
    clock: VirtualClock
    calls: Calls
    lags: Lags


def run(report: Report, options: Namespace) -> None:
    """Let the time pass, then say how it went."""
    with fresh_database(START) as database:
        run_virtually(lambda loop: _measured(loop, database, report, options))


async def _measured(loop: VirtualTimeLoop, database: Database, report: Report, options: Namespace) -> None:
    # calls are what keeps a feed waiting: with smaller answers a backfill makes as many of them, and takes a day more
    backfills.WANTED_RECORDS = options.backfill_records
    async with _feed(loop, database, options) as feed, _scheduled(feed):
        if options.catch_up:
            await _caught_up(feed, report)
        backfill = await _request_backfill(feed, options.backfill_days) if options.backfill_days else None
        # what was asked for in the first minutes of a life is not a steady state
        await _pass(feed, timedelta(minutes=5), told=False)
        feed.lags.forget()
        feed.calls.forget()
        feed.simulator.calls().clear()
        began, began_at = time.perf_counter(), feed.clock.now()
        await _pass(feed, timedelta(hours=options.hours))
        _tell_lags(report, feed, options)
        _tell_calls(report, feed, feed.clock.now() - began_at)
        await _tell_work(report, feed, database, backfill, options)
        report.add("virtual_time", (feed.clock.now() - began_at) / HOUR, "h", real_s=round(time.perf_counter() - began))


@asynccontextmanager
async def _feed(loop: VirtualTimeLoop, database: Database, options: Namespace) -> AsyncIterator[Feed]:
    clock = VirtualClock(loop, START)
    scenario = _scenario(options)
    async with AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(MixSimulator(scenario, clock.now))
        settings = _settings(database, simulator, scenario.login)
        container = await stack.enter_async_context(open_database(settings, "benchmark"))
        app, system = container.app_pool(), container.system_pool()
        loop.watch(lambda: _is_busy(app) or _is_busy(system))
        lags = Lags(clock)
        container.clock.override(providers.Object(clock))
        container.units.override(providers.Object(watched_units(app, clock, container.ids(), lags.committed)))
        container.queue.override(providers.Object(queue := MemoryTaskQueue()))
        container.live.override(providers.Object(MemoryLiveFeed()))
        container.worker.override(providers.Object("benchmark"))
        container.lease_ttl.override(providers.Object(timedelta(seconds=LONG_LEASE_S)))
        calls = Calls(container.rate_limiter(), clock)
        parts = SourceParts(settings=settings, clock=clock, token_store=PostgresTokenStore(system, clock),
                            rate_limiter=calls, worker="benchmark")  # fmt: skip
        container.source.override(await stack.enter_async_context(source_named(settings.fleet_source)(parts)))
        connected = await container.connect_organisations()(ConnectOrganisationsCommand(source=settings.fleet_source))
        feed = Feed(container, simulator, queue, connected[0].id, clock, calls, lags)
        if not options.catch_up:
            await _begin_now(feed)
        yield feed


def _scenario(options: Namespace) -> Scenario:
    return replace(
        bus_day(START - HISTORY, positions_per_vehicle_per_day=POSITIONS_PER_DAY),
        vehicles=options.vehicles,
        # pages no longer than asked for, which takes the most calls
        page_quantum_s=0,
        # a late record changes no count of calls, and the simulator would look for them in millions at every window
        late_share=0.0,
        future_share=0.0,
        behaviour=Behaviour(latency_ms=round(options.answer_s * 1e3)),
    )


def _settings(database: Database, simulator: MixSimulator, login: Login) -> Settings:
    return Settings(
        database_url=database.urls.app,
        database_system_url=database.urls.system,
        mix_identity_url=simulator.identity_url,
        mix_api_url=simulator.api_url,
        **{f"mix_{name}": value for name, value in msgspec.structs.asdict(login).items()},
    )


def _is_busy(pool: Pool) -> bool:
    stats = pool.get_stats()
    return stats["pool_size"] > stats["pool_available"] or stats.get("requests_waiting", 0) > 0


async def _begin_now(feed: Feed) -> None:
    """As an installation that has caught up long ago."""
    source, now = feed.container.source(), feed.clock.now()
    async with feed.container.units()(feed.organisation_id) as unit:
        for stream in FEEDS:
            token = source.token_at(now)
            await unit.checkpoints.save(first_checkpoint(stream, token, source.time_of(token), now))
        await unit.commit()


@asynccontextmanager
async def _scheduled(feed: Feed) -> AsyncIterator[None]:
    scheduler = asyncio.create_task(_schedule(feed))
    try:
        yield
    finally:
        scheduler.cancel()
        await asyncio.gather(scheduler, return_exceptions=True)


async def _schedule(feed: Feed) -> None:
    """The scheduler's beat; those in between, which find nothing due, are left out."""
    tick = feed.container.tick_schedule()
    kinds = {job.task: job.kind for job in JOBS}
    async with asyncio.TaskGroup() as workers:
        while True:
            await tick()
            while (task := feed.queue.take()) is not None:
                organisation_id = OrganisationId(UUID(task.arguments["organisation_id"]))
                workers.create_task(run_job(feed.container, kinds[task.task], organisation_id))
            await _until_due(feed)


async def _until_due(feed: Feed) -> None:
    due = min(row.next_run_at for row in await feed.container.jobs().all(feed.organisation_id))
    now = feed.clock.now()
    beats = max(-(-(due - now) // timedelta(seconds=TICK_S)), 1)
    await feed.clock.sleep_until(now + beats * timedelta(seconds=TICK_S))


async def _caught_up(feed: Feed, report: Report) -> None:
    began = feed.clock.now()
    behind = dict.fromkeys(FEEDS, SEED_AGE)
    while max(behind.values()) > timedelta(seconds=WANTED_S):
        await _pass(feed, timedelta(minutes=10))
        behind = {stream: feed.lags.now(stream) for stream in FEEDS}
    report.add("first_start", (feed.clock.now() - began) / HOUR, "h", reads_back=str(SEED_AGE))


async def _request_backfill(feed: Feed, days: float) -> UUID:
    now = feed.clock.now()
    command = RequestBackfillCommand(feed.organisation_id, now - timedelta(days=days), now)
    view = await feed.container.request_backfill()(command)
    return view.id


async def _pass(feed: Feed, span: timedelta, *, told: bool = True) -> None:
    until = feed.clock.now() + span
    while (now := feed.clock.now()) < until:
        await feed.clock.sleep_until(min(now + HOUR, until))
        if told:
            shown = ", ".join(f"{stream} {feed.lags.now(stream).total_seconds():.0f} s" for stream in FEEDS)
            progress(f"{feed.clock.now():%d %H:%M}: {len(feed.calls.granted)} calls; behind: {shown}")


def _tell_lags(report: Report, feed: Feed, options: Namespace) -> None:
    for stream in FEEDS:
        behind, after = feed.lags.before_commit[stream], feed.lags.after_commit[stream]
        behind.append(feed.lags.now(stream).total_seconds())
        report.add(f"behind_{stream}", max(behind), "s", p99=round(percentile(behind, 0.99), 1),
                   median=round(median(behind), 1), wanted=f"<{WANTED_S:.0f}", commits=len(after),
                   right_after_commit_p99=round(percentile(after, 0.99), 1), buses=options.vehicles)  # fmt: skip


def _tell_calls(report: Report, feed: Feed, span: timedelta) -> None:
    by_priority = feed.calls.by_priority()
    for priority, calls in sorted(by_priority.items()):
        waits = feed.calls.waited_s[priority]
        report.add(f"calls_{priority.name.lower()}", calls / (span / HOUR), "1/h",
                   fullest_hour=feed.calls.fullest_hour(priority), calls=calls, longest_wait_s=round(max(waits), 1),
                   p99_wait_s=round(percentile(waits, 0.99), 1))  # fmt: skip
    allowed = feed.simulator.behaviour.calls_per_hour
    used = len(feed.calls.granted) / (span / HOUR)
    refused = sum(route.statuses[429] for route in feed.simulator.calls().values())
    report.add("calls_left", allowed - used, "1/h", in_fullest_hour=allowed - feed.calls.fullest_hour(),
               allowed=allowed, answered_429=refused)  # fmt: skip


async def _tell_work(
    report: Report, feed: Feed, database: Database, backfill_id: UUID | None, options: Namespace
) -> None:
    if backfill_id is not None:
        view = await feed.container.find_backfill()(feed.organisation_id, backfill_id)
        report.add("backfill_done", view.done_share * 100, "%", days=options.backfill_days, calls=view.calls,
                   records=view.received, status=view.status)  # fmt: skip
    with psycopg.connect(database.superuser_url) as superuser:
        found = superuser.execute(
            "select kind, count(*), count(*) filter (where status = 'failed') from ingestion_runs group by kind"
        ).fetchall()
    runs = {kind: (whole, failed) for kind, whole, failed in found}
    report.add("runs_failed", sum(failed for _, failed in runs.values()), "runs",
               **{kind: whole for kind, (whole, _) in runs.items()})  # fmt: skip
