"""Counts kept by day are those of the records at every moment, whatever is committed, amended or taken away."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.postgres import in_database
from trilha.adapters.memory import (
    MemoryDatabase,
    MemoryDrivingRecords,
    MemoryUnitsOfWork,
    SimulatedClock,
    SimulatedIds,
)
from trilha.adapters.postgres import (
    DatabaseUrls,
    Pool,
    PostgresDrivingRecords,
    PostgresOrganisations,
    PostgresRollup,
    open_pool,
    take_away_old,
    units_of_work,
)
from trilha.adapters.postgres.partitions import ensure_partitions
from trilha.adapters.system import SystemClock, Uuid7Ids
from trilha.application.ports import TelemetryUnitOfWork, UnitsOfWork
from trilha.application.retention import Retention, cut_offs
from trilha.domain.kernel import DayRange, DriverId, EventTypeId, OrganisationId
from trilha.domain.performance import Drive, DrivingRecords, RolledUp, Tally
from trilha.domain.telemetry import AMENDED_FEEDS, Amendment, Record, Stream, standings
from trilha.testing.contracts.amendments import reassigned, withdrawn
from trilha.testing.contracts.fresh import NOON, an_organisation, eventually, new_id
from trilha.testing.contracts.telemetry_records import a_trip, an_event

Units = UnitsOfWork[TelemetryUnitOfWork]
EAST, INDIA = ZoneInfo("America/Sao_Paulo"), ZoneInfo("Asia/Kolkata")
TODAY = NOON.astimezone(EAST).date()
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
EVERYTHING = [DayRange(TODAY - 30 * DAY, TODAY + 3 * DAY)]
ALL_DAYS = 100

_moments = st.integers(-4, 1).map(lambda days: NOON + days * DAY)
_records = {
    Stream.EVENTS: st.builds(
        an_event,
        st.integers(0, 2),
        occurred_at=_moments,
        driver_id=st.integers(1, 3),
        event_type_id=st.integers(1, 3),
        occurrences=st.integers(0, 4),
        duration_s=st.none() | st.integers(0, 9),
    ),
    Stream.TRIPS: st.builds(
        a_trip,
        st.integers(0, 2),
        occurred_at=_moments,
        driver_id=st.integers(1, 3),
        distance_km=st.none() | st.integers(0, 9).map(lambda quarters: quarters / 4),
        driving_time_s=st.none() | st.just(60.0),
        engine_s=st.none() | st.integers(0, 9),
    ),
}
_streams = st.sampled_from(AMENDED_FEEDS)
_zones = st.sampled_from([EAST, INDIA])
_days = st.integers(-6, 2).map(lambda offset: TODAY + offset * DAY)
_spans = st.lists(st.builds(lambda one, other: DayRange(min(one, other), max(one, other)), _days, _days), max_size=4)


@pytest.fixture
def driving_records(pool: Pool) -> PostgresDrivingRecords:
    return PostgresDrivingRecords(pool)


@pytest.fixture
def rollup(pool: Pool) -> PostgresRollup:
    return PostgresRollup(pool)


@pytest.fixture
def units(pool: Pool) -> Units:
    return units_of_work(pool, SystemClock(), Uuid7Ids())


@pytest.fixture
def new_organisation(system_pool: Pool) -> Callable[[], Awaitable[OrganisationId]]:
    async def make() -> OrganisationId:
        organisation = an_organisation()
        await PostgresOrganisations(system_pool).add(organisation, None)
        return organisation.id

    return make


class Twins:
    """The same told to PostgreSQL, which keeps counts, and to memory, which counts anew."""

    def __init__(
        self, organisation_id: OrganisationId, units: Units, kept: DrivingRecords, rollup: PostgresRollup
    ) -> None:
        clock = SimulatedClock()
        memory = MemoryDatabase(clock, SimulatedIds(clock))
        self.organisation_id = organisation_id
        self.rollup = rollup
        self._units: tuple[Units, Units] = (units, MemoryUnitsOfWork(memory))
        self._kept, self._counted = kept, MemoryDrivingRecords(memory)

    @asynccontextmanager
    async def ingesting(self, stream: Stream, records: Sequence[Record], minutes: int) -> AsyncIterator[None]:
        """The block runs before the page is committed."""
        at = NOON + timedelta(minutes=minutes)
        async with self._units[0](self.organisation_id) as unit, self._units[1](self.organisation_id) as twin:
            for one in (unit, twin):
                await one.records(stream).merge(new_id(), at, records)
            yield
            await unit.commit()
            await twin.commit()

    async def amend(self, amendment: Amendment) -> None:
        for units in self._units:
            async with units(self.organisation_id) as unit:
                known = await unit.amendments.known(amendment.stream, [amendment.record_id])
                await unit.amendments.save(standings(known, [amendment]))
                await unit.commit()

    async def roll_up(self, zone: ZoneInfo = EAST, at_most: int = ALL_DAYS) -> RolledUp | None:
        return await self.rollup.roll_up(self.organisation_id, zone, NOON, at_most)

    async def check(
        self,
        spans: Sequence[DayRange] = EVERYTHING,
        zone: ZoneInfo = EAST,
        drivers: Sequence[DriverId] | None = None,
        event_types: Sequence[EventTypeId] | None = None,
    ) -> None:
        """Both say the same."""
        key = self.organisation_id
        tallies = [
            await one.tallies(key, spans, zone, drivers=drivers, event_types=event_types)
            for one in (self._kept, self._counted)
        ]
        assert _sorted(tallies[0]) == _sorted(tallies[1])
        drives = [await one.drives(key, spans, zone, drivers=drivers) for one in (self._kept, self._counted)]
        assert _sorted(drives[0]) == _sorted(drives[1])


def _sorted(cells: Sequence[Tally] | Sequence[Drive]) -> list[Tally | Drive]:
    return sorted(cells, key=repr)


@pytest.fixture
async def twins(
    new_organisation: Callable[[], Awaitable[OrganisationId]],
    units: Units,
    driving_records: PostgresDrivingRecords,
    rollup: PostgresRollup,
) -> Twins:
    return Twins(await new_organisation(), units, driving_records, rollup)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors], deadline=None)
@given(data=st.data())
async def test_counts_that_are_kept_are_those_of_the_records_at_every_moment(
    new_organisation: Callable[[], Awaitable[OrganisationId]],
    units: Units,
    driving_records: PostgresDrivingRecords,
    rollup: PostgresRollup,
    data: st.DataObject,
) -> None:
    twins = Twins(await new_organisation(), units, driving_records, rollup)
    for stream in AMENDED_FEEDS:
        async with twins.ingesting(stream, data.draw(st.lists(_records[stream], min_size=2, max_size=6)), 0):
            pass
    await twins.roll_up()
    for _ in range(data.draw(st.integers(1, 6))):
        await _step(twins, data)
        await _check(twins, data)
        await twins.check()
    assert await twins.roll_up() is not None
    await _check(twins, data)
    await twins.check()


async def _step(twins: Twins, data: st.DataObject) -> None:
    stream, zone = data.draw(_streams), data.draw(_zones)
    kind = data.draw(st.sampled_from(["page", "page", "page and refresher", "refresher", "reassigned", "withdrawn"]))
    match kind:
        case "refresher":
            await twins.roll_up(zone, data.draw(st.integers(0, 6)))
        case "reassigned":
            await twins.amend(reassigned(stream, data.draw(st.integers(0, 2)), data.draw(st.integers(1, 3))))
        case "withdrawn":
            await twins.amend(withdrawn(stream, data.draw(st.integers(0, 2))))
        case _:
            records = data.draw(st.lists(_records[stream], max_size=4))
            async with twins.ingesting(stream, records, data.draw(st.integers(-2, 2))):
                if kind == "page and refresher":
                    await twins.roll_up(zone)
                    await _check(twins, data)


async def _check(twins: Twins, data: st.DataObject) -> None:
    drivers = data.draw(st.none() | st.lists(st.integers(1, 4), unique=True))
    event_types = data.draw(st.none() | st.lists(st.integers(1, 4), unique=True))
    await twins.check(data.draw(_spans), data.draw(_zones), drivers, event_types)


@asynccontextmanager
async def _held_up(superuser: psycopg.Connection, twins: Twins, day: date) -> AsyncIterator[asyncio.Task[object]]:
    """A refresher that has looked at the records and cannot write what it counted before the block ends."""
    with superuser.transaction(force_rollback=True):
        superuser.execute(
            "insert into rolled_days values (%s, %s, %s, now(), now())", (twins.organisation_id, EAST.key, day)
        )
        refresher = asyncio.create_task(twins.roll_up())
        (pid,) = superuser.execute("select pg_backend_pid()").fetchone() or ()

        def waits() -> bool:
            found = superuser.execute(
                "select 1 from pg_stat_activity where %s = any(pg_blocking_pids(pid))", (pid,)
            ).fetchone()
            return found is not None

        await eventually(waits, "the refresher to wait")
        yield refresher
    await refresher


async def test_what_is_committed_while_a_day_is_counted_is_not_forgotten(
    twins: Twins, postgres_superuser: psycopg.Connection
) -> None:
    async with twins.ingesting(Stream.EVENTS, [an_event(1, occurred_at=NOON - DAY)], 0):
        pass
    async with _held_up(postgres_superuser, twins, TODAY - DAY):
        async with twins.ingesting(Stream.EVENTS, [an_event(2, occurred_at=NOON - DAY)], 0):
            pass
        # another refresher must not take the new mark away while the day is being counted without its record
        assert await twins.roll_up() is None
    await twins.check()
    assert await twins.roll_up() == RolledUp(days=1, missing=0)
    await twins.check()
    assert await twins.roll_up() == RolledUp(days=0, missing=0)


async def test_days_are_kept_once_they_are_over_newest_first_and_zones_follow(
    twins: Twins, postgres_superuser: psycopg.Connection
) -> None:
    moments = [NOON - 3 * DAY, NOON - DAY, NOON, NOON + 2 * DAY]
    async with twins.ingesting(Stream.TRIPS, [a_trip(n, occurred_at=at) for n, at in enumerate(moments)], 0):
        pass
    assert await twins.roll_up(at_most=2) == RolledUp(days=2, missing=1)
    assert _kept(postgres_superuser, twins) == {(EAST.key, TODAY - DAY), (EAST.key, TODAY - 2 * DAY)}
    assert await twins.roll_up(at_most=2) == RolledUp(days=1, missing=0)
    for _ in range(3):
        await twins.roll_up(INDIA, at_most=2)
        await twins.check()
        await twins.check(zone=INDIA)
    assert _kept(postgres_superuser, twins) == {(INDIA.key, TODAY - back * DAY) for back in (1, 2, 3)}


def _kept(superuser: psycopg.Connection, twins: Twins) -> set[tuple[str, date]]:
    rows = superuser.execute("select zone, day from rolled_days where organisation_id = %s", (twins.organisation_id,))
    return {(zone, day) for zone, day in rows}


async def test_a_day_that_was_cut_otherwise_counts_for_nothing(
    twins: Twins, postgres_superuser: psycopg.Connection
) -> None:
    """News about a zone reach one process before the other."""
    async with twins.ingesting(Stream.EVENTS, [an_event(1, occurred_at=NOON - DAY)], 0):
        pass
    await twins.roll_up()
    postgres_superuser.execute(
        "update rolled_days set start_at = start_at - interval '1 hour' where organisation_id = %s",
        (twins.organisation_id,),
    )
    postgres_superuser.execute(
        "update driver_days set occurrences = '{99}' where organisation_id = %s", (twins.organisation_id,)
    )
    await twins.check()
    assert await twins.roll_up() == RolledUp(days=1, missing=0)
    await twins.check()


async def test_what_retention_takes_away_is_not_counted_any_more(
    fresh_postgres_urls: DatabaseUrls, postgres_superuser_url: str
) -> None:
    """A month in a partition of its own, and one that never had one."""
    cut = cut_offs(Retention(), NOON)
    async with open_pool(fresh_postgres_urls.system, name="test", staging=False) as system:
        organisation = an_organisation()
        await PostgresOrganisations(system).add(organisation, None)
    with psycopg.connect(fresh_postgres_urls.owner, autocommit=True) as owner:
        ensure_partitions(owner, cut.records[Stream.EVENTS] - DAY, cut.records[Stream.EVENTS])
    async with open_pool(fresh_postgres_urls.app, name="test") as pool:
        units = units_of_work(pool, SystemClock(), Uuid7Ids())
        kept, rollup = PostgresDrivingRecords(pool), PostgresRollup(pool)
        for stream, make in ((Stream.EVENTS, an_event), (Stream.TRIPS, a_trip)):
            first = cut.records[stream]
            moments = [first - 40 * DAY, first - HOUR, first + 2 * DAY]
            async with units(organisation.id) as unit:
                records: list[Record] = [make(number, occurred_at=at) for number, at in enumerate(moments)]
                await unit.records(stream).merge(new_id(), first - DAY, records)
                await unit.commit()
        days = DayRange(moments[0].date() - 2 * DAY, moments[-1].date() + 2 * DAY)

        async def counts() -> tuple[int, int]:
            tallies = await kept.tallies(organisation.id, [days], EAST)
            drives = await kept.drives(organisation.id, [days], EAST)
            return sum(one.occurrences for one in tallies), sum(one.trips for one in drives)

        assert (await rollup.roll_up(organisation.id, EAST, NOON, 5000) or RolledUp(0, 0)).days > 1000
        assert await counts() == (3, 3)
        taken = await asyncio.to_thread(take_away_old, fresh_postgres_urls.owner, cut)
        assert taken["telemetry_events_default"] == taken["trips_default"] == 1
        assert len([name for name in taken if name.startswith(("telemetry_events_2", "trips_2"))]) == 2
        assert await counts() == (1, 1)
        await rollup.roll_up(organisation.id, EAST, NOON, 5000)
        assert await counts() == (1, 1)
        with psycopg.connect(in_database(postgres_superuser_url, fresh_postgres_urls.app)) as superuser:
            rows = superuser.execute("select day from driver_days union select day from drive_days").fetchall()
        assert [day for (day,) in rows] == [moments[-1].astimezone(EAST).date()]
