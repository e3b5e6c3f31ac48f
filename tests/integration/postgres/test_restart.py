"""The server goes away in the middle of the work: nothing is half written, and work goes on afterwards."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import psycopg
import pytest

from tests.postgres import PASSWORDS, in_database
from trilha.adapters.embedded import DataFolder, EmbeddedPostgres, temporary_data_folder
from trilha.adapters.postgres import (
    Lanes,
    Pool,
    PostgresFleetQueries,
    PostgresOrganisations,
    migrate,
    open_pool,
    prepare_cluster,
    units_of_work,
)
from trilha.adapters.system import SystemClock, Uuid7Ids
from trilha.application.fleet.queries import DriverFilter
from trilha.application.ports import PageRequest, StorageUnavailable
from trilha.domain.kernel import OrganisationId
from trilha.domain.telemetry import GapOpened, IngestionRun, RunKind, Stream
from trilha.testing.contracts.fresh import NOON, an_organisation, eventually, new_id

WRITERS = 3
BEFORE, AFTER = 10, 40


class Work:
    """Units of work, one after the other; counts what was acknowledged and what was refused."""

    def __init__(self, pool: Pool, organisation_id: OrganisationId) -> None:
        self._begin = units_of_work(pool, SystemClock(), Uuid7Ids())
        self._organisation_id = organisation_id
        self.done = 0
        self.refused = 0

    async def __call__(self) -> None:
        while self.done < BEFORE + AFTER:
            try:
                await self._write()
                self.done += 1
            except StorageUnavailable:
                self.refused += 1

    async def _write(self) -> None:
        async with self._begin(self._organisation_id) as unit:
            await unit.runs.save(IngestionRun(id=new_id(), kind=RunKind.EVENTS, started_at=NOON))
            await unit.throughput.add(Stream.EVENTS, NOON, received=1, inserted=1, late=0)
            unit.record(GapOpened(stream=Stream.EVENTS, start=NOON, end=NOON))
            await unit.commit()


@pytest.fixture
async def folder() -> AsyncIterator[DataFolder]:
    with temporary_data_folder() as folder:
        yield folder


async def test_a_restart_in_the_middle_of_the_work(folder: DataFolder) -> None:
    async with EmbeddedPostgres(folder) as server:
        urls = prepare_cluster(server.superuser_url, PASSWORDS)
        superuser_url = in_database(server.superuser_url, urls.app)
        migrate(urls.owner, now=datetime.now(UTC))
        organisation = an_organisation()
        async with open_pool(urls.system, name="test", staging=False) as pool:
            await PostgresOrganisations(pool).add(organisation, None)
        async with open_pool(urls.app, name="test", size=WRITERS) as pool, Lanes(pool) as lanes:
            work = Work(pool, organisation.id)
            writers = [asyncio.ensure_future(work()) for _ in range(WRITERS)]
            await eventually(lambda: work.done >= BEFORE, "work before the restart")
            await server.stop()
            await server.start()
            await asyncio.gather(*writers)
            page = await PostgresFleetQueries(pool, lanes).drivers(organisation.id, DriverFilter(), PageRequest())
        assert page.items == []
        assert work.refused > 0
        with psycopg.connect(superuser_url) as connection:
            runs, events, counted = connection.execute(
                "select (select count(*) from ingestion_runs), (select count(*) from outbox), "
                "(select sum(received) from throughput)"
            ).fetchone()
    assert runs == events == counted
    # a commit whose acknowledgement was lost with the server may have come through all the same
    assert work.done <= runs <= work.done + work.refused
