"""What is old goes, what is not stays, whatever happens meanwhile."""

import asyncio
import multiprocessing
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec
import psycopg
import pytest

from tests.postgres import in_database
from trilha.adapters.postgres import (
    DatabaseUrls,
    PostgresOrganisations,
    make_partitions,
    open_pool,
    take_away_old,
    units_of_work,
)
from trilha.adapters.postgres.partitions import ensure_partitions, partition_name
from trilha.adapters.system import SystemClock, Uuid7Ids
from trilha.application.retention import Retention, cut_offs
from trilha.domain.kernel import OrganisationId
from trilha.domain.reporting import fail_report
from trilha.domain.telemetry import FEEDS, Stream
from trilha.testing.contracts.fresh import NOON, an_organisation, new_id
from trilha.testing.contracts.reporting import a_job
from trilha.testing.contracts.telemetry_records import a_record

CUT = cut_offs(Retention(), NOON)
SECOND = timedelta(seconds=1)
TABLES = {Stream.EVENTS: "telemetry_events", Stream.POSITIONS: "positions", Stream.TRIPS: "trips"}


@pytest.fixture
async def organisation_id(fresh_postgres_urls: DatabaseUrls) -> OrganisationId:
    organisation = an_organisation()
    async with open_pool(fresh_postgres_urls.system, name="test", staging=False) as pool:
        await PostgresOrganisations(pool).add(organisation, None)
    return organisation.id


@pytest.fixture
def database(fresh_postgres_urls: DatabaseUrls, postgres_superuser_url: str) -> Iterator[psycopg.Connection]:
    """A back door."""
    url = in_database(postgres_superuser_url, fresh_postgres_urls.app)
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


async def _merge(
    urls: DatabaseUrls, key: OrganisationId, stream: Stream, received_at: datetime, *moments: datetime
) -> None:
    async with open_pool(urls.app, name="test") as pool, units_of_work(pool, SystemClock(), Uuid7Ids())(key) as unit:
        records = [a_record(stream, hash(moment), occurred_at=moment) for moment in moments]
        await unit.records(stream).merge(new_id(), received_at, records)
        await unit.commit()


def _times(database: psycopg.Connection, table: str) -> list[datetime]:
    rows = database.execute(f"select occurred_at from {table} order by 1").fetchall()
    return [moment.astimezone(UTC) for (moment,) in rows]


@pytest.mark.parametrize("stream", FEEDS)
async def test_months_go_when_they_are_over_and_not_a_second_earlier(
    fresh_postgres_urls: DatabaseUrls, organisation_id: OrganisationId, database: psycopg.Connection, stream: Stream
) -> None:
    cut, table = CUT.records[stream], TABLES[stream]
    with psycopg.connect(fresh_postgres_urls.owner, autocommit=True) as owner:
        ensure_partitions(owner, cut - SECOND, cut)
    await _merge(fresh_postgres_urls, organisation_id, stream, cut - SECOND, cut - SECOND, cut)
    taken = take_away_old(fresh_postgres_urls.owner, CUT)
    assert partition_name(table, cut - SECOND) in taken
    assert partition_name(table, cut) not in taken
    assert _times(database, table) == [cut]
    assert take_away_old(fresh_postgres_urls.owner, CUT) == {}


async def test_history_that_was_brought_in_late_stays_as_long_as_anything_else(
    fresh_postgres_urls: DatabaseUrls, organisation_id: OrganisationId, database: psycopg.Connection
) -> None:
    cut = CUT.records[Stream.POSITIONS]
    long_ago, never = cut - timedelta(days=2000), datetime(1, 1, 1, tzinfo=UTC)
    await _merge(fresh_postgres_urls, organisation_id, Stream.POSITIONS, cut, long_ago, never)
    make_partitions(fresh_postgres_urls.owner, now=NOON)
    assert partition_name("positions", long_ago) not in take_away_old(fresh_postgres_urls.owner, CUT)
    assert _times(database, "positions") == [never, long_ago]
    later = cut_offs(Retention(), NOON + timedelta(days=32))
    assert partition_name("positions", long_ago) in take_away_old(fresh_postgres_urls.owner, later)
    assert _times(database, "positions") == []


async def test_records_of_the_future_go_when_they_came_long_ago(
    fresh_postgres_urls: DatabaseUrls, organisation_id: OrganisationId, database: psycopg.Connection
) -> None:
    cut, never = CUT.records[Stream.TRIPS], datetime(9999, 12, 31, tzinfo=UTC)
    await _merge(fresh_postgres_urls, organisation_id, Stream.TRIPS, cut - SECOND, never)
    await _merge(fresh_postgres_urls, organisation_id, Stream.TRIPS, cut, never - SECOND)
    assert take_away_old(fresh_postgres_urls.owner, CUT)["trips_default"] == 1
    assert _times(database, "trips") == [never - SECOND]


