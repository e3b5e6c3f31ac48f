"""Questions over months of events, from the counts that are kept by day, beside the same on the records themselves.

The peer is the statement that one would write without counts that are kept: events joined to spans, summed by driver,
type and span, as the same role on the same indexes. Both must say the same before anything is measured. Each question
is asked with every day kept but today, as it always is, and with a week of days that somebody amended a moment ago.
"""

import asyncio
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, timedelta

import msgspec
import psycopg

from benchmarks.database import fresh_database
from benchmarks.figures import Report, median, progress
from benchmarks.read_data import ORGANISATION
from benchmarks.report_data import DRIVER_1, DRIVERS, INFRACTIONS, NOW, TYPE_1, ZONE, ReportData, write_report_data
from trilha.adapters.postgres import Pool, PostgresDrivingRecords, PostgresRollup, open_pool
from trilha.adapters.postgres.reading import read
from trilha.application.performance.roll_up_days import AT_A_TIME
from trilha.domain.kernel import DayRange, DriverId, EventTypeId
from trilha.domain.performance import Tally, local_days

KINDS = [EventTypeId(TYPE_1 + rank) for rank in INFRACTIONS]
EVERYBODY = [DriverId(DRIVER_1 + number) for number in range(DRIVERS)]
STALE_DAYS = 7
_PEER = (
    "select r.driver_id, r.event_type_id, s.span - 1, sum(r.occurrences) from unnest(%(starts)s::timestamptz[], "
    "%(ends)s::timestamptz[]) with ordinality as s (start_at, end_at, span) join telemetry_events r on "
    "r.occurred_at >= s.start_at and r.occurred_at < s.end_at where r.withdrawn_at is null "
    "and r.event_type_id = any(%(types)s) and r.driver_id = any(%(drivers)s) group by 1, 2, 3"
)
Cells = dict[tuple[int, int, int], int]


class Question(msgspec.Struct, frozen=True):
    """What is asked, and what it may take."""

    name: str
    spans: Sequence[DayRange]
    drivers: Sequence[DriverId]
    with_drives: bool
    target_ms: int


