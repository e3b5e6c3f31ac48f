"""One organisation of the simulator, the real use cases over PostgreSQL or memory, and back doors to look."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import reduce
from hashlib import md5
from operator import xor
from typing import Any, Protocol
from uuid import UUID

import msgspec
import psycopg
import pytest
from psycopg.rows import dict_row

from tests.e2e.platforms import GENEROUS, settings_for
from trilha.adapters.memory import (
    MemoryDatabase,
    MemoryIngestionQueries,
    MemoryLeases,
    MemoryLiveFeed,
    MemoryOrganisations,
    MemoryRateLimiter,
    MemoryTelemetryQueries,
    MemoryTokenStore,
    MemoryUnitsOfWork,
)
from trilha.adapters.mix import MixClient, MixSettings, Timeouts
from trilha.adapters.mix.settings import RetryPolicy
from trilha.adapters.postgres import (
    DatabaseUrls,
    Lanes,
    PostgresIngestionQueries,
    PostgresLeases,
    PostgresOrganisations,
    PostgresRateLimiter,
    PostgresTelemetryQueries,
    PostgresTokenStore,
    open_pool,
    units_of_work,
)
from trilha.adapters.system import SystemClock, Uuid7Ids
from trilha.application.exclusive_run import ExclusiveRun
from trilha.application.ports import (
    Clock,
    Leases,
    PageRequest,
    RateLimiter,
    TelemetryUnitOfWork,
    TokenStore,
    UnitsOfWork,
)
from trilha.application.telemetry.ingest_stream import IngestStream, IngestStreamCommand
from trilha.application.telemetry.queries import IngestionQueries, TelemetryQueries
from trilha.application.telemetry.store_page import StorePage
from trilha.application.telemetry.views import CheckpointView, RunView
from trilha.domain.identity import Organisation, Organisations, OrganisationSource
from trilha.domain.kernel import OrganisationId, RejectedRecord
from trilha.domain.telemetry import FEEDS, IngestionRun, Position, Record, Stream, TelemetryEvent, Trip
from trilha.entrypoints.container.sources import mix_settings
from trilha.simulators.mix import Behaviour, Kind, MixSimulator, Route, Scenario, Truth
from trilha.simulators.mix.messages import Request, Response
from trilha.simulators.mix.wire import hundred_thousandths, instant

PAGE = 150
SCENARIO = Scenario(
    vehicles=6,
    events_per_vehicle_per_day=30,
    positions_per_vehicle_per_day=24,
    trips_per_vehicle_per_day=12,
    repeat_near_share=0.05,
    repeat_far_share=0.05,
    stranger_share=0.03,
    startless_share=0.08,
    timeless_share=0.02,
    behaviour=Behaviour(calls_per_minute=0, calls_per_hour=0),
)
"""About a thousand records, so seven pages or more, with every oddity that sound records may have."""
IMPATIENT = RetryPolicy(first_wait=timedelta(milliseconds=1), throttle_wait=timedelta(milliseconds=1))
SHORT = Timeouts(connect_s=5, read_s=0.3, whole_s=5)

Row = tuple[Any, ...]
"""What the simulator's truth speaks about: first the record's id, then what else its checksum covers."""

SINCE = {
    Stream.EVENTS: Route.EVENTS_SINCE,
    Stream.POSITIONS: Route.POSITIONS_SINCE,
    Stream.TRIPS: Route.TRIPS_SINCE,
}
"""The route that each feed is read from."""


every_feed = pytest.mark.parametrize("feed", FEEDS, indirect=True)
"""For tests of what must hold for each feed."""


class RecordingSimulator(MixSimulator):
    """Remembers the pages of feeds that it sent whole."""

    sent: list[bytes]

    def _answer(self, request: Request) -> Response:
        response = super()._answer(request)
        if (
            "/sincetoken/" in request.path
            and response.status in (200, 206)
            and not (response.cut or response.never_answer)
        ):
            self.__dict__.setdefault("sent", []).append(response.body)
        return response

    def calls_of(self, route: Route) -> int:
        """How often a route was asked."""
        counted = self.calls().get(route)
        return 0 if counted is None else counted.calls


class ShiftedClock(SystemClock):
    """The machine's time, which a test may put forward by days."""

    ahead = timedelta(0)

    def now(self) -> datetime:
        return super().now() + self.ahead


