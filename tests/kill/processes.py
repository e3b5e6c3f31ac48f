"""Worker processes of the platform, and what the database says about them: shared by the tests that kill."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from uuid import UUID

import psycopg

from tests.e2e.platforms import settings_for
from tests.postgres import in_database
from trilha.adapters.embedded import EmbeddedNats
from trilha.adapters.nats import ensure_streams, open_nats
from trilha.adapters.postgres import DatabaseUrls, open_pool, units_of_work
from trilha.adapters.system import SystemClock, Uuid7Ids
from trilha.application.telemetry.command_backfills import RequestBackfill, RequestBackfillCommand
from trilha.domain.kernel import OrganisationId
from trilha.entrypoints.settings import Settings, variable
from trilha.simulators.mix import Behaviour, Kind, MixSimulator, Scenario
from trilha.simulators.mix.truth import content_sql

KILLS = int(os.environ.get("TRILHA_TEST_KILLS", "10"))
"""How often the ordinary run kills; `make soak` says more."""
SEED = int(os.environ.get("TRILHA_TEST_SEED", "20260310"))
LEASE_TTL_S = 1.0

_TABLES = {Kind.EVENTS: "telemetry_events", Kind.POSITIONS: "positions", Kind.TRIPS: "trips"}
_STATES = [
    f"(select count(*) from {table}), (select coalesce(bit_xor(id), 0) from {table}), "
    f"(select coalesce({content_sql(kind)}, 0) from {table})"
    for kind, table in _TABLES.items()
]
STATE = f"select {', '.join(_STATES)}"
"""Count, checksum of ids, checksum of contents: of events, of positions, of trips."""
AMENDED = (
    "select count(*), coalesce(bit_xor(record_id), 0), coalesce(bit_xor(('x' || left(md5(concat_ws('|', record_id,"
    " coalesce(driver_id::text, ''), (withdrawn_at is not null)::int)), 16))::bit(64)::bigint), 0) "
    "from amended_records where stream = '{}'"
)
UNAMENDED = (
    "select count(*) from {0} r join amended_records a on a.record_id = r.id and a.stream = '{1}' "
    "where a.withdrawn_at is distinct from r.withdrawn_at or coalesce(a.driver_id, r.driver_id) <> r.driver_id"
)
"""Records that do not show what was amended of them."""
COUNTED = "select coalesce(sum(received), 0)::bigint, coalesce(sum(inserted), 0)::bigint from throughput"
_PAGED = "kind in ('events', 'positions', 'trips', 'backfill')"
RUNS = (
    f"select coalesce(sum(received), 0)::bigint, coalesce(sum(inserted), 0)::bigint from ingestion_runs where {_PAGED}"
)
BALANCED = f"select counted = ran from ({COUNTED}) counted, ({RUNS}) ran"
PAGES_KEPT = (
    f"select (select sum(pages)::bigint from ingestion_runs where {_PAGED}) = "
    "(select count(*) from raw_pages where stream <> 'amendments')"
)
PROGRESS = (
    "select (select coalesce(sum(version), -1) from checkpoints) + (select coalesce(sum(version), 0) from backfills), "
    "(select max(checked_at) from checkpoints)"
)

Row = tuple[object, ...]
Process = asyncio.subprocess.Process


def scenario_for(now: datetime, kills: int) -> Scenario:
    """Enough history that there is something to do between any two of so many kills."""
    return Scenario(
        epoch=now - timedelta(days=6, hours=6),
        vehicles=20,
        events_per_vehicle_per_day=30 + 6 * kills,
        positions_per_vehicle_per_day=10 + 3 * kills,
        trips_per_vehicle_per_day=5 + kills // 2,
        amended_share=0.03,
        behaviour=Behaviour(calls_per_minute=0, calls_per_hour=0),
    )


def whole_second() -> datetime:
    """Now, where the simulator's pages can end."""
    return datetime.now(UTC).replace(microsecond=0)


def environment_of(
    simulator: MixSimulator, urls: DatabaseUrls, nats: EmbeddedNats, folder: Path, **changes: object
) -> dict[str, str]:
    """What a worker is told."""
    settings = settings_for(
        simulator,
        **{
            "data_dir": str(folder),
            "database_url": urls.app,
            "database_owner_url": urls.owner,
            "database_system_url": urls.system,
            "nats_url": nats.url,
            "mix_page_quantity": 150,
            "mix_calls_per_minute": 1_000_000,
            "mix_calls_per_hour": 1_000_000,
            "lease_ttl_s": LEASE_TTL_S,
            **changes,
        },
    )
    told = {name: value for name, value in os.environ.items() if not name.startswith("TRILHA_")}
    for field in Settings.__struct_fields__:
        value = getattr(settings, field)
        if value is not None and value != ():
            told[variable(field)] = str(value)
    return told


