"""A worker is killed in the middle of a report; another one makes it from the start, and there is one file."""

import asyncio
import signal
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from tests.kill.processes import (
    BackDoor,
    back_door,
    environment_of,
    fresh_streams,
    scenario_for,
    whole_second,
    worker,
)
from tests.postgres import in_database
from trilha.adapters.embedded import EmbeddedNats
from trilha.adapters.postgres import DatabaseUrls, open_pool, units_of_work
from trilha.adapters.system import SystemClock, Uuid7Ids
from trilha.application.schedule import MAKE_REPORTS
from trilha.domain.kernel import DayRange, OrganisationId
from trilha.domain.reporting import ReportFormat, ReportJob, ReportRequest
from trilha.simulators.mix import MixSimulator

DEADLINE_S = 60
STATE = "select status, attempts from report_jobs"


@pytest.mark.kill
@pytest.mark.timeout(DEADLINE_S + 60)
async def test_a_report_outlives_the_worker_that_began_it(
    postgres_superuser_url: str, fresh_postgres_urls: DatabaseUrls, nats_server: EmbeddedNats, tmp_path: Path
) -> None:
    now = whole_second()
    async with MixSimulator(scenario_for(now, 1)) as simulator, fresh_streams(nats_server):
        environment = environment_of(simulator, fresh_postgres_urls, nats_server, tmp_path)
        async with back_door(postgres_superuser_url, fresh_postgres_urls) as door, asyncio.timeout(DEADLINE_S):
            async with worker(environment, tmp_path) as process:
                await door.until("select count(*) > 100 from trips", (True,), process)
                vehicles = await _locked(postgres_superuser_url, fresh_postgres_urls)
                await _ask(door, fresh_postgres_urls)
                await door.until(STATE, ("running", 1), process)
                process.send_signal(signal.SIGKILL)
                await process.wait()
            await vehicles.close()
            async with worker(environment, tmp_path) as process:
                await door.until(STATE, ("done", 2), process)
            size, pieces, digest = await door.one(
                "select (file->>'size_bytes')::bigint, (file->>'pieces')::bigint, file->>'digest' from report_jobs"
            )
            (whole,) = await door.one("select string_agg(piece, ''::bytea order by number) from report_files")
            assert isinstance(whole, bytes)
            assert (len(whole), sha256(whole).hexdigest()) == (size, digest)
            assert await door.one("select count(*), max(number) + 1 from report_files") == (pieces, pieces)
            (rows,) = await door.one("select rows_written from report_jobs")
            assert whole.count(b"\n") == int(str(rows)) + 1
            assert await door.one("select count(*) from outbox where envelope->>'type' = 'reporting.report_made'") == (
                1,
            )


async def _locked(superuser_url: str, urls: DatabaseUrls) -> psycopg.AsyncConnection:
    """Nobody reads the names of vehicles until the connection is closed, so a report with them stands still.

    Hardly anybody else does: behind a lock on what is ingested every connection of the worker would end up waiting.
    """
    connection = await psycopg.AsyncConnection.connect(in_database(superuser_url, urls.app))
    await connection.execute("lock table vehicles in access exclusive mode")
    return connection


async def _ask(door: BackDoor, urls: DatabaseUrls) -> None:
    """What `POST /v1/reports/trips/jobs` does."""
    (organisation_id,) = await door.one("select id from organisations")
    assert isinstance(organisation_id, UUID)
    clock, ids = SystemClock(), Uuid7Ids()
    now = clock.now()
    days = DayRange((now - timedelta(days=8)).date(), now.date())
    request = ReportRequest(kind="trips", days=days)
    job = ReportJob(id=ids.new(), request=request, format=ReportFormat.CSV, requested_at=now)
    async with (
        open_pool(urls.app, name="asking") as pool,
        units_of_work(pool, clock, ids)(OrganisationId(organisation_id)) as unit,
    ):
        await unit.report_jobs.save(job)
        await unit.jobs.bring_forward(MAKE_REPORTS, now)
        await unit.commit()
