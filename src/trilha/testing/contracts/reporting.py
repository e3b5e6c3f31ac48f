"""The contracts of ReportJobs, ReportFiles, ReportSchedules and ReportQueries."""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from trilha.application.ports import Page, PageRequest, ReportingUnitOfWork, UnitsOfWork
from trilha.application.reporting.queries import ReportFilter, ReportQueries
from trilha.application.reporting.views import ReportJobView, report_job_view
from trilha.domain.kernel import Conflict, DayRange, InvalidValue, OrganisationId
from trilha.domain.reporting import (
    Period,
    ReportFormat,
    ReportJob,
    ReportRequest,
    ReportSchedule,
    Rhythm,
    Timetable,
    begin_report,
    cancel_report,
    fail_report,
    move_report,
)
from trilha.testing.contracts.fresh import NOON, NewOrganisation, WithOrganisations, new_id
from trilha.testing.contracts.reading import walk
from trilha.testing.strategies.reporting import report_jobs, report_schedules

Units = UnitsOfWork[ReportingUnitOfWork]
MINUTE = timedelta(minutes=1)
_checked = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors])


def a_job(minutes: int = 0, kind: str = "ranking") -> ReportJob:
    """One that waits."""
    days = DayRange((NOON - timedelta(days=30)).date(), NOON.date())
    return ReportJob(
        id=new_id(),
        request=ReportRequest(kind=kind, days=days),
        format=ReportFormat.CSV,
        requested_at=NOON + minutes * MINUTE,
    )


def a_schedule(minutes: int = 0) -> ReportSchedule:
    """One of every Monday."""
    return ReportSchedule(
        id=new_id(),
        name="Toda segunda",
        kind="ranking",
        format=ReportFormat.XLSX,
        period=Period.LAST_FULL_WEEK,
        timetable=Timetable(rhythm=Rhythm.WEEKLY, at=NOON.time(), weekday=1),
        created_at=NOON + minutes * MINUTE,
    )


async def save_jobs(units: Units, organisation_id: OrganisationId, *versions: ReportJob) -> None:
    """Each in a unit of its own."""
    for version in versions:
        async with units(organisation_id) as unit:
            await unit.report_jobs.save(version)
            await unit.commit()


class ReportJobsContract(WithOrganisations):
    """Needs the fixtures `organisations` and `units`."""

    async def _get(self, units: Units, organisation_id: OrganisationId, job: ReportJob) -> ReportJob | None:
        async with units(organisation_id) as unit:
            return await unit.report_jobs.get(job.id)

    @_checked
    @given(job=report_jobs())
    async def test_comes_back_exactly(self, units: Units, new_organisation: NewOrganisation, job: ReportJob) -> None:
        organisation_id = await new_organisation()
        await save_jobs(units, organisation_id, job)
        assert await self._get(units, organisation_id, job) == job
        assert await self._get(units, await new_organisation(), job) is None

    async def test_unfinished_ones_come_oldest_first(self, units: Units, organisation_id: OrganisationId) -> None:
        waiting = [a_job(minutes) for minutes in (3, 1, 2, 4)]
        begun = begin_report(waiting[0], NOON)
        ended = [cancel_report(waiting[1], NOON), fail_report(waiting[2], "no", "no", NOON)]
        await save_jobs(units, organisation_id, *waiting, begun, *ended)
        async with units(organisation_id) as unit:
            assert list(await unit.report_jobs.unfinished()) == [begun, waiting[3]]

    @pytest.mark.parametrize("version", [0, 1, 3])
    async def test_any_version_but_the_next_is_refused(
        self, units: Units, organisation_id: OrganisationId, version: int
    ) -> None:
        first = a_job()
        second = begin_report(first, NOON)
        await save_jobs(units, organisation_id, first, second)
        with pytest.raises(Conflict):
            await save_jobs(units, organisation_id, msgspec.structs.replace(second, version=version))
        assert await self._get(units, organisation_id, first) == second

    async def test_of_progress_and_a_cancellation_at_once_both_decide_by_what_is_there(
        self, units: Units, organisation_id: OrganisationId
    ) -> None:
        """Who comes second waits and sees the other's word, or is refused."""
        job = begin_report(a_job(), NOON)
        await save_jobs(units, organisation_id, a := msgspec.structs.replace(job, version=0))

        async def evolve(how: str) -> None:
            async with units(organisation_id) as unit:
                found = await unit.report_jobs.get(a.id)
                assert found is not None
                if found.is_unfinished:
                    later = move_report(found, 7, 9) if how == "move" else cancel_report(found, NOON)
                    await unit.report_jobs.save(later)
                    await unit.commit()

        await asyncio.gather(evolve("move"), evolve("cancel"), return_exceptions=True)
        found = await self._get(units, organisation_id, a)
        assert found is not None
        assert found.version in (1, 2)

    async def test_a_time_of_a_schedule_makes_one_job(
        self, units: Units, organisation_id: OrganisationId, new_organisation: NewOrganisation
    ) -> None:
        def due(minutes: int) -> ReportJob:
            return msgspec.structs.replace(a_job(), schedule_id=schedule_id, due_at=NOON + minutes * MINUTE)

        schedule_id = new_id()
        await save_jobs(units, organisation_id, due(0), due(1))
        await save_jobs(units, await new_organisation(), due(0))
        with pytest.raises(Conflict):
            await save_jobs(units, organisation_id, due(1))
        rivals = await asyncio.gather(
            *(save_jobs(units, organisation_id, due(2)) for _ in range(2)), return_exceptions=True
        )
        assert sorted(type(end).__name__ for end in rivals) == ["Conflict", "NoneType"]