class BackDoor(Protocol):
    """What lies in the store, read beneath the ports."""

    def records(self, feed: Stream, organisation_id: OrganisationId) -> list[Row]: ...
    def quarantined(self, organisation_id: OrganisationId) -> list[tuple[UUID | None, RejectedRecord]]: ...
    def page_ids(self, organisation_id: OrganisationId) -> list[UUID]: ...
    def gaps(self, organisation_id: OrganisationId) -> list[tuple[datetime, datetime]]: ...
    def outbox(self, organisation_id: OrganisationId) -> list[dict[str, Any]]: ...


@dataclass
class Store:
    """The ports over one store."""

    organisations: Organisations
    units: UnitsOfWork[Any]
    leases: Leases
    ingestion: IngestionQueries
    telemetry: TelemetryQueries
    token_store: TokenStore
    rate_limiter: RateLimiter
    back_door: BackDoor


OpenStore = Callable[[Clock], Any]


@dataclass
class World:
    """An organisation, its simulator, and the use case under test."""

    simulator: RecordingSimulator
    store: Store
    source: MixClient
    clock: ShiftedClock
    organisation_id: OrganisationId
    feed: Stream = Stream.EVENTS
    ids: Uuid7Ids = field(default_factory=Uuid7Ids)
    live: MemoryLiveFeed = field(default_factory=MemoryLiveFeed)

    async def ingest(self, max_pages: int = 1_000) -> IngestionRun:
        """Run the use case once; it must not find the lease taken."""
        command = IngestStreamCommand(organisation_id=self.organisation_id, stream=self.feed, max_pages=max_pages)
        run = await self.use_case()(command)
        assert run is not None
        return run

    def use_case(self, lease_ttl: timedelta = timedelta(seconds=15)) -> IngestStream:
        """As another worker would have it."""
        return IngestStream(run=self.frame(lease_ttl), store_page=StorePage(live=self.live, **self.parts), **self.parts)

    def frame(self, lease_ttl: timedelta = timedelta(seconds=15)) -> ExclusiveRun:
        """What every use case runs in."""
        return ExclusiveRun(
            organisations=self.store.organisations,
            units=self.store.units,
            leases=self.store.leases,
            clock=self.clock,
            ids=self.ids,
            worker="test",
            lease_ttl=lease_ttl,
        )

    @property
    def parts(self) -> dict[str, Any]:
        """What every use case of ingestion is made of."""
        return {"source": self.source, "units": self.store.units, "clock": self.clock, "ids": self.ids}

    async def runs(self) -> list[RunView]:
        """As the API shows them, newest first."""
        return list((await self.store.ingestion.runs(self.organisation_id, None, None, PageRequest())).items)

    async def checkpoint(self) -> CheckpointView:
        """As the API shows it."""
        (checkpoint,) = await self.store.ingestion.checkpoints(self.organisation_id, self.clock.now())
        return checkpoint

    async def raw_bodies(self) -> list[bytes]:
        """Every page that was kept, as `RawPages.get` gives it."""
        async with self.store.units(self.organisation_id) as unit:
            telemetry: TelemetryUnitOfWork = unit
            keys = self.store.back_door.page_ids(self.organisation_id)
            return [(await telemetry.raw_pages.get(key)).body for key in keys]

    @property
    def route(self) -> Route:
        """Where the feed is read from."""
        return SINCE[self.feed]

    @property
    def kind(self) -> Kind:
        """What the simulator calls the feed."""
        return Kind(self.feed)

    def truth(self, since: datetime | None = None, until: datetime | None = None) -> Truth:
        """What a lossless consumer of the feed holds."""
        return self.simulator.truth(since, until, self.kind)

    @property
    def records(self) -> list[Row]:
        return self.store.back_door.records(self.feed, self.organisation_id)

    @property
    def quarantined(self) -> list[RejectedRecord]:
        return [record for _, record in self.store.back_door.quarantined(self.organisation_id)]

    def assert_nothing_lost_or_doubled(self, besides: Iterable[Row] = ()) -> None:
        """The table, with `besides`, holds what the simulator says a lossless consumer holds."""
        rows = [*self.records, *besides]
        truth = self.truth()
        assert len(rows) == len({row[0] for row in rows}) == truth.events
        assert reduce(xor, (row[0] for row in rows)) == truth.ids_checksum
        assert reduce(xor, map(digest, rows)) == truth.content_checksum

    async def assert_books_balance(self) -> None:
        """Counts of runs, pages kept, events told and tokens passed all speak of the same pages."""
        runs, door = await self.runs(), self.store.back_door
        assert all(run.received == run.inserted + run.replaced + run.duplicates + run.quarantined for run in runs)
        kept = await self.raw_bodies()
        assert len(kept) == sum(run.pages for run in runs)
        assert all(body in self.simulator.sent for body in kept)
        told = [one for one in door.outbox(self.organisation_id) if one["type"] == "telemetry.events_ingested"]
        assert len(told) == len(kept)
        assert sum(one["data"]["received"] for one in told) == sum(run.received for run in runs)
        assert sum(run.inserted for run in runs) == len(self.records)
        assert sum(run.quarantined for run in runs) == len(self.quarantined)


