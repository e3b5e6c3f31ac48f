"""One report on its way into its file, and what is written down about it meanwhile."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from trilha.application.ports import Clock, Lease, ReportingUnitOfWork, UnitsOfWork
from trilha.application.reporting.metered_rows import MeteredRows
from trilha.domain.reporting import (
    Report,
    ReportFile,
    ReportJob,
    ReportMade,
    fail_report,
    finish_report,
    is_being_made,
    move_report,
)

TOLD_EVERY = timedelta(seconds=1)
"""How often a job's progress is written down, and looked whether somebody cancelled it."""

Step = Callable[[ReportingUnitOfWork, ReportJob], Awaitable[ReportJob]]


class Stopped(Exception):
    """Somebody cancelled the report, or another worker makes it now."""


class Making:
    """An attempt at a job. Each write makes sure that it is still ours; raises Stopped, LeaseLost."""

    def __init__(self, lease: Lease, job: ReportJob, units: UnitsOfWork[ReportingUnitOfWork], clock: Clock) -> None:
        self.job = job
        self.organisation_id = lease.organisation_id
        self._lease = lease
        self._units = units
        self._clock = clock
        self._rows: MeteredRows | None = None
        self._expected_rows: int | None = None
        self._turn = asyncio.Lock()
        self._size_bytes = 0
        self._pieces = 0
        self._digest = hashlib.sha256()

    def metered(self, report: Report) -> Report:
        """The same report, with an eye on how many of its rows were written."""
        self._rows = MeteredRows(report.rows)
        self._expected_rows = report.head.expected_rows
        return Report(report.head, self._rows)

    async def watch(self) -> None:
        """Write the progress down again and again; ends by raising Stopped."""
        while True:
            await self._clock.sleep_until(self._clock.now() + TOLD_EVERY)
            await self._step(self._moved)

    async def keep(self, piece: bytes) -> None:
        """Keep the next piece of the file, with the progress that it means."""

        async def kept(unit: ReportingUnitOfWork, job: ReportJob) -> ReportJob:
            await unit.report_files.append(job.id, self._pieces, piece, self._clock.now())
            return await self._moved(unit, job)

        await self._step(kept)
        self._digest.update(piece)
        self._size_bytes += len(piece)
        self._pieces += 1

    async def finish(self, expires_at: datetime) -> None:
        """The file is whole."""
        file = ReportFile(self._size_bytes, self._pieces, self._digest.hexdigest(), expires_at)

        async def finished(unit: ReportingUnitOfWork, job: ReportJob) -> ReportJob:
            done = finish_report(job, self._written, file, self._clock.now())
            unit.record(ReportMade.of(done))
            return done

        await self._step(finished)

    async def fail(self, code: str, message: str) -> None:
        """It cannot be made; what was kept of it goes."""

        async def failed(unit: ReportingUnitOfWork, job: ReportJob) -> ReportJob:
            await unit.report_files.delete(job.id)
            lost = fail_report(job, code, message, self._clock.now())
            unit.record(ReportMade.of(lost))
            return lost

        await self._step(failed)

    @property
    def _written(self) -> int:
        return 0 if self._rows is None else self._rows.handed_on

    async def _moved(self, _: ReportingUnitOfWork, job: ReportJob) -> ReportJob:
        if (job.rows_written, job.expected_rows) == (self._written, self._expected_rows):
            return job
        return move_report(job, self._written, self._expected_rows)

    async def _step(self, step: Step) -> None:
        async with self._turn, self._units(self.organisation_id) as unit:
            await unit.guard(self._lease)
            job = await unit.report_jobs.get(self.job.id)
            if job is None or not is_being_made(job, self.job.attempts):
                raise Stopped
            moved = await step(unit, job)
            if moved is not job:
                await unit.report_jobs.save(moved)
            await unit.commit()