class ReportFilesContract(WithOrganisations):
    """Needs the fixtures `organisations` and `units`."""

    @pytest.fixture
    async def job(self, units: Units, organisation_id: OrganisationId) -> ReportJob:
        """A job that may have a file."""
        job = a_job()
        await save_jobs(units, organisation_id, job)
        return job

    async def _write(self, units: Units, organisation_id: OrganisationId, job: ReportJob, *pieces: bytes) -> None:
        for number, piece in enumerate(pieces):
            async with units(organisation_id) as unit:
                await unit.report_files.append(job.id, number, piece, NOON)
                await unit.commit()

    async def _read(self, units: Units, organisation_id: OrganisationId, job: ReportJob) -> list[bytes]:
        pieces: list[bytes] = []
        async with units(organisation_id) as unit:
            while (piece := await unit.report_files.piece(job.id, len(pieces))) is not None:
                pieces.append(piece)
        return pieces

    async def test_pieces_come_back_exactly(
        self, units: Units, organisation_id: OrganisationId, new_organisation: NewOrganisation, job: ReportJob
    ) -> None:
        pieces = [bytes(range(256)) * 1024, b"", b"\0end"]
        await self._write(units, organisation_id, job, *pieces)
        assert await self._read(units, organisation_id, job) == pieces
        assert await self._read(units, await new_organisation(), job) == []

    async def test_deleted_pieces_are_gone_and_can_be_written_anew(
        self, units: Units, organisation_id: OrganisationId, job: ReportJob
    ) -> None:
        other = a_job()
        await save_jobs(units, organisation_id, other)
        await self._write(units, organisation_id, other, b"other")
        await self._write(units, organisation_id, job, b"one", b"two")
        async with units(organisation_id) as unit:
            await unit.report_files.delete(job.id)
            await unit.commit()
        assert await self._read(units, organisation_id, job) == []
        await self._write(units, organisation_id, job, b"three")
        assert await self._read(units, organisation_id, job) == [b"three"]
        assert await self._read(units, organisation_id, other) == [b"other"]

    async def test_a_piece_is_written_once(self, units: Units, organisation_id: OrganisationId, job: ReportJob) -> None:
        await self._write(units, organisation_id, job, b"one")
        with pytest.raises(Conflict):
            await self._write(units, organisation_id, job, b"two")
        assert await self._read(units, organisation_id, job) == [b"one"]

    async def test_what_was_not_committed_is_not_there(
        self, units: Units, organisation_id: OrganisationId, job: ReportJob
    ) -> None:
        async with units(organisation_id) as unit:
            await unit.report_files.append(job.id, 0, b"one", NOON)
        assert await self._read(units, organisation_id, job) == []