@asynccontextmanager
async def worker(environment: dict[str, str], folder: Path, *options: str) -> AsyncIterator[Process]:
    """A running `trilha worker`, killed at the end of the block; its log lies in the folder."""
    with (folder / "worker.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "trilha.entrypoints.cli", "worker", *options, env=environment, stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@asynccontextmanager
async def fresh_streams(nats: EmbeddedNats) -> AsyncIterator[None]:
    """Nothing of an earlier test on the bus."""
    async with open_nats(nats.url) as client:
        stream = client.jetstream()
        for info in await stream.streams_info():
            await stream.delete_stream(info.config.name or "")
        await ensure_streams(client)
        yield


class BackDoor:
    """A superuser's look at the platform's database; comes back by itself when the server does."""

    def __init__(self, superuser_url: str, urls: DatabaseUrls) -> None:
        self._url = in_database(superuser_url, urls.app)
        self.only: tuple[str, ...] = ()
        """The kinds of jobs that `make_due` makes due; all where none is named."""
        self._connection: psycopg.AsyncConnection | None = None

    async def one(self, query: str) -> Row:
        """The only row; waits for a server that is away."""
        while True:
            try:
                cursor = await (await self._opened()).execute(query)
            except psycopg.OperationalError:
                await self.close()
                await asyncio.sleep(0.1)
                continue
            row = await cursor.fetchone()
            assert row is not None
            return tuple(row)

    async def until_moved(self, *alive: Process) -> None:
        """Wait for one more committed page, or for one more look at the end of the stream."""
        before = await self.one(PROGRESS)
        while await self.one(PROGRESS) == before:
            await self.make_due()
            assert_alive(*alive)
            await asyncio.sleep(0.02)

    async def until(self, query: str, expected: Row, *alive: Process) -> None:
        """Wait until the query answers so."""
        found = await self.one(query)
        try:
            while found != expected:
                await self.make_due()
                assert_alive(*alive)
                await asyncio.sleep(0.1)
                found = await self.one(query)
        except asyncio.CancelledError as error:
            error.add_note(f"{query}\n  found    {found}\n  expected {expected}")
            raise

    async def until_all_is_well(self, simulator: MixSimulator, *alive: Process) -> None:
        """Wait until the tables equal the source's truth and each page was counted once; nothing may be left over."""
        truths = [simulator.truth(kind=kind) for kind in _TABLES]
        expected = [(one.events, one.ids_checksum, one.content_checksum) for one in truths]
        await self.until(STATE, tuple(chain.from_iterable(expected)), *alive)
        await self.until("select count(*) from backfills where status in ('waiting', 'running')", (0,), *alive)
        since = await self._amended_since() or simulator.now()
        for kind in (Kind.EVENTS, Kind.TRIPS):
            amended = simulator.amendment_truth(since, kind=kind)
            await self.until(AMENDED.format(kind), (amended.amended, amended.ids_checksum, amended.content_checksum))
            assert await self.one(UNAMENDED.format(_TABLES[kind], kind)) == (0,)
        await self.until("select count(*) from outbox where sent_at is null", (0,), *alive)
        await self.until(BALANCED, (True,), *alive)
        assert await self.one("select count(*) from dead_letters") == (0,)
        assert await self.one("select count(*) from quarantine") == (0,)
        assert await self.one(
            "select count(*) from raw_pages p where p.stream <> 'amendments' and not exists (select 1 from outbox o "
            "where o.envelope->'data'->>'page_id' = p.id::text)"
        ) == (0,)
        await self.until(PAGES_KEPT, (True,), *alive)

    async def request_backfill(self, urls: DatabaseUrls, start: datetime, end: datetime) -> None:
        """What `POST /v1/etl/backfills` does, once there is an organisation."""
        organisation_id: object = None
        while organisation_id is None:
            (organisation_id,) = await self.one("select (select organisation_id from jobs where kind = 'backfill')")
            await asyncio.sleep(0.02)
        assert isinstance(organisation_id, UUID)
        clock, ids = SystemClock(), Uuid7Ids()
        async with open_pool(urls.app, name="asking") as pool:
            request = RequestBackfill(units=units_of_work(pool, clock, ids), clock=clock, ids=ids)
            await request(RequestBackfillCommand(OrganisationId(organisation_id), start, end))

    async def _amended_since(self) -> datetime | None:
        """The first day whose amendments were asked for, if there were any."""
        (day,) = await self.one("select min(split_part(asked_for, ' ', 2)) from raw_pages where stream = 'amendments'")
        return None if day is None else datetime.strptime(str(day)[:8], "%Y%m%d").replace(tzinfo=UTC)

    async def make_due(self) -> None:
        """What `POST /v1/etl/sync` does, so that nobody waits for the minute to end."""
        with contextlib.suppress(psycopg.OperationalError):
            await (await self._opened()).execute(
                "update jobs set next_run_at = now() "
                "where kind <> 'master_data' and next_run_at > now() + interval '1 second' "
                "and (%(only)s::text[] = '{}' or kind = any(%(only)s))",
                {"only": list(self.only)},
            )

    async def close(self) -> None:
        """Let go."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def _opened(self) -> psycopg.AsyncConnection:
        if self._connection is None or self._connection.broken:
            await self.close()
            self._connection = await psycopg.AsyncConnection.connect(
                self._url, autocommit=True, connect_timeout=5, options="-c timezone=UTC"
            )
        return self._connection


@asynccontextmanager
async def back_door(superuser_url: str, urls: DatabaseUrls) -> AsyncIterator[BackDoor]:
    """Closed at the end of the block."""
    door = BackDoor(superuser_url, urls)
    try:
        yield door
    finally:
        await door.close()


def assert_alive(*processes: Process) -> None:
    """None of them may have ended by itself."""
    for process in processes:
        assert process.returncode is None, f"worker {process.pid} ended by itself with {process.returncode}"
