"""Making reports: once each, from the start after a death, stopped by a word, failed with its reason."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

import pytest

from tests.e2e.http.world import NOW, Fleet, make_reports, report_parts
from trilha.application.ports import StorageUnavailable
from trilha.application.reporting.asking import ReportQuestion
from trilha.application.reporting.command_jobs import CancelReportCommand, RequestReportCommand
from trilha.application.reporting.command_schedules import PlanScheduleCommand, SchedulePlan
from trilha.domain.kernel import NotFound
from trilha.domain.reporting import Period, ReportFormat, ReportJob, Rhythm
from trilha.domain.reporting.jobs import MOST_ATTEMPTS
from trilha.testing.reports import GeneratedReports


class Desk:
    """One organisation, one kind of report, and workers at wish."""

    def __init__(self, source: GeneratedReports) -> None:
        self.source = source
        self.fleet = Fleet()
        self.organisation_id = self.fleet.add_organisation()
        self.parts = report_parts(self.fleet.database, {"ranking": source})
        self.tables = self.fleet.database.of(self.organisation_id)

    async def ask(self) -> UUID:
        question = ReportQuestion(kind="ranking")
        command = RequestReportCommand(self.organisation_id, question, ReportFormat.CSV)
        return (await self.parts.request(command)).id

    async def work(self) -> int | None:
        return await make_reports(self.fleet.database, self.parts)(self.organisation_id)

    async def cancel(self, job_id: UUID) -> None:
        await self.parts.cancel(CancelReportCommand(self.organisation_id, job_id))

    async def fetch(self, job_id: UUID) -> bytes:
        stored = await self.parts.fetch(self.organisation_id, job_id)
        whole = b"".join([piece async for piece in stored.pieces])
        assert len(whole) == stored.size_bytes
        assert sha256(whole).hexdigest() == stored.digest
        return whole

    def job(self, job_id: UUID) -> ReportJob:
        return self.tables.report_jobs[job_id]

    def told(self) -> list[bytes]:
        return [bytes(one.data) for one in self.fleet.database.outbox.values() if one.type == "reporting.report_made"]


def at(row: int, do: Callable[[], None]) -> Callable[[int], None]:
    """Do something at a row, once."""
    left = [do]

    def fail(number: int) -> None:
        if number == row and left:
            left.pop()()

    return fail


async def test_the_oldest_comes_first_and_each_is_told_once() -> None:
    desk = Desk(GeneratedReports(40_000))
    first = await desk.ask()
    desk.fleet.clock.advance(timedelta(seconds=1))
    second = await desk.ask()
    assert await desk.work() == 2
    assert await desk.work() == 0
    jobs = [desk.job(first), desk.job(second)]
    assert [job.status for job in jobs] == ["done", "done"]
    assert jobs[0].started_at is not None
    assert [(job.rows_written, job.expected_rows) for job in jobs] == [(40_000, 40_000)] * 2
    assert (await desk.fetch(first)).count(b"\n") == 40_001
    assert len(desk.told()) == 2
    assert (desk.source.opened, desk.source.closed) == (2, 2)


async def test_another_worker_leaves_the_one_at_work_alone() -> None:
    desk = Desk(GeneratedReports(20_000))
    await desk.ask()
    assert sorted(await asyncio.gather(desk.work(), desk.work()), key=str) == [1, None]
    assert desk.source.opened == 1


async def test_a_dead_workers_report_is_begun_anew_and_there_is_one_file() -> None:
    """A worker that loses the store in the middle has died as far as the report is concerned."""

    def die() -> None:
        raise StorageUnavailable("gone")

    desk = Desk(GeneratedReports(60_000, fail=at(50_000, die)))
    job_id = await desk.ask()
    with pytest.raises(StorageUnavailable):
        await desk.work()
    assert desk.job(job_id).status == "running"
    assert desk.tables.report_pieces
    assert await desk.work() == 1
    job = desk.job(job_id)
    assert (job.status, job.attempts) == ("done", 2)
    assert job.file is not None
    assert set(desk.tables.report_pieces) == {(job_id, number) for number in range(job.file.pieces)}
    assert (await desk.fetch(job_id)).count(b"\n") == 60_001


async def test_a_report_that_ends_every_worker_is_given_up() -> None:
    def die(_: int) -> None:
        raise StorageUnavailable("gone")

    desk = Desk(GeneratedReports(1, fail=die))
    job_id = await desk.ask()
    for _ in range(MOST_ATTEMPTS):
        with pytest.raises(StorageUnavailable):
            await desk.work()
    assert await desk.work() == 0
    job = desk.job(job_id)
    assert (job.status, job.error_code, job.attempts) == ("failed", "reporting.given_up", MOST_ATTEMPTS)
    assert len(desk.told()) == 1


async def test_what_a_source_refuses_fails_the_job_with_its_code() -> None:
    def refuse() -> None:
        raise NotFound("driver", 7)

    desk = Desk(GeneratedReports(60_000, fail=at(50_000, refuse)))
    job_id = await desk.ask()
    assert await desk.work() == 1
    job = desk.job(job_id)
    assert (job.status, job.error_code) == ("failed", "not_found")
    assert job.error_message == "no driver with id 7 in this organisation"
    assert not desk.tables.report_pieces


async def test_a_fault_of_ours_fails_the_job_without_detail_and_is_raised() -> None:
    def stumble() -> None:
        raise ZeroDivisionError("José, plate ABC1D23")

    desk = Desk(GeneratedReports(10, fail=at(5, stumble)))
    job_id = await desk.ask()
    with pytest.raises(ZeroDivisionError):
        await desk.work()
    job = desk.job(job_id)
    assert (job.status, job.error_code, job.error_message) == ("failed", "internal", "ZeroDivisionError")


async def test_progress_is_written_down_and_a_cancelled_report_stops() -> None:
    """Everything that is waited for is a condition: rows that have gone by, a job that moved."""
    desk = Desk(GeneratedReports(50_000_000))
    job_id = await desk.ask()
    working = asyncio.create_task(desk.work())
    async with asyncio.timeout(20):
        while not desk.job(job_id).rows_written > 0:
            desk.fleet.clock.advance(timedelta(seconds=1))
            await asyncio.sleep(0)
        await desk.cancel(job_id)
        while not working.done():
            desk.fleet.clock.advance(timedelta(seconds=1))
            await asyncio.sleep(0)
    assert await working == 1
    assert desk.job(job_id).status == "cancelled"
    assert desk.job(job_id).rows_written < 50_000_000
    assert not desk.tables.report_pieces
    assert desk.source.closed == 1
    assert len(desk.told()) == 1


async def test_a_worker_that_slept_through_its_lease_writes_nothing_more() -> None:
    desk = Desk(GeneratedReports(60_000))
    job_id = await desk.ask()

    def sleep() -> None:
        """Its lease lapses, and another worker has taken it before the row is written."""
        desk.fleet.clock.advance(timedelta(minutes=5))
        held = desk.fleet.database.leases[(desk.organisation_id, "reports")]
        held.fence += 1
        held.lease = None

    desk.source.fail = at(50_000, sleep)
    with pytest.raises(Exception, match="has passed to another worker"):
        await desk.work()
    assert await desk.work() == 1
    assert desk.job(job_id).attempts == 2
    assert (await desk.fetch(job_id)).count(b"\n") == 60_001


async def test_the_times_that_passed_are_made_up_for_once_each() -> None:
    desk = Desk(GeneratedReports(1))
    plan = SchedulePlan(name="Diário", kind="ranking", period=Period.YESTERDAY, rhythm=Rhythm.DAILY, at=NOW.time())
    await desk.parts.plan_schedule(PlanScheduleCommand(desk.organisation_id, plan))
    desk.fleet.clock.advance(timedelta(days=40))
    await asyncio.gather(desk.work(), desk.work())
    days = sorted(job.request.days.first for job in desk.tables.report_jobs.values())
    assert len(days) == len(set(days)) == 31
    assert {job.status for job in desk.tables.report_jobs.values()} == {"done"}
