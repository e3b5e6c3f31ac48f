"""Reports made later: ask for one, watch it, fetch it, cancel it."""

from datetime import date
from http import HTTPStatus
from typing import Annotated, Literal

import msgspec
from litestar.types import ASGIApp

from trilha.application.reporting.command_jobs import CancelReportCommand, RequestReportCommand
from trilha.application.reporting.queries import ReportFilter
from trilha.application.reporting.views import ReportJobView
from trilha.domain.kernel import parse_source_id
from trilha.domain.reporting import ReportFormat
from trilha.entrypoints.http.answers import Answer, json
from trilha.entrypoints.http.bodies import read_json
from trilha.entrypoints.http.call import Call
from trilha.entrypoints.http.documentation import commands, reads, settles
from trilha.entrypoints.http.downloads import Download
from trilha.entrypoints.http.reading import PagedQuery, Query, ReportKindName, ReportStatusName, ScheduleRef
from trilha.entrypoints.http.routes.reports import FILE_TYPES, ReportDocument, question_of

PATH = "/v1/report-jobs"
SourceId = Annotated[str, msgspec.Meta(pattern="^-?[0-9]{1,19}$")]
FormatName = Literal["json", "csv", "xlsx", "pdf"]
"""The members of ReportFormat, spelt out for OpenAPI and the type checker."""
LanguageName = Literal["pt-BR", "en"]


class ReportJobPage(msgspec.Struct, frozen=True):
    """Reports made later, and where to go on."""

    items: tuple[ReportJobView, ...]
    next_cursor: str | None


class ReportJobsQuery(PagedQuery, frozen=True, kw_only=True):
    """Which of them."""

    kind: ReportKindName | None = None
    status: ReportStatusName | None = None
    schedule_id: ScheduleRef | None = None


class ReportJobRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the report is to be about, as for a report at once; the last full month unless told otherwise."""

    first: date | None = msgspec.field(default=None, name="from")
    last: date | None = msgspec.field(default=None, name="to")
    reference: date | None = None
    driver_id: SourceId | None = None
    vehicle_id: SourceId | None = None
    group_id: SourceId | None = None
    format: FormatName = "xlsx"
    language: LanguageName = "pt-BR"


@commands("/v1/reports/{kind:str}/jobs", "requestReport", ReportJobView, tag="reports", body=ReportJobRequest)
async def request_report(request: Call) -> Answer:
    """Let a report be made by the workers, however long it is; its Location says how far it is.

    One of an organisation's is made at a time, the oldest first. The file is kept for a week.
    """
    request.asks(Query)
    raw, asked = await read_json(request, ReportJobRequest)
    organisation_id = await request.organisation()
    kind: str = request.scope["path_params"]["kind"]
    narrowed = (
        optional_id(asked.driver_id, "driver_id"),
        optional_id(asked.vehicle_id, "vehicle_id"),
        optional_id(asked.group_id, "group_id"),
    )
    command = RequestReportCommand(
        organisation_id=organisation_id,
        question=question_of(kind, asked.first, asked.last, asked.reference, narrowed, asked.language),
        format=ReportFormat(asked.format),
        scope=request.scope_of(organisation_id, raw),
    )
    accepted = await request.parts.reports.request(command)
    location = f"{PATH}/{accepted.id}".encode()
    return json(accepted, status=HTTPStatus.ACCEPTED, headers=((b"location", location),))


@reads(PATH, "listReportJobs", ReportJobPage, tag="reports", query=ReportJobsQuery)
async def list_report_jobs(request: Call) -> Answer:
    """Reports made later, newest first: those that people asked for, and those that were due."""
    asked = request.asks(ReportJobsQuery)
    where = ReportFilter(kind=asked.kind, status=asked.status, schedule_id=asked.schedule_id)
    now = request.parts.clock.now()
    return json(await request.parts.reports.queries.jobs(await request.organisation(), where, now, asked.page))


@reads(PATH + "/{job_id:str}", "getReportJob", ReportJobView, tag="reports")
async def get_report_job(request: Call) -> Answer:
    """How far a report is, in rows and as a share, and when it should be done at its pace so far."""
    request.asks(Query)
    job_id = request.uuid("job_id")
    return json(await request.parts.reports.find(await request.organisation(), job_id))


@settles(PATH + "/{job_id:str}/cancel", "cancelReportJob", ReportJobView, tag="reports")
async def cancel_report_job(request: Call) -> Answer:
    """Stop a report; what was made of it is dropped.

    Refused with `reporting.job_ended` where it has another end already.
    """
    request.asks(Query)
    job_id = request.uuid("job_id")
    return json(await request.parts.reports.cancel(CancelReportCommand(await request.organisation(), job_id)))


@reads(
    PATH + "/{job_id:str}/file",
    "getReportFile",
    ReportDocument,
    tag="reports",
    also=FILE_TYPES,
    refused=(409, 410),
)
async def get_report_file(request: Call) -> ASGIApp:
    """What a report's job has made. Its ETag is the SHA-256 of the file; with If-None-Match of it the answer is 304."""
    request.asks(Query)
    job_id = request.uuid("job_id")
    stored = await request.parts.reports.fetch(await request.organisation(), job_id)
    tag = f'"{stored.digest}"'.encode()
    if request.header(b"if-none-match") == tag:
        return Answer(b"", status=HTTPStatus.NOT_MODIFIED, headers=((b"etag", tag),))
    headers = ((b"etag", tag), (b"content-length", b"%d" % stored.size_bytes))
    return Download(stored.pieces, name=stored.name, media_type=stored.media_type, headers=headers)


def optional_id(text: str | None, field: str) -> int | None:
    """An id in a body; raises InvalidValue."""
    return None if text is None else parse_source_id(text, field)


ROUTES = (request_report, list_report_jobs, get_report_job, cancel_report_job, get_report_file)