def digest(row: Row) -> int:
    """64 bits of MD5, as the simulator folds them."""
    return int.from_bytes(md5("|".join(map(str, row)).encode()).digest()[:8], signed=True)


def row_of(record: Record) -> Row:
    """What the checksum of its kind covers."""
    if isinstance(record, TelemetryEvent):
        ids = record.id, record.vehicle_id, record.driver_id, record.event_type_id
        return *ids, instant(record.started_at), record.occurrences
    ids = record.id, record.vehicle_id, record.driver_id
    if isinstance(record, Position):
        where = hundred_thousandths(record.latitude_deg), hundred_thousandths(record.longitude_deg)
        return *ids, instant(record.occurred_at), *where
    times = instant(record.started_at), instant(record.ended_at)
    return *ids, *times, round((record.distance_km or 0) * 1000), len(record.sub_trips)


_AMENDABLE = "id, occurred_at, coalesce(source_driver_id, driver_id) driver_id, vehicle_id"
COLUMNS = {
    Stream.EVENTS: (
        "telemetry_events",
        f"{_AMENDABLE}, event_type_id, occurrences, started_at",
        TelemetryEvent,
    ),
    Stream.POSITIONS: ("positions", "id, occurred_at, driver_id, vehicle_id, latitude_deg, longitude_deg", Position),
    Stream.TRIPS: (
        "trips",
        f"{_AMENDABLE}, started_at, ended_at, distance_km, sub_trips",
        Trip,
    ),
}


class MemoryBackDoor:
    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    def records(self, feed: Stream, organisation_id: OrganisationId) -> list[Row]:
        kept = self._database.of(organisation_id).records[feed].values()
        return [row_of(one.record) for versions in kept for one in versions]

    def quarantined(self, organisation_id: OrganisationId) -> list[tuple[UUID | None, RejectedRecord]]:
        return [(one.page_id, one.record) for one in self._database.of(organisation_id).quarantine.values()]

    def page_ids(self, organisation_id: OrganisationId) -> list[UUID]:
        return list(self._database.of(organisation_id).raw_pages)

    def gaps(self, organisation_id: OrganisationId) -> list[tuple[datetime, datetime]]:
        return [(one.start, one.end) for one in self._database.of(organisation_id).gaps.values()]

    def outbox(self, organisation_id: OrganisationId) -> list[dict[str, Any]]:
        mine = [one for one in self._database.outbox.values() if one.organisationid == organisation_id]
        return msgspec.json.decode(msgspec.json.encode(mine))


