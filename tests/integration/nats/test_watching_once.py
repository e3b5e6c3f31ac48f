"""Vehicles are watched once, on a real bus and a real database, however their consumer dies."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import msgspec
import pytest
from nats.aio.client import Client

from tests.integration.nats.test_event_bus import a_bus
from tests.integration.nats.world import MemoryDeadLetters, consuming, until
from tests.postgres import postgres_superuser_url, postgres_template, postgres_urls
from trilha.adapters.memory import MemoryPageReader
from trilha.adapters.memory.reader import body_of
from trilha.adapters.postgres import (
    DatabaseUrls,
    PostgresAlertQueries,
    PostgresOrganisations,
    PostgresUnitOfWork,
    open_pool,
    units_of_work,
)
from trilha.adapters.postgres.pools import Pool
from trilha.adapters.system import SystemClock, Uuid7Ids
from trilha.application.envelopes import envelope_of
from trilha.application.monitoring.on_events_ingested import WatchVehicles
from trilha.application.monitoring.queries import AlertFilter
from trilha.application.monitoring.rulebooks import Rulebooks
from trilha.application.ports import Envelope, PageRequest
from trilha.domain.areas import Circle
from trilha.domain.kernel import DriverId, EventId, GeoPoint, OrganisationId, PositionId, VehicleId
from trilha.domain.monitoring import (
    HARSH_EVENTS,
    AlertRule,
    EventOfType,
    FenceCrossing,
    GeofenceContent,
    OverSpeed,
    RuleContent,
    new_geofences,
)
from trilha.domain.telemetry import EventsIngested, Position, RawPage, Record, Stream, TelemetryEvent
from trilha.testing.contracts.fresh import an_organisation

__all__ = ["postgres_superuser_url", "postgres_template", "postgres_urls"]

CLOCK, IDS = SystemClock(), Uuid7Ids()
BUS = VehicleId(7)


class DiesAtCommit(PostgresUnitOfWork):
    """A process that is gone when everything was evaluated and sent, and nothing was committed."""

    async def commit(self) -> None:
        await self._session.flush()
        raise ConnectionError("killed before the commit")


class Fleet:
    """An organisation in PostgreSQL, its rules, and pages of its vehicle."""

    def __init__(self, pool: Pool, system_pool: Pool, organisation_id: OrganisationId) -> None:
        self.id = organisation_id
        self.pool = pool
        self.units = units_of_work(pool, CLOCK, IDS)
        self.rulebooks = Rulebooks(organisations=PostgresOrganisations(system_pool), clock=CLOCK, zone_of=ZoneInfo)
        self.queries = PostgresAlertQueries(pool)
        self.now = datetime.now(UTC)

    async def prepare(self) -> None:
        """A fence around the depot, and three rules."""
        area = Circle(GeoPoint(-15.0, -47.0), 500.0)
        fences = new_geofences([(IDS.new(), GeofenceContent(name="Garagem", area=area))], self.now, others=0)
        conditions = (EventOfType(HARSH_EVENTS), OverSpeed(limit_kmh=80), FenceCrossing((fences[0].id,)))
        async with self.units(self.id) as unit:
            await unit.geofences.save(fences)
            for condition in conditions:
                content = RuleContent(name="Regra", condition=condition)
                await unit.alert_rules.save(AlertRule(id=IDS.new(), content=content, changed_at=self.now))
            await unit.commit()

    async def page(self, stream: Stream, *records: Record) -> Envelope:
        """A committed page, and the event of it."""
        page_id = IDS.new()
        async with self.units(self.id) as unit:
            await unit.raw_pages.add(page_id, RawPage(stream, "t", "t", self.now, body_of(records)))
            await unit.commit()
        told = EventsIngested(
            page_id=page_id,
            stream=stream,
            received=len(records),
            inserted=len(records),
            replaced=0,
            quarantined=0,
            received_at=self.now,
            first_occurred_at=None,
            last_occurred_at=None,
            checkpoint="t",
        )
        return envelope_of(told, event_id=IDS.new(), organisation_id=self.id, at=self.now)

    async def pages(self) -> list[Envelope]:
        """Out of the depot at 100 km/h, braking harshly twice; then slowly back."""
        out = [self.position(number, 600 - 60 * number, 0.004 * number, 100.0) for number in range(3)]
        back = [self.position(number, 600 - 60 * number, 0.004 * (5 - number), 40.0) for number in range(3, 6)]
        return [
            await self.page(Stream.POSITIONS, *out),
            await self.page(Stream.EVENTS, self.braking(1), self.braking(2)),
            await self.page(Stream.POSITIONS, *back),
        ]

    def position(self, number: int, seconds_ago: float, north: float, speed_kmh: float) -> Position:
        return Position(
            id=PositionId(number),
            occurred_at=self.now - timedelta(seconds=seconds_ago),
            driver_id=DriverId(3),
            vehicle_id=BUS,
            latitude_deg=-15.0 + north,
            longitude_deg=-47.0,
            speed_kmh=speed_kmh,
        )

    def braking(self, number: int) -> TelemetryEvent:
        return TelemetryEvent(
            id=EventId(number),
            occurred_at=self.now - timedelta(seconds=number),
            driver_id=DriverId(3),
            vehicle_id=BUS,
            event_type_id=HARSH_EVENTS[0],
        )

    def consumer(self, *, dies: bool = False) -> WatchVehicles:
        """The use case in a fresh process."""

        def mortal(organisation_id: OrganisationId) -> PostgresUnitOfWork:
            return DiesAtCommit(self.pool, organisation_id, CLOCK, IDS)

        units = mortal if dies else self.units
        return WatchVehicles(units=units, reader=MemoryPageReader(), rulebooks=self.rulebooks, ids=IDS)

    async def told(self) -> list[tuple[str, int]]:
        """State and times of each alert."""
        page = await self.queries.alerts(self.id, AlertFilter(), PageRequest())
        return sorted((alert.state, alert.times) for alert in page.items)


@pytest.fixture
async def fleet(postgres_urls: DatabaseUrls) -> AsyncIterator[Fleet]:
    organisation = an_organisation()
    async with (
        open_pool(postgres_urls.app, name="test") as pool,
        open_pool(postgres_urls.system, name="test", staging=False) as system_pool,
    ):
        assert await PostgresOrganisations(system_pool).add(organisation, None)
        fleet = Fleet(pool, system_pool, organisation.id)
        await fleet.prepare()
        yield fleet


async def test_killed_before_the_commit_or_before_the_acknowledgement_it_tells_once(
    fleet: Fleet, client: Client, dead_letters: MemoryDeadLetters
) -> None:
    bus, envelopes, tries = a_bus(client, dead_letters, pauses_s=(0.05,) * 6), await fleet.pages(), dict[object, int]()

    async def dying(envelope: Envelope) -> None:
        tries[envelope.id] = tries.get(envelope.id, 0) + 1
        await fleet.consumer(dies=tries[envelope.id] == 1)(envelope)
        if tries[envelope.id] == 2:
            raise ConnectionError("killed before the acknowledgement")

    await bus.publish(envelopes)
    async with consuming(bus, f"watch-{uuid4()}", dying):
        await until(lambda: len(tries) == 3 and min(tries.values()) >= 3)
    assert await fleet.told() == [("raised", 2), ("raised", 2), ("resolved", 1)]
    assert dead_letters.letters == []


async def test_pages_of_positions_that_swap_on_the_bus_tell_what_they_tell_in_order(
    fleet: Fleet, client: Client, dead_letters: MemoryDeadLetters
) -> None:
    """The way back is delivered first: the speeding and the crossing of the way out were told all the same."""
    bus, envelopes, taken = a_bus(client, dead_letters), await fleet.pages(), list[object]()

    async def take(envelope: Envelope) -> None:
        await fleet.consumer()(envelope)
        taken.append(envelope.id)

    await bus.publish(envelopes[::-1])
    async with consuming(bus, f"watch-{uuid4()}", take):
        await until(lambda: len(set(taken)) == 3)
    assert await fleet.told() == [("raised", 2), ("raised", 2), ("resolved", 1)]
    assert dead_letters.letters == []


async def test_the_same_pages_under_other_names_tell_nothing_anew(fleet: Fleet) -> None:
    for _ in range(2):
        for envelope in await fleet.pages():
            await fleet.consumer()(envelope)
            await fleet.consumer()(envelope)
    assert await fleet.told() == [("raised", 2), ("raised", 2), ("resolved", 1)]
    async with fleet.units(fleet.id) as unit:
        state = (await unit.watches.load((BUS,)))[BUS]
    assert msgspec.to_builtins(state)["inside"]