class ReportSchedulesContract(WithOrganisations):
    """Needs the fixtures `organisations` and `units`."""

    async def _save(self, units: Units, organisation_id: OrganisationId, *versions: ReportSchedule) -> None:
        for version in versions:
            async with units(organisation_id) as unit:
                await unit.report_schedules.save(version)
                await unit.commit()

    async def _all(self, units: Units, organisation_id: OrganisationId) -> list[ReportSchedule]:
        async with units(organisation_id) as unit:
            return list(await unit.report_schedules.all())

    @_checked
    @given(schedule=report_schedules())
    async def test_comes_back_exactly(
        self, units: Units, new_organisation: NewOrganisation, schedule: ReportSchedule
    ) -> None:
        organisation_id = await new_organisation()
        await self._save(units, organisation_id, schedule)
        async with units(organisation_id) as unit:
            assert await unit.report_schedules.get(schedule.id) == schedule
            assert await unit.report_schedules.get(new_id()) is None
        assert await self._all(units, await new_organisation()) == []

    async def test_they_come_oldest_first_until_they_are_deleted(
        self, units: Units, organisation_id: OrganisationId
    ) -> None:
        schedules = [a_schedule(minutes) for minutes in (2, 1, 3)]
        await self._save(units, organisation_id, *schedules)
        assert await self._all(units, organisation_id) == [schedules[1], schedules[0], schedules[2]]
        async with units(organisation_id) as unit:
            await unit.report_schedules.delete(schedules[0].id)
            await unit.commit()
        assert await self._all(units, organisation_id) == [schedules[1], schedules[2]]

    @pytest.mark.parametrize("version", [0, 1, 3])
    async def test_any_version_but_the_next_is_refused(
        self, units: Units, organisation_id: OrganisationId, version: int
    ) -> None:
        first = a_schedule()
        second = msgspec.structs.replace(first, next_due_at=NOON, version=1)
        await self._save(units, organisation_id, first, second)
        with pytest.raises(Conflict):
            await self._save(units, organisation_id, msgspec.structs.replace(second, version=version))
        assert await self._all(units, organisation_id) == [second]


class ReportQueriesContract(WithOrganisations):
    """Needs the fixtures `organisations`, `units` and `report_queries`."""

    @pytest.mark.parametrize("limit", [1, 2, 500])
    async def test_jobs_come_newest_first_and_as_asked_for(
        self,
        units: Units,
        report_queries: ReportQueries,
        organisation_id: OrganisationId,
        new_organisation: NewOrganisation,
        limit: int,
    ) -> None:
        asked = [a_job(1), a_job(1, "trips"), a_job(3)]
        due = msgspec.structs.replace(a_job(2), schedule_id=new_id(), due_at=NOON)
        begun = begin_report(asked[0], NOON)
        await save_jobs(units, organisation_id, *asked, due, begun)
        await save_jobs(units, await new_organisation(), a_job())
        jobs = sorted([begun, *asked[1:], due], key=lambda job: (job.requested_at, job.id), reverse=True)

        async def found(where: ReportFilter) -> list[ReportJobView]:
            def read(page: PageRequest) -> Awaitable[Page[ReportJobView]]:
                return report_queries.jobs(organisation_id, where, NOON, page)

            return await walk(read, ReportJobView, limit)

        assert await found(ReportFilter()) == [report_job_view(job, NOON) for job in jobs]
        assert [view.kind for view in await found(ReportFilter(kind="trips"))] == ["trips"]
        assert [view.id for view in await found(ReportFilter(status="running"))] == [begun.id]
        assert [view.id for view in await found(ReportFilter(schedule_id=due.schedule_id))] == [due.id]

    async def test_a_cursor_of_another_list_is_refused(
        self, report_queries: ReportQueries, organisation_id: OrganisationId
    ) -> None:
        with pytest.raises(InvalidValue):
            await report_queries.jobs(organisation_id, ReportFilter(), NOON, PageRequest(cursor="abc"))
