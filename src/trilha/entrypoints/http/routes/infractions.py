"""Infractions of a driver, and the guidance forms made of them."""

import asyncio
from datetime import date
from typing import Literal
from uuid import UUID

import msgspec
from litestar import get
from litestar.openapi.spec import OpenAPIType
from litestar.types import ASGIApp

from trilha.application.performance.asked_days import AskedDays
from trilha.application.performance.guidance_forms import PrintGuidanceFormCommand
from trilha.application.performance.infractions import InfractionsQuestion
from trilha.application.performance.views import (
    InfractionsView,
    PrintedFormView,
    infractions_view,
    printed_form_view,
)
from trilha.application.reporting.asking import ReportQuestion
from trilha.domain.kernel import DriverId
from trilha.domain.performance import GuidanceForm, form_file_name
from trilha.domain.reporting import LANGUAGES, ReportFormat
from trilha.entrypoints.http.accepting import rather_than_json
from trilha.entrypoints.http.answers import Answer, json
from trilha.entrypoints.http.attachments import attachment
from trilha.entrypoints.http.bodies import read_json
from trilha.entrypoints.http.call import Call
from trilha.entrypoints.http.documentation import creates, reads, says_methods
from trilha.entrypoints.http.downloads import require_whole_answers
from trilha.entrypoints.http.reading import FirstDay, LanguageName, LastDay, PagedQuery, Query, ReferenceDay
from trilha.entrypoints.http.routes.reports import FILE_TYPES, accepted_format, downloaded

PATH = "/v1/drivers/{driver_id:str}/infractions"
FORMS_PATH = "/v1/drivers/{driver_id:str}/guidance-forms"
PDF = b"application/pdf"
_ENDING = ".pdf"


class InfractionsQuery(Query, frozen=True, kw_only=True):
    """Up to a reference date, or free days; in which language."""

    reference: ReferenceDay | None = None
    from_: FirstDay | None = None
    to: LastDay | None = None
    language: LanguageName = LANGUAGES[0]

    @property
    def asked(self) -> AskedDays:
        """The free days."""
        return AskedDays(self.from_, self.to)


class FormRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to print a form about: up to a reference date, today by default, or free days."""

    reference: date | None = None
    from_: date | None = msgspec.field(default=None, name="from")
    to: date | None = None
    language: Literal["pt-BR", "en"] = "pt-BR"


class PrintedFormPage(msgspec.Struct, frozen=True):
    """Forms that were given out, and where to go on."""

    items: tuple[PrintedFormView, ...]
    next_cursor: str | None


@reads(
    PATH,
    "getDriverInfractions",
    InfractionsView,
    tag="performance",
    query=InfractionsQuery,
    also=FILE_TYPES,
    refused=(406, 505),
)
async def get_infractions(request: Call) -> ASGIApp:
    """Infractions of a driver: types by periods, with totals.

    The two whole months before `reference` and the weeks of its month, cut by the organisation's clocks, or the months
    from `from` and the weeks of the last one up to `to`, 366 days at most. By the header Accept or by an ending of the
    path (`.json`, `.csv`, `.xlsx`, `.pdf`) as a file: CSV and XLSX are the report `infractions`, PDF is the form as it
    would be printed now; nothing is kept of it.
    """
    return await _infractions(request, accepted_format(request.header(b"accept"), request.parts.reports.library))


@get([f"{PATH}.{ending}" for ending in ReportFormat], include_in_schema=False)
async def get_infractions_file(request: Call) -> ASGIApp:
    """The same, in the format of the ending."""
    return await _infractions(request, ReportFormat(request.scope["path"].rpartition(".")[2]))


@creates(FORMS_PATH, "printGuidanceForm", PrintedFormView, tag="performance", body=FormRequest)
async def print_form(request: Call) -> Answer:
    """Give a guidance form out.

    What it shows is kept and never changes; where another form was printed for the same driver and days and counts have
    changed since, the new one notes what is different.
    """
    request.asks(Query)
    raw, asked = await read_json(request, FormRequest)
    question = await _question(request, asked.reference, AskedDays(asked.from_, asked.to))
    scope = request.scope_of(question.organisation_id, raw)
    made = await request.parts.performance.print_form(PrintGuidanceFormCommand(question, asked.language, scope))
    location = made.pdf.removesuffix(_ENDING).encode()
    return json(made, status=201, headers=((b"location", location),))


@reads(FORMS_PATH, "listGuidanceForms", PrintedFormPage, tag="performance", query=PagedQuery)
async def list_forms(request: Call) -> Answer:
    """Guidance forms that a driver was given, newest first."""
    asked = request.asks(PagedQuery)
    driver_id = DriverId(request.source_id("driver_id"))
    return json(await request.parts.performance.list_forms(await request.organisation(), driver_id, asked.page))


@reads(
    FORMS_PATH + "/{form_id:str}",
    "getGuidanceForm",
    PrintedFormView,
    tag="performance",
    also={PDF.decode(): OpenAPIType.STRING},
)
async def get_form(request: Call) -> Answer:
    """A guidance form as it was given out; with `.pdf` at the end or by the header Accept as the document."""
    request.asks(Query)
    driver_id = DriverId(request.source_id("driver_id"))
    as_pdf, form_id = _form_id(request)
    found = await request.parts.performance.find_form(await request.organisation(), driver_id, form_id)
    return await _pdf(request, found.form) if as_pdf else json(printed_form_view(found))


async def _infractions(request: Call, report_format: ReportFormat) -> ASGIApp:
    asked = request.asks(InfractionsQuery)
    performance = request.parts.performance
    question = await _question(request, asked.reference, asked.asked)
    match report_format:
        case ReportFormat.JSON:
            return json(infractions_view(await performance.count_infractions(question), asked.language))
        case ReportFormat.PDF:
            return await _pdf(request, await performance.preview_form(question, asked.language))
        case _:
            require_whole_answers(request.scope)
            days = await performance.count_infractions.days(question)
            report = ReportQuestion(
                kind="infractions",
                first=days.first,
                last=days.last,
                driver_id=question.driver_id,
                language=asked.language,
            )
            return downloaded(await request.parts.reports.open(question.organisation_id, report, report_format))


async def _question(request: Call, reference: date | None, asked: AskedDays) -> InfractionsQuestion:
    driver_id = DriverId(request.source_id("driver_id"))
    return InfractionsQuestion(await request.organisation(), driver_id, reference, asked)


def _form_id(request: Call) -> tuple[bool, UUID]:
    text: str = request.path_params["form_id"]
    as_pdf = text.endswith(_ENDING) or _wants_pdf(request)
    return as_pdf, request.uuid("form_id", ending=_ENDING)


def _wants_pdf(request: Call) -> bool:
    return rather_than_json(request.header(b"accept"), PDF.decode())


async def _pdf(request: Call, form: GuidanceForm) -> Answer:
    body = await asyncio.to_thread(request.parts.performance.printer.print, form)
    name = form_file_name(form.driver_name, form.guided_on, form.language)
    return Answer(body, media_type=PDF, headers=((b"content-disposition", attachment(name).encode()),))


ROUTES = (
    says_methods(FORMS_PATH, "GET", "POST"),
    get_infractions,
    get_infractions_file,
    print_form,
    list_forms,
    get_form,
)
