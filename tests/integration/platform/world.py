"""One organisation of the simulator, the real use cases over PostgreSQL or memory, and back doors to look."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import reduce
from hashlib import md5
from operator import xor
from typing import Any, Protocol
from uuid import UUID

import msgspec
import psycopg

from tests.e2e.platforms import GENEROUS, settings_for
from trilha.adapters.memory import (
    MemoryDatabase,
    MemoryIngestionQueries,
    MemoryLeases,
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
from trilha.application.telemetry.ingest_events import IngestEvents, IngestEventsCommand
from trilha.application.telemetry.queries import IngestionQueries, TelemetryQueries
from trilha.application.telemetry.views import CheckpointView, RunView
from trilha.application.telemetry.store_page import StorePage
from trilha.domain.identity import Organisation, Organisations, OrganisationSource
from trilha.domain.kernel import OrganisationId, RejectedRecord
from trilha.domain.telemetry import IngestionRun
from trilha.entrypoints.container.sources import mix_settings
from trilha.simulators.mix import Behaviour, MixSimulator, Route, Scenario
from trilha.simulators.mix.messages import Request, Response

PAGE = 150
SCENARIO = Scenario(
    vehicles=6,
    events_per_vehicle_per_day=30,
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

Row = tuple[int, int, int, int, str, int]
"""What the simulator's truth speaks about: ids of event, vehicle, driver and type, the start, the occurrences."""


class RecordingSimulator(MixSimulator):
    """Remembers the pages of events that it sent whole."""

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

    def events(self, organisation_id: OrganisationId) -> list[Row]: ...
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
    ids: Uuid7Ids = field(default_factory=Uuid7Ids)

    async def ingest(self, max_pages: int = 1_000) -> IngestionRun:
        """Run the use case once; it must not find the lease taken."""
        run = await self.use_case()(IngestEventsCommand(organisation_id=self.organisation_id, max_pages=max_pages))
        assert run is not None
        return run

    def use_case(self, lease_ttl: timedelta = timedelta(seconds=15)) -> IngestEvents:
        """As another worker would have it."""
        run = ExclusiveRun(
            organisations=self.store.organisations,
            units=self.store.units,
            leases=self.store.leases,
            clock=self.clock,
            ids=self.ids,
            worker="test",
            lease_ttl=lease_ttl,
        )
        pages = StorePage(source=self.source, units=self.store.units, clock=self.clock, ids=self.ids)
        return IngestEvents(run=run, source=self.source, units=self.store.units, store_page=pages, clock=self.clock)

    async def runs(self) -> list[RunView]:
        """As the API shows them, newest first."""
        return list((await self.store.ingestion.runs(self.organisation_id, None, None, PageRequest())).items)

    async def checkpoint(self) -> CheckpointView:
        """As the API shows it."""
        (checkpoint,) = await self.store.ingestion.checkpoints(self.organisation_id, self.clock.now())
        return checkpoint

    async def raw_bodies(self) -> list[bytes]:
        """Every page that was kept, as `RawPages.body` gives it."""
        async with self.store.units(self.organisation_id) as unit:
            telemetry: TelemetryUnitOfWork = unit
            return [await telemetry.raw_pages.body(key) for key in self.store.back_door.page_ids(self.organisation_id)]

    @property
    def events(self) -> list[Row]:
        return self.store.back_door.events(self.organisation_id)

    @property
    def quarantined(self) -> list[RejectedRecord]:
        return [record for _, record in self.store.back_door.quarantined(self.organisation_id)]

    def assert_nothing_lost_or_doubled(self, besides: Iterable[Row] = ()) -> None:
        """The table, with `besides`, holds what the simulator says a lossless consumer holds."""
        rows = [*self.events, *besides]
        truth = self.simulator.truth()
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
        assert sum(run.inserted for run in runs) == len(self.events)
        assert sum(run.quarantined for run in runs) == len(self.quarantined)


def digest(row: Row) -> int:
    """64 bits of MD5, as the simulator folds them."""
    return int.from_bytes(md5("|".join(map(str, row)).encode()).digest()[:8], signed=True)


def row_of(*members: Any) -> Row:
    """Event, vehicle, driver, type, start, occurrences."""
    event, vehicle, driver, kind, start, occurrences = members
    told = "" if start is None else f"{start.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return (event, vehicle, driver, kind, told, occurrences)


class MemoryBackDoor:
    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    def events(self, organisation_id: OrganisationId) -> list[Row]:
        kept = [one.event for versions in self._database.of(organisation_id).events.values() for one in versions]
        return [
            row_of(one.id, one.vehicle_id, one.driver_id, one.event_type_id, one.started_at, one.occurrences)
            for one in kept
        ]

    def quarantined(self, organisation_id: OrganisationId) -> list[tuple[UUID | None, RejectedRecord]]:
        return [(one.page_id, one.record) for one in self._database.of(organisation_id).quarantine]

    def page_ids(self, organisation_id: OrganisationId) -> list[UUID]:
        return list(self._database.of(organisation_id).raw_pages)

    def gaps(self, organisation_id: OrganisationId) -> list[tuple[datetime, datetime]]:
        return [(one.start, one.end) for one in self._database.of(organisation_id).gaps]

    def outbox(self, organisation_id: OrganisationId) -> list[dict[str, Any]]:
        mine = [one for one in self._database.outbox.values() if one.organisationid == organisation_id]
        return msgspec.json.decode(msgspec.json.encode(mine))


class PostgresBackDoor:
    def __init__(self, superuser: psycopg.Connection) -> None:
        self._superuser = superuser

    def _rows(self, query: Any, organisation_id: OrganisationId) -> list[tuple[Any, ...]]:
        return self._superuser.execute(query, (organisation_id,)).fetchall()

    def events(self, organisation_id: OrganisationId) -> list[Row]:
        columns = "id, vehicle_id, driver_id, event_type_id, started_at, occurrences"
        return [
            row_of(*row)
            for row in self._rows(f"select {columns} from telemetry_events where organisation_id = %s", organisation_id)
        ]

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
