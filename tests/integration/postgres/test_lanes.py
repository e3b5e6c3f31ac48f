"""Many requests over one connection: each sees its own organisation, and nothing that befalls one befalls another."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random

import psycopg
import pytest
from psycopg.errors import DivisionByZero, QueryCanceled, UndefinedTable

from trilha.adapters.postgres import DatabaseUrls, Lanes, Pool, open_pool, units_of_work
from trilha.adapters.postgres.lane import PATIENCE_S, PREPARED_AT_MOST
from trilha.adapters.system import SystemClock, Uuid7Ids
from trilha.domain.fleet import Driver
from trilha.domain.kernel import DriverId, OrganisationId
from trilha.testing.contracts.fresh import eventually

NAMES = "select name from drivers order by name"
FAILS = "select 1 / %s::int"
SLEEP = "select pg_sleep(%s::float8)::text || pg_backend_pid()"
PID = "select pg_backend_pid()"
DRIVERS = 3
SOON_S = 10.0


class Reader:
    """Reads whole answers as text."""

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes

    async def __call__(self, organisation_id: OrganisationId, statement: str, *values: object) -> list[str]:
        rows = await self._lanes.read(str(organisation_id), statement, values)
        return [(rows.get_value(row, 0) or b"").decode() for row in range(rows.ntuples)]


@asynccontextmanager
async def one_lane(pool: Pool, organisation_id: OrganisationId) -> AsyncIterator[tuple[Reader, str]]:
    """A reader over a lane that is open, and the lane's backend."""
    async with Lanes(pool, count=1) as lanes:
        read = Reader(lanes)
        await read(organisation_id, PID)
        await eventually(lambda: lanes.opened == 1, "the lane")
        yield read, (await read(organisation_id, PID))[0]


def all_available(pool: Pool) -> bool:
    stats = pool.get_stats()
    return stats["pool_available"] == stats["pool_size"]


@pytest.fixture
async def organisations(pool: Pool, two_organisations: tuple[OrganisationId, OrganisationId]) -> list[OrganisationId]:
    """Two, each with drivers that are named after it."""
    begin = units_of_work(pool, SystemClock(), Uuid7Ids())
    for organisation_id in two_organisations:
        drivers = [Driver(DriverId(number), f"{organisation_id} {number}") for number in range(DRIVERS)]
        async with begin(organisation_id) as unit:
            await unit.master_data.save("drivers", drivers)
            await unit.commit()
    return list(two_organisations)


def own_names(organisation_id: OrganisationId) -> list[str]:
    return [f"{organisation_id} {number}" for number in range(DRIVERS)]


@pytest.mark.parametrize("seed", range(4))
async def test_no_request_sees_anothers_rows(pool: Pool, organisations: list[OrganisationId], seed: int) -> None:
    chance = Random(seed)
    async with one_lane(pool, organisations[0]) as (read, _):

        async def good(organisation_id: OrganisationId) -> None:
            assert await read(organisation_id, NAMES) == own_names(organisation_id)

        async def bad(organisation_id: OrganisationId) -> None:
            with pytest.raises(DivisionByZero):
                await read(organisation_id, FAILS, 0)

        async def abandoned(organisation_id: OrganisationId) -> None:
            task = asyncio.ensure_future(read(organisation_id, NAMES))
            for _ in range(chance.randrange(3)):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])

        for _ in range(20):
            kinds = chance.choices([good, bad, abandoned], [6, 1, 2], k=20)
            await asyncio.gather(*(kind(chance.choice(organisations)) for kind in kinds))
        await asyncio.gather(*(good(each) for each in organisations))


async def test_the_organisation_is_forgotten_after_each_question(
    pool: Pool, organisations: list[OrganisationId]
) -> None:
    setting = "select coalesce(current_setting('trilha.organisation_id', true), '')"
    async with one_lane(pool, organisations[0]) as (read, pid):
        await read(organisations[0], NAMES)
        with pytest.raises(DivisionByZero):
            await read(organisations[0], FAILS, 0)
        assert await read(organisations[0], PID) == [pid]
    await eventually(lambda: all_available(pool), "the lane's connection")
    async with AsyncExitStack() as stack:
        held = [await stack.enter_async_context(pool.connection()) for _ in range(pool.get_stats()["pool_size"])]
        lent = next(one for one in held if str(one.info.backend_pid) == pid)
        assert await (await lent.execute(setting)).fetchone() == ("",)
        assert await (await lent.execute("select count(*) from drivers")).fetchone() == (0,)


async def test_a_read_cannot_write(pool: Pool, organisations: list[OrganisationId]) -> None:
    async with one_lane(pool, organisations[0]) as (read, _):
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            await read(organisations[0], "delete from drivers returning name")
        assert await read(organisations[0], NAMES) == own_names(organisations[0])


async def test_what_is_wrong_with_a_statement_is_told(pool: Pool, organisations: list[OrganisationId]) -> None:
    async with one_lane(pool, organisations[0]) as (read, _):
        with pytest.raises(UndefinedTable):
            await read(organisations[0], "select 1 from nowhere")
        assert await read(organisations[0], NAMES) == own_names(organisations[0])


