"""Make what is due and what was asked for, one report after the other."""

import asyncio
from contextlib import suppress

from trilha.application.holding import Holding
from trilha.application.ports import (
    Clock,
    IdSource,
    Lease,
    LeaseLost,
    ReportingUnitOfWork,
    StorageUnavailable,
    UnitsOfWork,
)
from trilha.application.reporting.asking import AskForReport
from trilha.application.reporting.library import ReportLibrary
from trilha.application.reporting.limits import ReportLimits
from trilha.application.reporting.one_report import Making, Stopped
from trilha.domain.kernel import Conflict, DomainError, OrganisationId
from trilha.domain.reporting import (
    ReportJob,
    ReportMade,
    begin_report,
    due_reports,
    fail_report,
    has_tried_enough,
    job_due,
)

LEASE = "reports"
PIECE_BYTES = 256 * 1024
GIVEN_UP = "reporting.given_up"
_GIVEN_UP = "every worker that began it ended before it was done; narrow the report down, and see the workers' logs"


class MakeReports:
    """A worker that dies leaves its report running under a lease that expires; the next one begins it anew.

    What a source refuses fails the job, with the source's code. Returns how many have ended, None while another worker
    is at it.
    """

    def __init__(
        self,
        *,
        library: ReportLibrary,
        ask: AskForReport,
        units: UnitsOfWork[ReportingUnitOfWork],
        holding: Holding,
        clock: Clock,
        ids: IdSource,
        limits: ReportLimits,
    ) -> None:
        self._library = library
        self._ask = ask
        self._units = units
        self._holding = holding
        self._clock = clock
        self._ids = ids
        self._limits = limits

    async def __call__(self, organisation_id: OrganisationId) -> int | None:
        """Until nothing is left to do."""
        ended = 0
        # looked at again without the lease: who asked while it was being given back must not wait for the next minute
        while await self._has_work(organisation_id):
            async with self._holding(organisation_id, LEASE) as lease:
                if lease is None:
                    return None
                await self._make_due(lease)
                while (job := await self._begun(lease)) is not None:
                    await self._make(lease, job)
                    ended += 1
        return ended

    async def _has_work(self, organisation_id: OrganisationId) -> bool:
        now = self._clock.now()
        async with self._units(organisation_id) as unit:
            schedules = await unit.report_schedules.all()
            return any(one.next_due_at and one.next_due_at <= now for one in schedules) or bool(
                await unit.report_jobs.unfinished()
            )

    async def _make_due(self, lease: Lease) -> None:
        """Jobs of schedules whose time has come, each time once."""
        now, zone = self._clock.now(), await self._ask.zone(lease.organisation_id)
        async with self._units(lease.organisation_id) as unit:
            await unit.guard(lease)
            for schedule in await unit.report_schedules.all():
                times, later = due_reports(schedule, now, zone)
                for due_at in times:
                    await unit.report_jobs.save(job_due(self._ids.new(), schedule, due_at, now, zone))
                if times:
                    await unit.report_schedules.save(later)
            await unit.commit()

    async def _begun(self, lease: Lease) -> ReportJob | None:
        while True:
            try:
                return await self._next(lease)
            except LeaseLost:
                raise
            except Conflict:
                continue  # somebody cancelled one of them at the same moment

    async def _next(self, lease: Lease) -> ReportJob | None:
        """Begin the oldest one, also one that a dead worker had begun."""
        now = self._clock.now()
        async with self._units(lease.organisation_id) as unit:
            await unit.guard(lease)
            for job in await unit.report_jobs.unfinished():
                await unit.report_files.delete(job.id)
                if has_tried_enough(job):
                    failed = fail_report(job, GIVEN_UP, _GIVEN_UP, now)
                    await unit.report_jobs.save(failed)
                    unit.record(ReportMade.of(failed))
                    continue
                begun = begin_report(job, now)
                await unit.report_jobs.save(begun)
                await unit.commit()
                return begun
            await unit.commit()
        return None

    async def _make(self, lease: Lease, job: ReportJob) -> None:
        making = Making(lease, job, self._units, self._clock)
        with suppress(Stopped):
            try:
                await self._write_watched(making)
                await making.finish(self._clock.now() + self._limits.kept)
            except (StorageUnavailable, LeaseLost):
                raise  # says nothing about the report; whoever comes next begins it anew
            except DomainError as error:
                await making.fail(error.code, str(error))
            except Exception as error:
                if not isinstance(error, Stopped):
                    await making.fail("internal", type(error).__name__)
                raise

    async def _write_watched(self, making: Making) -> None:
        """Write the file while watching over the job; whichever ends first ends the other."""
        both = (asyncio.create_task(self._write(making)), asyncio.create_task(making.watch()))
        try:
            done, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)

    async def _write(self, making: Making) -> None:
        job = making.job
        self._library.check(job.request.kind, job.format)
        async with (
            self._library.opened(making.organisation_id, job.request) as report,
            self._library.written(making.metered(report), job.format, PIECE_BYTES) as pieces,
        ):
            async for piece in pieces:
                await making.keep(piece)
