"""How records are read: no month that is not needed is touched, and a vehicle's last position is the last."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import timedelta
from typing import LiteralString

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.pq.abc import PGresult

from trilha.adapters.postgres import (
    DatabaseUrls,
    Lanes,
    PostgresDrivingRecords,
    PostgresOrganisations,
    PostgresTelemetryQueries,
    open_pool,
    units_of_work,
)
from trilha.adapters.postgres.partitions import ensure_partitions, partition_name
from trilha.adapters.postgres.pipelined import Value
from trilha.adapters.system import SystemClock, Uuid7Ids
from trilha.application.ports import PageRequest
from trilha.application.telemetry.queries import EventFilter, PositionFilter, TripFilter
from trilha.application.telemetry.views import vehicle_position_view
from trilha.domain.fleet import Vehicle
from trilha.domain.kernel import OrganisationId, TimeRange, VehicleId
from trilha.domain.telemetry import Position, Stream, latest_positions
from trilha.testing.contracts.fresh import NOON, an_organisation, new_id
from trilha.testing.contracts.telemetry_records import a_position, a_trip

DAY = timedelta(days=1)
YEAR = 365 * DAY
Read = Callable[[PostgresTelemetryQueries, OrganisationId], Awaitable[object]]
TODAY = TimeRange(NOON - timedelta(hours=1), NOON + timedelta(hours=1))
_checked = settings(
    max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors]
)


class Listening(Lanes):
    """Lanes that keep the last question."""

    statement: LiteralString = ""
    values: Sequence[Value] = ()

    async def read(self, organisation: str, statement: LiteralString, values: Sequence[Value]) -> PGresult:
        """Ask it."""
        self.statement, self.values = statement, values
        return await super().read(organisation, statement, values)


@pytest.fixture
def urls(fresh_postgres_urls: DatabaseUrls) -> DatabaseUrls:
    """A database with a partition for each of the last thirteen months."""
    with psycopg.connect(fresh_postgres_urls.owner, autocommit=True) as owner:
        ensure_partitions(owner, NOON - YEAR, NOON + 31 * DAY)
    return fresh_postgres_urls


@pytest.fixture
async def lanes(urls: DatabaseUrls) -> AsyncIterator[Listening]:
    async with open_pool(urls.app, name="test") as pool, Listening(pool) as lanes:
        yield lanes


@pytest.fixture
async def organisation_id(urls: DatabaseUrls) -> OrganisationId:
    return await _new_organisation(urls)


async def _new_organisation(urls: DatabaseUrls) -> OrganisationId:
    organisation = an_organisation()
    async with open_pool(urls.system, name="test", staging=False) as pool:
        await PostgresOrganisations(pool).add(organisation, None)
    return organisation.id


async def _keep(urls: DatabaseUrls, organisation_id: OrganisationId, positions: Sequence[Position]) -> None:
    async with (
        open_pool(urls.app, name="test") as pool,
        units_of_work(pool, SystemClock(), Uuid7Ids())(organisation_id) as unit,
    ):
        await unit.records(Stream.POSITIONS).merge(new_id(), NOON, positions)
        await unit.commit()


def _touched(url: str, organisation_id: OrganisationId, lanes: Listening) -> set[str]:
    """The partitions that the last question had to open."""
    with psycopg.connect(url) as connection:
        connection.execute("select set_config('trilha.organisation_id', %s, true)", (str(organisation_id),))
        lines = connection.execute(f"explain (analyze, timing off, costs off) {lanes.statement}", lanes.values)
        plan = [line for (line,) in lines if " on " in line and "never executed" not in line]
    found = (re.search(r" on ((?:telemetry_events|positions|trips)_\w+)", line) for line in plan)
    return {match.group(1) for match in found if match}


READS: dict[str, Read] = {
    "telemetry_events": lambda queries, key: queries.events(key, EventFilter(TODAY), PageRequest()),
    "positions": lambda queries, key: queries.positions(key, PositionFilter(TODAY, vehicle_id=2), PageRequest()),
    "trips": lambda queries, key: queries.trips(key, TripFilter(TODAY, driver_id=1), PageRequest()),
}


@pytest.mark.parametrize("table", READS)
async def test_only_the_months_asked_for_are_touched(
    urls: DatabaseUrls, lanes: Listening, organisation_id: OrganisationId, table: str
) -> None:
    await READS[table](PostgresTelemetryQueries(lanes), organisation_id)
    assert _touched(urls.app, organisation_id, lanes) == {partition_name(table, NOON)}


async def test_many_journeys_are_read_in_few_questions(urls: DatabaseUrls, organisation_id: OrganisationId) -> None:
    """Each may have to sort all trips that are left: one for every thousand trips would be the table squared."""
    trips = [a_trip(number, occurred_at=NOON - timedelta(minutes=number)) for number in range(7_000)]
    async with open_pool(urls.app, name="test") as pool:
        async with units_of_work(pool, SystemClock(), Uuid7Ids())(organisation_id) as unit:
            await unit.records(Stream.TRIPS).merge(new_id(), NOON, trips)
            await unit.commit()
        pool.pop_stats()
        journeys = PostgresDrivingRecords(pool).journeys(organisation_id, TimeRange())
        assert [one.id async for one in journeys] == list(range(6_999, -1, -1))
        assert pool.get_stats()["requests_num"] <= 4


async def test_a_track_touches_the_months_asked_for_only(
    urls: DatabaseUrls, lanes: Listening, organisation_id: OrganisationId
) -> None:
    assert await PostgresTelemetryQueries(lanes).track(organisation_id, 2, TODAY, 10) == []
    assert _touched(urls.app, organisation_id, lanes) == {partition_name("positions", NOON)}


async def test_where_vehicles_are_now_does_not_touch_the_past(
    urls: DatabaseUrls, lanes: Listening, organisation_id: OrganisationId
) -> None:
    positions = [a_position(number, vehicle_id=number % 5, occurred_at=NOON - number * DAY) for number in range(300)]
    await _keep(urls, organisation_id, positions)
    latest = await PostgresTelemetryQueries(lanes).latest_positions(organisation_id, NOON)
    assert [int(view.id) for view in latest] == [0, 1, 2, 3, 4]
    recent = {partition_name("positions", moment) for moment in (NOON, NOON - 7 * DAY)}
    assert _touched(urls.app, organisation_id, lanes) == recent


@st.composite
def _positions(draw: st.DrawFn) -> list[Position]:
    ids = draw(st.lists(st.integers(-5, 30), max_size=12, unique=True))
    ages = st.sampled_from([timedelta(0), timedelta(minutes=-4), timedelta(minutes=-6), DAY, 40 * DAY, 300 * DAY])
    return [a_position(key, vehicle_id=draw(st.integers(-2, 3)), occurred_at=NOON - draw(ages)) for key in ids]


@_checked
@given(positions=_positions())
async def test_each_vehicle_of_the_fleet_shows_its_last_position(
    urls: DatabaseUrls, lanes: Listening, positions: list[Position]
) -> None:
    organisation_id = await _new_organisation(urls)
    await _keep(urls, organisation_id, positions)
    async with (
        open_pool(urls.app, name="test") as pool,
        units_of_work(pool, SystemClock(), Uuid7Ids())(organisation_id) as unit,
    ):
        await unit.master_data.save("vehicles", [Vehicle(VehicleId(number), "v") for number in range(-2, 4)])
        await unit.commit()
    shown = await PostgresTelemetryQueries(lanes).latest_positions(organisation_id, NOON)
    expected = latest_positions(positions, NOON)
    assert shown == [vehicle_position_view(expected[key], NOON) for key in sorted(expected)]