async def test_a_slow_statement_holds_nobody_up(pool: Pool, organisations: list[OrganisationId]) -> None:
    async with one_lane(pool, organisations[0]) as (read, _):
        slow = asyncio.ensure_future(read(organisations[0], SLEEP, 8 * PATIENCE_S))
        await asyncio.gather(*(read(organisations[1], NAMES) for _ in range(10)))
        assert not slow.done()
        await read(organisations[1], NAMES)
        assert not slow.done()
        await slow


async def test_the_statement_timeout_holds(postgres_urls: DatabaseUrls, organisations: list[OrganisationId]) -> None:
    async with (
        open_pool(postgres_urls.app, name="test", statement_timeout_ms=100) as pool,
        one_lane(pool, organisations[0]) as (read, pid),
    ):
        with pytest.raises(QueryCanceled):
            await read(organisations[0], SLEEP, 30)
        assert await read(organisations[0], PID) == [pid]


async def test_a_lost_connection_is_made_up_for(
    pool: Pool, organisations: list[OrganisationId], postgres_superuser: psycopg.Connection
) -> None:
    async with one_lane(pool, organisations[0]) as (read, pid):
        asked = [asyncio.ensure_future(read(organisations[0], SLEEP, 0.2)) for _ in range(4)]
        await asyncio.sleep(0)
        await asyncio.to_thread(postgres_superuser.execute, "select pg_terminate_backend(%s)", (pid,))
        answers = await asyncio.wait_for(asyncio.gather(*asked), SOON_S)
        assert all(len(answer) == 1 and answer[0] != pid for answer in answers)
        assert await read(organisations[0], NAMES) == own_names(organisations[0])
        assert await read(organisations[0], PID) != [pid]


async def test_a_changed_table_is_read_as_it_is_now(
    pool: Pool, organisations: list[OrganisationId], postgres_superuser: psycopg.Connection
) -> None:
    postgres_superuser.execute("create table changing as select 1 as one; grant select on changing to trilha_app")
    try:
        async with one_lane(pool, organisations[0]) as (read, _):
            assert await read(organisations[0], "select * from changing") == ["1"]
            await asyncio.to_thread(postgres_superuser.execute, "alter table changing alter one type text using 'two'")
            assert await read(organisations[0], "select * from changing") == ["two"]
            assert await read(organisations[0], NAMES) == own_names(organisations[0])
    finally:
        postgres_superuser.execute("drop table changing")


async def test_prepared_statements_are_bounded(pool: Pool, organisations: list[OrganisationId]) -> None:
    async with one_lane(pool, organisations[0]) as (read, pid):
        for number in range(2 * PREPARED_AT_MOST):
            assert await read(organisations[0], f"select {number} + 1") == [str(number + 1)]
        assert await read(organisations[0], PID) == [pid]
        kept = await read(organisations[0], "select count(*) from pg_prepared_statements where name like 'lane%%'")
        assert PREPARED_AT_MOST <= int(kept[0]) <= PREPARED_AT_MOST + 3


async def test_lanes_grow_old_and_are_replaced(pool: Pool, organisations: list[OrganisationId]) -> None:
    async with Lanes(pool, count=1, lifetime_s=0.02) as lanes:
        read = Reader(lanes)
        for _ in range(5):
            await eventually(lambda: lanes.opened == 0, "the end of a lane")
            assert await read(organisations[0], NAMES) == own_names(organisations[0])
            await eventually(lambda: lanes.opened == 1, "a lane")
            assert await read(organisations[1], NAMES) == own_names(organisations[1])


async def test_every_connection_comes_back(pool: Pool, organisations: list[OrganisationId]) -> None:
    async with one_lane(pool, organisations[0]) as (read, _):
        await asyncio.gather(*(read(organisations[0], NAMES) for _ in range(20)))
    await eventually(lambda: all_available(pool), "every connection")
    async with pool.connection() as connection:
        assert await (await connection.execute("select 1")).fetchone() == (1,)


async def test_the_pool_reads_on_after_a_failure(
    postgres_urls: DatabaseUrls, organisations: list[OrganisationId]
) -> None:
    async with open_pool(postgres_urls.app, name="test", size=1) as pool, Lanes(pool) as lanes:
        read = Reader(lanes)
        for _ in range(2):
            assert await read(organisations[0], NAMES) == own_names(organisations[0])
            with pytest.raises(DivisionByZero):
                await read(organisations[0], FAILS, 0)


async def test_a_small_pool_has_no_lanes(postgres_urls: DatabaseUrls, organisations: list[OrganisationId]) -> None:
    async with open_pool(postgres_urls.app, name="test", size=2) as pool, Lanes(pool) as lanes:
        names = await asyncio.gather(*(Reader(lanes)(organisations[0], NAMES) for _ in range(8)))
        assert names == [own_names(organisations[0])] * 8
        assert lanes.opened == 0
