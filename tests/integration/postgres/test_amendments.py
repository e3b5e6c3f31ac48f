"""Amendments and merges of the same records, in every order and at the same time."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import psycopg
import pytest

from trilha.adapters.postgres import Pool, PostgresUnitOfWork, units_of_work
from trilha.adapters.postgres.staging import RECORD_TABLES
from trilha.adapters.system import SystemClock, Uuid7Ids
from trilha.domain.kernel import DriverId, OrganisationId
from trilha.domain.telemetry import (
    AMENDED_FEEDS,
    Amendment,
    AmendmentKind,
    MergeOutcome,
    Record,
    Stream,
    standings,
)
from trilha.testing.contracts.fresh import NOON, new_id
from trilha.testing.contracts.telemetry_records import a_record

PATIENCE_S = 15
FAR = timedelta(days=400)
NEW_DRIVER = DriverId(77)
Begin = Callable[[], PostgresUnitOfWork]
Amended = list[tuple[int, int | None, datetime | None]]
"""Effective driver, the source's own where that is another, and since when it does not count."""


@pytest.fixture(params=AMENDED_FEEDS, ids=str)
def stream(request: pytest.FixtureRequest) -> Stream:
    return Stream(request.param)


@pytest.fixture
def organisation_id(two_organisations: tuple[OrganisationId, OrganisationId]) -> OrganisationId:
    return two_organisations[0]


@pytest.fixture
def begin(pool: Pool, organisation_id: OrganisationId) -> Begin:
    units = units_of_work(pool, SystemClock(), Uuid7Ids())
    return lambda: units(organisation_id)


@pytest.fixture
def kept(
    postgres_superuser: psycopg.Connection, organisation_id: OrganisationId, stream: Stream
) -> Callable[[], Amended]:
    statement = (
        f"select driver_id, source_driver_id, withdrawn_at from {RECORD_TABLES[stream].table} "
        "where organisation_id = %s order by occurred_at"
    )
    return lambda: postgres_superuser.execute(statement, (organisation_id,)).fetchall()


def _amendments(stream: Stream) -> list[Amendment]:
    return [
        Amendment(stream, 1, AmendmentKind.REASSIGNED, NOON, NEW_DRIVER),
        Amendment(stream, 1, AmendmentKind.WITHDRAWN, NOON),
    ]


async def _amend(unit: PostgresUnitOfWork, amendments: Sequence[Amendment]) -> None:
    stream = amendments[0].stream
    known = await unit.amendments.known(stream, [one.record_id for one in amendments])
    await unit.amendments.save(standings(known, amendments))
    await unit.commit()


async def _merge(unit: PostgresUnitOfWork, stream: Stream, record: Record, hours: int = 0) -> MergeOutcome:
    outcome = await unit.records(stream).merge(new_id(), NOON + timedelta(hours=hours), [record])
    await unit.commit()
    return outcome


async def test_an_amendment_holds_before_after_and_between_what_is_sent(
    begin: Begin, stream: Stream, kept: Callable[[], Amended]
) -> None:
    first, changed = a_record(stream, mark=1), a_record(stream, mark=2)
    reassigned, withdrawn = _amendments(stream)
    async with begin() as unit:
        await _amend(unit, [reassigned])
    async with begin() as unit:
        assert await _merge(unit, stream, first) == MergeOutcome(inserted=1)
    assert kept() == [(NEW_DRIVER, first.driver_id, None)]
    async with begin() as unit:
        assert await _merge(unit, stream, first, 1) == MergeOutcome(duplicates=1)
    async with begin() as unit:
        await _amend(unit, [withdrawn])
    async with begin() as unit:
        assert await _merge(unit, stream, changed, 2) == MergeOutcome(replaced=1)
    assert kept() == [(NEW_DRIVER, first.driver_id, NOON)]


async def test_an_amendment_finds_its_record_wherever_it_lies(
    begin: Begin, stream: Stream, kept: Callable[[], Amended]
) -> None:
    for moment in (NOON - FAR, NOON, NOON + FAR):
        async with begin() as unit:
            await _merge(unit, stream, a_record(stream, occurred_at=moment))
    async with begin() as unit:
        await _amend(unit, _amendments(stream))
    driver = a_record(stream).driver_id
    assert kept() == [(NEW_DRIVER, driver, NOON)] * 3


async def test_an_amendment_waits_for_the_merge_under_way_and_finds_its_record(
    begin: Begin, stream: Stream, kept: Callable[[], Amended], postgres_superuser: psycopg.Connection
) -> None:
    async with begin() as merging, begin() as amending, asyncio.timeout(PATIENCE_S):
        await merging.records(stream).merge(new_id(), NOON, [a_record(stream)], side_by_side=True)
        amendment = asyncio.create_task(_amend(amending, _amendments(stream)))
        await _until_one_waits(postgres_superuser)
        await merging.commit()
        await amendment
    assert kept() == [(NEW_DRIVER, a_record(stream).driver_id, NOON)]


async def test_a_merge_waits_for_the_amendment_under_way_and_follows_it(
    begin: Begin, stream: Stream, kept: Callable[[], Amended], postgres_superuser: psycopg.Connection
) -> None:
    async with begin() as merging, begin() as amending, asyncio.timeout(PATIENCE_S):
        known = await amending.amendments.known(stream, [1])
        merge = asyncio.create_task(_merge(merging, stream, a_record(stream)))
        await _until_one_waits(postgres_superuser)
        await amending.amendments.save(standings(known, _amendments(stream)))
        await amending.commit()
        assert await merge == MergeOutcome(inserted=1)
    assert kept() == [(NEW_DRIVER, a_record(stream).driver_id, NOON)]


async def test_feeds_do_not_wait_for_each_other(begin: Begin, stream: Stream) -> None:
    (other,) = [one for one in AMENDED_FEEDS if one is not stream]
    async with begin() as amending, begin() as merging, asyncio.timeout(PATIENCE_S):
        await amending.amendments.known(stream, [1])
        assert await _merge(merging, other, a_record(other)) == MergeOutcome(inserted=1)


async def test_who_waits_for_its_turn_never_stops_pages_that_overlap(
    begin: Begin, stream: Stream, postgres_superuser: psycopg.Connection
) -> None:
    """The second page has its turn already and will wait for the first, which asks for its own behind a third."""
    async with begin() as first, begin() as second, begin() as third, asyncio.timeout(PATIENCE_S):
        await second.records(stream).merge(new_id(), NOON, [a_record(stream, 2)], side_by_side=True)
        alone = asyncio.create_task(third.amendments.known(stream, [1]))
        await _until_one_waits(postgres_superuser)
        merged = await first.records(stream).merge(new_id(), NOON, [a_record(stream, 1)], side_by_side=True)
        assert merged == MergeOutcome(inserted=1)
        await first.commit()
        await second.commit()
        assert await alone == []


async def _until_one_waits(superuser: psycopg.Connection) -> None:
    waiting = (
        "select count(*) from pg_locks where locktype = 'advisory' and not granted "
        "and database = (select oid from pg_database where datname = current_database())"
    )
    while superuser.execute(waiting).fetchone() != (1,):  # noqa: ASYNC110 - what is waited for happens in the server
        await asyncio.sleep(0.01)
