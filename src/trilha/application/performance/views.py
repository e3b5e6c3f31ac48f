"""What screens show of infractions and forms. Ids are strings: JavaScript cannot hold 64 bits."""

from datetime import date, datetime

import msgspec

from trilha.application.performance.infractions import Infractions
from trilha.application.performance.report_words import no_infractions
from trilha.domain.performance import (
    Correction,
    GuidanceForm,
    InfractionRow,
    Period,
    PeriodKind,
    Plated,
    PrintedForm,
    Rated,
    Severity,
    period_label,
)


class RatedView(msgspec.Struct, frozen=True):
    """A driver, by name."""

    id: str
    name: str
    badge: str | None
    is_person: bool
    active: bool


class PlatedView(msgspec.Struct, frozen=True):
    """A vehicle, by name."""

    id: str
    description: str
    plate: str | None
    fleet_number: str | None
    active: bool


class PeriodView(msgspec.Struct, frozen=True):
    """Days that are counted together; `first_day` and `last_day` belong to them."""

    kind: PeriodKind
    first_day: date
    last_day: date
    label: str


class InfractionRowView(msgspec.Struct, frozen=True):
    """One type of infraction with its counts, one per column."""

    event_type_id: str
    description: str
    counts: tuple[int, ...]
    total: int
    severity: Severity


class InfractionsView(msgspec.Struct, frozen=True, kw_only=True):
    """Types of infraction by periods; those without any are hidden.

    `periods` are all that were looked at, `columns` those shown. `unclassified` counts what belongs to types that
    nobody has classified and is in no cell. `message` says so where there is nothing to show. The same counts have the
    same `data_version`.
    """

    driver: RatedView
    first_day: date
    last_day: date
    time_zone: str
    language: str
    periods: tuple[PeriodView, ...]
    columns: tuple[PeriodView, ...]
    rows: tuple[InfractionRowView, ...]
    column_totals: tuple[int, ...]
    total: int
    unclassified: int
    message: str | None
    data_version: str
    made_at: datetime


class CorrectionView(msgspec.Struct, frozen=True):
    """A count that was another one on the form before."""

    description: str
    first_day: date
    last_day: date
    before: int
    after: int


class PrintedFormView(msgspec.Struct, frozen=True, kw_only=True):
    """A form that was given out. `pdf` is its address; it shows for ever what was signed."""

    id: str
    driver_id: str
    driver_name: str
    first_day: date
    last_day: date
    language: str
    total: int
    data_version: str
    printed_at: datetime
    corrects_version: str | None
    corrections: tuple[CorrectionView, ...]
    pdf: str


def rated_view(driver: Rated) -> RatedView:
    """A driver as screens name it."""
    return RatedView(str(driver.driver_id), driver.name, driver.badge, driver.is_person, driver.active)


def plated_view(vehicle: Plated) -> PlatedView:
    """A vehicle as screens name it."""
    return PlatedView(str(vehicle.vehicle_id), vehicle.description, vehicle.plate, vehicle.fleet_number, vehicle.active)


def infractions_view(found: Infractions, language: str) -> InfractionsView:
    """A report as screens show it."""
    report = found.report
    return InfractionsView(
        driver=rated_view(found.driver),
        first_day=report.window.first,
        last_day=report.window.last,
        time_zone=found.calendar.organisation.time_zone,
        language=language,
        periods=tuple(_period(one, language) for one in report.analysed),
        columns=tuple(_period(one, language) for one in report.columns),
        rows=tuple(_row(one) for one in report.rows),
        column_totals=report.column_totals,
        total=report.total,
        unclassified=report.unclassified,
        message=None if report.total else no_infractions(language),
        data_version=report.data_version,
        made_at=found.calendar.now,
    )


def printed_form_view(printed: PrintedForm) -> PrintedFormView:
    """A form as lists show it."""
    form: GuidanceForm = printed.form
    return PrintedFormView(
        id=str(printed.id),
        driver_id=str(printed.driver_id),
        driver_name=form.driver_name,
        first_day=form.analysed.first,
        last_day=form.analysed.last,
        language=form.language,
        total=form.total,
        data_version=form.data_version,
        printed_at=printed.printed_at,
        corrects_version=form.corrects_version,
        corrections=tuple(_correction(one) for one in form.corrections),
        pdf=f"/v1/drivers/{printed.driver_id}/guidance-forms/{printed.id}.pdf",
    )


def _period(period: Period, language: str) -> PeriodView:
    return PeriodView(period.kind, period.days.first, period.days.last, period_label(period, language))


def _row(row: InfractionRow) -> InfractionRowView:
    return InfractionRowView(str(row.event_type_id), row.description, row.counts, row.total, row.severity)


def _correction(one: Correction) -> CorrectionView:
    return CorrectionView(one.description, one.days.first, one.days.last, one.before, one.after)