class Row(NamedTuple):
    """How to insert a row that is as old as `%(at)s`, and what cuts it off."""

    columns: str
    values: str
    cut: datetime


_ID = "gen_random_uuid()"
_SETTLED = "'discarded', %(at)s"
ROWS = {
    "raw_pages": Row(
        "id, stream, asked_for, size_bytes, body, received_at", f"{_ID}, 'a', '', 0, '', %(at)s", CUT.raw_pages
    ),
    "outbox": Row("id, envelope, recorded_at, sent_at", f"{_ID}, '{{}}', %(at)s, %(at)s", CUT.sent),
    "inbox": Row("consumer, event_id, received_at", f"'a', {_ID}, %(at)s", CUT.sent),
    "quarantine": Row(
        "id, stream, position, reason, detail, raw, at, settlement, settled_at",
        f"{_ID}, 'a', 0, '', '', '', %(at)s, {_SETTLED}",
        CUT.settled,
    ),
    "dead_letters": Row(
        "consumer, event_id, envelope, attempts, error, failed_at, status, settled_at",
        f"'a', {_ID}, '{{}}', 1, '', %(at)s, {_SETTLED}",
        CUT.settled,
    ),
    "ingestion_runs": Row(
        "id, kind, status, pages, received, inserted, replaced, duplicates, quarantined, started_at",
        f"{_ID}, 'events', 'succeeded', 0, 0, 0, 0, 0, 0, %(at)s",
        CUT.runs,
    ),
    "guidance_forms": Row(
        "id, driver_id, first_day, last_day, data_version, form, counts, printed_at",
        f"{_ID}, 1, '2025-11-01', '2025-11-09', '', '{{}}', '[]', %(at)s",
        CUT.forms,
    ),
    "idempotency_keys": Row(
        "user_name, route, key, body_digest, answer, answered_at", f"'a', 'b', {_ID}::text, '', '', %(at)s", CUT.answers
    ),
}


def _insert(database: psycopg.Connection, key: OrganisationId, table: str, at: datetime) -> None:
    row = ROWS[table]
    database.execute(
        f"insert into {table} (organisation_id, {row.columns}) values (%(key)s, {row.values})", {"key": key, "at": at}
    )


def test_rows_go_when_they_are_old_and_not_a_second_earlier(
    fresh_postgres_urls: DatabaseUrls, organisation_id: OrganisationId, database: psycopg.Connection
) -> None:
    for table, row in ROWS.items():
        for moment in (row.cut - SECOND, row.cut - SECOND, row.cut - SECOND, row.cut, row.cut):
            _insert(database, organisation_id, table, moment)
    assert take_away_old(fresh_postgres_urls.owner, CUT) == dict.fromkeys(ROWS, 3)
    left = {table: database.execute(f"select count(*) from {table}").fetchone() for table in ROWS}
    assert left == dict.fromkeys(ROWS, (2,))


def test_what_is_still_to_be_done_is_never_old(
    fresh_postgres_urls: DatabaseUrls, organisation_id: OrganisationId, database: psycopg.Connection
) -> None:
    ages_ago = NOON - timedelta(days=9000)
    for table in ("outbox", "quarantine", "dead_letters", "ingestion_runs"):
        _insert(database, organisation_id, table, ages_ago)
    database.execute("insert into inbox select organisation_id, 'a', id, %s from outbox", (ages_ago,))
    database.execute("update outbox set sent_at = null")
    database.execute("update quarantine set settled_at = null, settlement = null")
    database.execute("update dead_letters set settled_at = null, status = 'open'")
    database.execute("update ingestion_runs set status = 'running'")
    assert take_away_old(fresh_postgres_urls.owner, CUT) == {}
    database.execute("update outbox set sent_at = %s", (ages_ago,))
    assert take_away_old(fresh_postgres_urls.owner, CUT) == {"outbox": 1, "inbox": 1}


def test_one_that_is_killed_is_finished_by_the_next(
    fresh_postgres_urls: DatabaseUrls, organisation_id: OrganisationId, database: psycopg.Connection
) -> None:
    rows = "insert into inbox select %s, 'a', gen_random_uuid(), %s from generate_series(1, %s)"
    database.execute(rows, (organisation_id, CUT.sent - SECOND, 60_000))
    database.execute(rows, (organisation_id, CUT.sent, 10))
    process = multiprocessing.get_context("spawn").Process(target=take_away_old, args=(fresh_postgres_urls.owner, CUT))
    process.start()
    left = 60_010
    while left == 60_010:
        (left,) = database.execute("select count(*) from inbox").fetchone() or (0,)
    process.kill()
    process.join()
    assert left > 10, "nothing was left to do: make it more"
    take_away_old(fresh_postgres_urls.owner, CUT)
    assert database.execute("select count(*) from inbox").fetchone() == (10,)


