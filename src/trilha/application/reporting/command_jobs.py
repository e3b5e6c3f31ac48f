"""Somebody wants a report made later, to know how far it is, to have it, or no longer."""

from collections.abc import AsyncIterator
from uuid import UUID

import msgspec

from trilha.application.answering_once import answered_before, keep_answer
from trilha.application.ports import Clock, IdempotencyScope, IdSource, ReportingUnitOfWork, UnitsOfWork
from trilha.application.reporting.asking import AskForReport, ReportQuestion
from trilha.application.reporting.library import ReportLibrary, file_name
from trilha.application.reporting.limits import ReportLimits
from trilha.application.reporting.views import ReportJobView, report_job_view
from trilha.application.schedule import MAKE_REPORTS
from trilha.domain.kernel import OrganisationId
from trilha.domain.reporting import (
    ReportExpired,
    ReportFormat,
    ReportJob,
    ReportMade,
    TooManyReports,
    cancel_report,
    file_of,
    job_missing,
)


class RequestReportCommand(msgspec.Struct, frozen=True):
    """`scope` makes a repeated request harmless."""

    organisation_id: OrganisationId
    question: ReportQuestion
    format: ReportFormat
    scope: IdempotencyScope | None = None


class RequestReport:
    """Begins within seconds, unless others wait: one of an organisation's is made at a time, the oldest first."""

    def __init__(
        self,
        *,
        library: ReportLibrary,
        ask: AskForReport,
        units: UnitsOfWork[ReportingUnitOfWork],
        clock: Clock,
        ids: IdSource,
        limits: ReportLimits,
    ) -> None:
        self._library = library
        self._ask = ask
        self._units = units
        self._clock = clock
        self._ids = ids
        self._limits = limits

    async def __call__(self, command: RequestReportCommand) -> ReportJobView:
        """Raises InvalidValue, TooManyReports, NotFound for whom it is about, or an organisation without that work."""
        self._library.check(command.question.kind, command.format)
        request = await self._ask(command.organisation_id, command.question)
        now = self._clock.now()
        async with self._units(command.organisation_id) as unit:
            answer = await answered_before(unit.idempotency, command.scope, ReportJobView)
            if answer is not None:
                return answer
            waiting = len(await unit.report_jobs.unfinished())
            if waiting >= self._limits.waiting_jobs:
                raise TooManyReports(waiting)
            await self._ask.require_known(
                command.organisation_id, request.driver_id, request.vehicle_id, request.group_id
            )
            job = ReportJob(id=self._ids.new(), request=request, format=command.format, requested_at=now)
            await unit.report_jobs.save(job)
            await unit.jobs.bring_forward(MAKE_REPORTS, now)
            result = report_job_view(job, now)
            await keep_answer(unit.idempotency, command.scope, result, now)
            await unit.commit()
        return result


class FindReport:
    """How one job stands."""

    def __init__(self, *, units: UnitsOfWork[ReportingUnitOfWork], clock: Clock) -> None:
        self._units = units
        self._clock = clock

    async def __call__(self, organisation_id: OrganisationId, job_id: UUID) -> ReportJobView:
        """Raises NotFound."""
        async with self._units(organisation_id) as unit:
            job = await _job(unit, job_id)
        return report_job_view(job, self._clock.now())


class CancelReportCommand(msgspec.Struct, frozen=True):
    """Which one to stop."""

    organisation_id: OrganisationId
    job_id: UUID


class CancelReport:
    """A worker that is at it stops within a second, and what it has made is dropped. Repeating this is harmless."""

    def __init__(self, *, units: UnitsOfWork[ReportingUnitOfWork], clock: Clock) -> None:
        self._units = units
        self._clock = clock

    async def __call__(self, command: CancelReportCommand) -> ReportJobView:
        """Raises NotFound, ReportEnded, and Conflict if it moved at the same moment."""
        now = self._clock.now()
        async with self._units(command.organisation_id) as unit:
            job = await _job(unit, command.job_id)
            cancelled = cancel_report(job, now)
            if cancelled is not job:
                await unit.report_jobs.save(cancelled)
                await unit.report_files.delete(job.id)
                unit.record(ReportMade.of(cancelled))
                await unit.commit()
        return report_job_view(cancelled, now)


class StoredReport(msgspec.Struct, frozen=True):
    """A file to be fetched; `pieces` raise ReportExpired where it goes away meanwhile."""

    name: str
    media_type: str
    size_bytes: int
    digest: str
    pieces: AsyncIterator[bytes]


class FetchReport:
    """What a job has made, from wherever it was made."""

    def __init__(self, *, library: ReportLibrary, units: UnitsOfWork[ReportingUnitOfWork], clock: Clock) -> None:
        self._library = library
        self._units = units
        self._clock = clock

    async def __call__(self, organisation_id: OrganisationId, job_id: UUID) -> StoredReport:
        """Raises NotFound, ReportNotDone, ReportExpired."""
        async with self._units(organisation_id) as unit:
            job = await _job(unit, job_id)
        file = file_of(job, self._clock.now())
        return StoredReport(
            name=file_name(job.request, job.format),
            media_type=self._library.writer(job.format).media_type,
            size_bytes=file.size_bytes,
            digest=file.digest,
            pieces=self._pieces(organisation_id, job, file.pieces),
        )

    async def _pieces(self, organisation_id: OrganisationId, job: ReportJob, count: int) -> AsyncIterator[bytes]:
        """One transaction a piece: whoever reads slowly keeps no connection."""
        for number in range(count):
            async with self._units(organisation_id) as unit:
                piece = await unit.report_files.piece(job.id, number)
            if piece is None:
                raise ReportExpired(job)
            yield piece


async def _job(unit: ReportingUnitOfWork, job_id: UUID) -> ReportJob:
    job = await unit.report_jobs.get(job_id)
    if job is None:
        raise job_missing(job_id)
    return job
