"""Reports at once: which there are, and each in the format that is asked for."""

from collections.abc import Mapping
from datetime import date, datetime
from http import HTTPStatus
from types import MappingProxyType

import msgspec
from litestar.openapi.spec import OpenAPIType

from trilha.application.reporting.asking import ReportQuestion
from trilha.application.reporting.library import ReportLibrary
from trilha.application.reporting.open_report import OpenedReport
from trilha.application.reporting.views import ReportKindView, kind_views
from trilha.domain.kernel import InvalidValue
from trilha.domain.reporting import Column, ReportFormat
from trilha.entrypoints.http.accepting import wanted_types
from trilha.entrypoints.http.answers import Answer, json
from trilha.entrypoints.http.call import Call
from trilha.entrypoints.http.documentation import reads
from trilha.entrypoints.http.downloads import Download, require_whole_answers
from trilha.entrypoints.http.problems import Refusal
from trilha.entrypoints.http.reading import (
    DriverRef,
    FirstDay,
    GroupRef,
    LanguageName,
    LastDay,
    Query,
    ReferenceDay,
    VehicleRef,
)

PATH = "/v1/reports"
FILE_TYPES: Mapping[str, OpenAPIType] = MappingProxyType(
    {
        "text/csv": OpenAPIType.STRING,
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": OpenAPIType.STRING,
        "application/pdf": OpenAPIType.STRING,
    }
)
"""Of answers besides JSON."""
_ANY = "*/*"


class ReportKindList(msgspec.Struct, frozen=True):
    """Every kind of report."""

    items: tuple[ReportKindView, ...]


class ReportFact(msgspec.Struct, frozen=True):
    """Something that stands above the rows."""

    label: str
    value: str


class ReportDocument(msgspec.Struct, frozen=True):
    """A report as JSON: its rows by the keys of the columns."""

    kind: str
    title: str
    organisation: str
    language: str
    time_zone: str
    made_at: datetime
    data_version: str | None
    columns: tuple[Column, ...]
    facts: tuple[ReportFact, ...]
    rows: tuple[dict[str, str | float | None], ...]


class ReportQuery(Query, frozen=True, kw_only=True):
    """What a report is to be about."""

    from_: FirstDay | None = None
    to: LastDay | None = None
    reference: ReferenceDay | None = None
    driver_id: DriverRef | None = None
    vehicle_id: VehicleRef | None = None
    group_id: GroupRef | None = None
    language: LanguageName = "pt-BR"

    def question(self, kind: str) -> ReportQuestion:
        """The same, of that kind."""
        return question_of(
            kind, self.from_, self.to, self.reference, (self.driver_id, self.vehicle_id, self.group_id), self.language
        )


def question_of(
    kind: str,
    first: date | None,
    last: date | None,
    reference: date | None,
    narrowed: tuple[int | None, int | None, int | None],
    language: str,
) -> ReportQuestion:
    """A question, narrowed to driver, vehicle and group."""
    given = dict(zip(("driver_id", "vehicle_id", "group_id"), narrowed, strict=True))
    return msgspec.convert(
        {"kind": kind, "first": first, "last": last, "reference": reference, "language": language, **given},
        ReportQuestion,
    )


@reads(PATH, "listReportKinds", ReportKindList, tag="reports", of_an_organisation=False)
async def list_report_kinds(request: Call) -> Answer:
    """What reports there are, by what each can be narrowed, and its formats."""
    request.asks(Query)
    return json(ReportKindList(kind_views(request.parts.reports.library)))


@reads(
    PATH + "/{report:str}",
    "getReport",
    ReportDocument,
    tag="reports",
    query=ReportQuery,
    also=FILE_TYPES,
    refused=(406, 505),
)
async def get_report(request: Call) -> Download:
    """A report, in the format that its ending or the header Accept asks for: JSON, CSV, XLSX or PDF.

    `/v1/reports/ranking.xlsx?from=2026-10-01&to=2026-10-31`. Days are those of the organisation's clocks, both
    included; the last full month unless told otherwise. `reference` names a day instead: the two full months before it
    and its own month up to it. What has more rows than are answered at once is refused with
    `reporting.too_long_use_a_job`. An answer that cannot be finished ends without the mark of a whole one.
    """
    require_whole_answers(request.scope)
    asked = request.asks(ReportQuery)
    kind, report_format = _wanted(request)
    opened = await request.parts.reports.open(await request.organisation(), asked.question(kind), report_format)
    return downloaded(opened)


def downloaded(opened: OpenedReport) -> Download:
    """The answer that a report is written into."""
    return Download(opened.pieces, name=opened.name, media_type=opened.media_type, close=opened.aclose)


def _wanted(request: Call) -> tuple[str, ReportFormat]:
    """Kind and format; the ending wins over the header, because people can see it."""
    named: str = request.scope["path_params"]["report"]
    kind, dot, ending = named.rpartition(".")
    if not dot:
        return named, accepted_format(request.header(b"accept"), request.parts.reports.library)
    try:
        return kind, ReportFormat(ending)
    except ValueError:
        raise InvalidValue("report", named, f"{kind}. with one of {', '.join(ReportFormat)}") from None


def accepted_format(header: bytes | None, library: ReportLibrary) -> ReportFormat:
    """The format that the header Accept asks for, JSON where it says nothing; raises Refusal."""
    media_types = {library.writer(one).media_type.partition(";")[0]: one for one in library.formats}
    asked = wanted_types(header)
    if header is None or not asked:
        return ReportFormat.JSON
    for wanted in asked:
        if wanted in (_ANY, "application/*"):
            return ReportFormat.JSON
        for media_type, report_format in media_types.items():
            if wanted in (media_type, media_type.partition("/")[0] + "/*"):
                return report_format
    known = ", ".join(media_types)
    raise Refusal(HTTPStatus.NOT_ACCEPTABLE, "request.not_acceptable", f"reports come as one of {known}")


ROUTES = (list_report_kinds, get_report)