@pytest.mark.parametrize("has_partition", [True, False], ids=["dropped", "split"])
async def test_ingestion_into_the_month_at_work_loses_nothing(
    fresh_postgres_urls: DatabaseUrls,
    organisation_id: OrganisationId,
    database: psycopg.Connection,
    has_partition: bool,
) -> None:
    urls, month = fresh_postgres_urls, CUT.records[Stream.EVENTS] - timedelta(days=20)
    if has_partition:
        with psycopg.connect(urls.owner, autocommit=True) as owner:
            ensure_partitions(owner, month, month)
    moments = [month + number * SECOND for number in range(20)]

    async def ingest() -> None:
        for moment in moments:
            await _merge(urls, organisation_id, Stream.EVENTS, NOON, moment)

    def keep_house() -> None:
        take_away_old(urls.owner, CUT)
        make_partitions(urls.owner, now=NOON)

    await asyncio.gather(ingest(), *[asyncio.to_thread(keep_house) for _ in range(4)])
    assert _times(database, "telemetry_events") == moments


async def test_what_came_while_a_month_was_being_detached_is_brought_back(
    fresh_postgres_urls: DatabaseUrls, organisation_id: OrganisationId, database: psycopg.Connection
) -> None:
    month = CUT.records[Stream.EVENTS] - timedelta(days=20)
    with psycopg.connect(fresh_postgres_urls.owner, autocommit=True) as owner:
        ensure_partitions(owner, month, month)
    await _merge(fresh_postgres_urls, organisation_id, Stream.EVENTS, month, month)
    await _merge(fresh_postgres_urls, organisation_id, Stream.EVENTS, NOON, month + SECOND)
    name = partition_name("telemetry_events", month)
    database.execute(f"alter table telemetry_events detach partition {name}")
    database.execute(f"alter table {name} rename to {name}_leaving")
    assert name in take_away_old(fresh_postgres_urls.owner, CUT)
    assert _times(database, "telemetry_events") == [month + SECOND]


async def test_upkeep_keeps_nobody_waiting_behind_somebody_who_reads_all(
    fresh_postgres_urls: DatabaseUrls, organisation_id: OrganisationId, database: psycopg.Connection
) -> None:
    """As a backup does: what cannot be had at once is left for the next upkeep."""
    month = CUT.records[Stream.EVENTS] - timedelta(days=20)
    with psycopg.connect(fresh_postgres_urls.owner, autocommit=True) as owner:
        ensure_partitions(owner, month, month)
    with database.transaction():
        database.execute("lock table telemetry_events in access share mode")
        await asyncio.to_thread(take_away_old, fresh_postgres_urls.owner, CUT)
        await asyncio.to_thread(make_partitions, fresh_postgres_urls.owner, now=NOON + timedelta(days=500))
        await _merge(fresh_postgres_urls, organisation_id, Stream.EVENTS, NOON, NOON)
    assert partition_name("telemetry_events", month) in take_away_old(fresh_postgres_urls.owner, CUT)


async def test_a_reports_file_goes_after_its_time_and_an_unfinished_report_never(
    fresh_postgres_urls: DatabaseUrls, organisation_id: OrganisationId, database: psycopg.Connection
) -> None:
    """Pieces go by when they were written, jobs by when they were asked for, with what is left of their file."""
    waiting, ended = a_job(), fail_report(a_job(), "no", "no", NOON)
    old = [msgspec.structs.replace(one, requested_at=CUT.runs - SECOND, version=0) for one in (waiting, ended)]
    young = msgspec.structs.replace(ended, id=new_id(), version=0, requested_at=CUT.runs)
    async with (
        open_pool(fresh_postgres_urls.app, name="test") as pool,
        units_of_work(pool, SystemClock(), Uuid7Ids())(organisation_id) as unit,
    ):
        for job in (*old, young):
            await unit.report_jobs.save(job)
        await unit.report_files.append(young.id, 0, b"old", CUT.report_files - SECOND)
        await unit.report_files.append(young.id, 1, b"young", CUT.report_files)
        await unit.report_files.append(ended.id, 0, b"goes with its job", CUT.report_files)
        await unit.commit()
    assert take_away_old(fresh_postgres_urls.owner, CUT) == {"report_files": 1, "report_jobs": 1}
    assert database.execute("select number from report_files").fetchall() == [(1,)]
    left = database.execute("select id from report_jobs").fetchall()
    assert {key for (key,) in left} == {waiting.id, young.id}