def add_options(parser: ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("--rows", type=int, default=20_000_000, help="events in the year (default 20,000,000)")
    parser.add_argument("--rounds", type=int, default=20, help="times each question is asked (default 20)")


def run(report: Report, options: Namespace) -> None:
    """Make the year, keep its counts, ask."""
    with fresh_database(NOW) as database:
        began = time.perf_counter()
        data = write_report_data(database.superuser_url, database.urls, options.rows)
        report.add("written", time.perf_counter() - began, "s", events=data.events, trips=data.trips)
        asyncio.run(measure(report, database.urls.app, database.superuser_url, data, options.rounds))


async def measure(report: Report, url: str, superuser_url: str, data: ReportData, rounds: int) -> None:
    """Ask the application's role at `url`, over data that were written before."""
    async with open_pool(url, name="benchmark", statement_timeout_ms=600_000) as pool:
        await _roll_up(report, PostgresRollup(pool), data)
        _sizes(report, superuser_url)
        records = PostgresDrivingRecords(pool)
        for question in _questions(data.today):
            await _require_same(pool, records, question)
            await _ask(report, pool, records, question, rounds, "")
        _amend_days(superuser_url, data.today)
        for question in _questions(data.today):
            await _require_same(pool, records, question)
            await _ask(report, pool, records, question, rounds, "_with_stale_days")


def _questions(today: date) -> list[Question]:
    """As on a day late in the month: the two months before, and the weeks of this one."""
    this = today.replace(day=1)
    last = (this - timedelta(days=1)).replace(day=1)
    before = (last - timedelta(days=1)).replace(day=1)
    month = [DayRange(before, last - timedelta(days=1)), DayRange(last, this - timedelta(days=1))]
    weeks = [
        DayRange(this + timedelta(days=6 * number), min(this + timedelta(days=6 * number + 5), today))
        for number in range(5)
        if this + timedelta(days=6 * number) <= today
    ]
    return [
        Question("infractions_of_driver", [*month, *weeks], EVERYBODY[500:501], with_drives=False, target_ms=50),
        Question("ranking_of_month", [DayRange(last, this - timedelta(days=1))], EVERYBODY, with_drives=True,
                 target_ms=500),
        Question("ranking_of_this_month", [DayRange(this, today)], EVERYBODY, with_drives=True, target_ms=500),
        Question("group_report", [*month, *weeks], EVERYBODY, with_drives=False, target_ms=2000),
    ]  # fmt: skip


async def _roll_up(report: Report, rollup: PostgresRollup, data: ReportData) -> None:
    took: list[float] = []
    missing = 1
    while missing:
        began = time.perf_counter()
        step = await rollup.roll_up(ORGANISATION, ZONE, NOW, AT_A_TIME)
        assert step is not None
        missing = step.missing
        took += [(time.perf_counter() - began) * 1000 / step.days] * bool(step.days)
        progress(f"rolling up: {missing} days to come")
    report.add("roll_up_a_day", median(took), "ms", p95=_p95(took), days_at_a_time=AT_A_TIME,
               whole_year_s=round(sum(took) * AT_A_TIME / 1000), events_a_day=data.events // 365)  # fmt: skip


def _sizes(report: Report, superuser_url: str) -> None:
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute("vacuum (analyze) driver_days, type_days, drive_days, rolled_days, stale_days")
        for table in ("driver_days", "type_days", "drive_days", "telemetry_events"):
            row = connection.execute(
                "select sum(pg_total_relation_size(relid)), sum((select reltuples from pg_class where oid = relid)) "
                "from (select relid from pg_partition_tree(%(table)s::regclass) where isleaf "
                "union select %(table)s::regclass "
                "where not exists (select from pg_inherits where inhparent = %(table)s::regclass)) t",
                {"table": table},
            ).fetchone()
            assert row is not None
            report.add(f"size_of_{table}", int(row[0]) / 2**20, "MiB", rows=int(row[1]))


def _amend_days(superuser_url: str, today: date) -> None:
    """What an amendment leaves: marks on days that are kept."""
    progress(f"marking {STALE_DAYS} days")
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        for number in range(STALE_DAYS):
            day = today - timedelta(days=3 + 5 * number)
            connection.execute(
                "insert into stale_days (organisation_id, stream, utc_day) select %s, stream, %s "
                "from unnest(array['events', 'trips']) as stream",
                (ORGANISATION, day),
            )


async def _require_same(pool: Pool, records: PostgresDrivingRecords, question: Question) -> None:
    ours = _cells(await _tallies(records, question))
    if ours != await _on_records(pool, question):
        raise AssertionError(f"{question.name}: the counts that are kept are not those of the records")


async def _tallies(records: PostgresDrivingRecords, question: Question) -> list[Tally]:
    drivers = question.drivers if len(question.drivers) < DRIVERS else None
    return await records.tallies(ORGANISATION, question.spans, ZONE, drivers=drivers, event_types=KINDS)


def _cells(tallies: Sequence[Tally]) -> Cells:
    return {(one.driver_id, one.event_type_id, one.span): one.occurrences for one in tallies}


async def _on_records(pool: Pool, question: Question) -> Cells:
    spans = [local_days([DayRange(span.first, span.first), DayRange(span.last, span.last)], ZONE)
             for span in question.spans]  # fmt: skip
    params = {"starts": [days[0].start for days in spans], "ends": [days[-1].end for days in spans], "types": KINDS,
              "drivers": list(question.drivers)}  # fmt: skip
    rows = await read(pool, ORGANISATION, _PEER, params, plan_anew=True)
    return {(driver, kind, span): int(count) for driver, kind, span, count in rows}


async def _ask(
    report: Report, pool: Pool, records: PostgresDrivingRecords, question: Question, rounds: int, suffix: str
) -> None:
    progress(f"{question.name}{suffix}: {rounds} rounds")

    async def ours() -> int:
        tallies = await _tallies(records, question)
        if question.with_drives:
            await records.drives(ORGANISATION, question.spans, ZONE)
        return len(tallies)

    async def peer() -> int:
        return len(await _on_records(pool, question))

    cells, mine = await _timed(ours, rounds)
    _, theirs = await _timed(peer, max(3, rounds // 4))
    report.add(f"{question.name}{suffix}", median(mine), "ms", p95=_p95(mine), cells=cells, target=question.target_ms,
               on_records=round(median(theirs)), times_faster=round(median(theirs) / median(mine), 1))  # fmt: skip


async def _timed(ask: Callable[[], Awaitable[int]], rounds: int) -> tuple[int, list[float]]:
    count, took = await ask(), []
    for _ in range(rounds):
        began = time.perf_counter()
        await ask()
        took.append((time.perf_counter() - began) * 1000)
    return count, took


def _p95(values: Sequence[float]) -> float:
    return round(sorted(values)[min(len(values) - 1, int(len(values) * 0.95))], 1)