class PostgresBackDoor:
    def __init__(self, superuser: psycopg.Connection) -> None:
        self._superuser = superuser

    def _rows(self, query: Any, organisation_id: OrganisationId) -> list[tuple[Any, ...]]:
        return self._superuser.execute(query, (organisation_id,)).fetchall()

    def records(self, feed: Stream, organisation_id: OrganisationId) -> list[Row]:
        table, columns, kind = COLUMNS[feed]
        cursor = self._superuser.cursor(row_factory=dict_row)
        cursor.execute(f"select {columns} from {table} where organisation_id = %s", (organisation_id,))
        return [row_of(kind(**row)) for row in cursor]

    def quarantined(self, organisation_id: OrganisationId) -> list[tuple[UUID | None, RejectedRecord]]:
        query = "select page_id, position, reason, detail, raw from quarantine where organisation_id = %s order by id"
        return [(page_id, RejectedRecord(*rest)) for page_id, *rest in self._rows(query, organisation_id)]

    def page_ids(self, organisation_id: OrganisationId) -> list[UUID]:
        query = "select id from raw_pages where organisation_id = %s order by id"
        return [key for (key,) in self._rows(query, organisation_id)]

    def gaps(self, organisation_id: OrganisationId) -> list[tuple[datetime, datetime]]:
        query = "select start_at, end_at from gaps where organisation_id = %s order by id"
        return [(start, end) for start, end in self._rows(query, organisation_id)]

    def outbox(self, organisation_id: OrganisationId) -> list[dict[str, Any]]:
        query = "select envelope from outbox where organisation_id = %s order by seq"
        return [envelope for (envelope,) in self._rows(query, organisation_id)]


@asynccontextmanager
async def memory_store(clock: Clock) -> AsyncIterator[Store]:
    database = MemoryDatabase(clock, Uuid7Ids())
    yield Store(
        organisations=MemoryOrganisations(database),
        units=MemoryUnitsOfWork(database),
        leases=MemoryLeases(database),
        ingestion=MemoryIngestionQueries(database),
        telemetry=MemoryTelemetryQueries(database),
        token_store=MemoryTokenStore(database),
        rate_limiter=MemoryRateLimiter(database, GENEROUS),
        back_door=MemoryBackDoor(database),
    )


@asynccontextmanager
async def postgres_store(urls: DatabaseUrls, superuser: psycopg.Connection, clock: Clock) -> AsyncIterator[Store]:
    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(open_pool(urls.app, name="test app"))
        system = await stack.enter_async_context(open_pool(urls.system, name="test system", staging=False))
        yield Store(
            organisations=PostgresOrganisations(system),
            units=units_of_work(app, clock, Uuid7Ids()),
            leases=PostgresLeases(system),
            ingestion=PostgresIngestionQueries(app),
            telemetry=PostgresTelemetryQueries(await stack.enter_async_context(Lanes(app))),
            token_store=PostgresTokenStore(system, clock),
            rate_limiter=PostgresRateLimiter(system, clock, GENEROUS),
            back_door=PostgresBackDoor(superuser),
        )


def client_settings(simulator: MixSimulator) -> MixSettings:
    """A client that does not wait long."""
    found = mix_settings(settings_for(simulator, mix_page_quantity=PAGE))
    return msgspec.structs.replace(found, retries=IMPATIENT, timeouts=SHORT)


async def new_organisation(store: Store, external_id: int, clock: Clock) -> OrganisationId:
    """An organisation that nobody else uses, fed by a group of the simulator."""
    ids = Uuid7Ids()
    organisation = Organisation(OrganisationId(ids.new()), "Viação Exemplo", "America/Sao_Paulo", clock.now())
    source = OrganisationSource(organisation.id, f"mix-{organisation.id}", external_id)
    assert await store.organisations.add(organisation, source)
    return organisation.id
