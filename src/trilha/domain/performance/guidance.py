"""The form that driver and employer sign ("Formulario de Orientacao")."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import TypeAlias
from uuid import UUID

import msgspec

from trilha.domain.kernel import DayRange, DriverId, EventTypeId, fold
from trilha.domain.performance.infractions import InfractionsReport, Severity
from trilha.domain.performance.model import Rated
from trilha.domain.performance.settings import PerformanceSettings
from trilha.domain.performance.wording import day_text


class GuidanceLine(msgspec.Struct, frozen=True):
    """A type of infraction with its counts, one per column of the form."""

    description: str
    counts: tuple[int, ...]
    total: int
    severity: Severity


class Correction(msgspec.Struct, frozen=True):
    """What a form shows otherwise than the last one that was printed for the same driver and days.

    `days` is one of the periods of either form: what has been taken back since may leave a column empty, and hidden.
    """

    description: str
    days: DayRange
    before: int
    after: int


class GuidanceForm(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is on the form; a printer lays it out and decides nothing.

    `columns` are the periods shown, oldest first, each a whole month or some days. `data_version` names the counts that
    the form was made of: the same counts have the same version. `corrections` are noted where a form with other counts
    was printed before, at `corrects_printed_at`.
    """

    language: str
    company: str
    city: str
    driver_name: str
    badge: str | None
    guided_on: date
    analysed: DayRange
    columns: tuple[DayRange, ...]
    lines: tuple[GuidanceLine, ...]
    column_totals: tuple[int, ...]
    total: int
    guidance: str
    data_version: str
    made_at: datetime
    time_zone: str
    """By whose clocks `made_at` and `corrects_printed_at` are printed."""
    corrections: tuple[Correction, ...] = ()
    corrects_version: str | None = None
    corrects_printed_at: datetime | None = None


class PrintedCount(msgspec.Struct, frozen=True):
    """A cell of a form by its event type, whose description may change."""

    event_type_id: EventTypeId
    description: str
    days: DayRange
    count: int


class PrintedForm(msgspec.Struct, frozen=True, kw_only=True):
    """A form that was given out, as it was given out: what it shows never changes again."""

    id: UUID
    driver_id: DriverId
    form: GuidanceForm
    counts: tuple[PrintedCount, ...]
    printed_at: datetime


class Letterhead(msgspec.Struct, frozen=True):
    """Who guides, in which language, by whose clocks."""

    company: str
    time_zone: str
    language: str
    settings: PerformanceSettings


_Cells: TypeAlias = Mapping[tuple[EventTypeId, DayRange], tuple[str, int]]


def make_form(
    report: InfractionsReport, driver: Rated, head: Letterhead, made_at: datetime, last: PrintedForm | None = None
) -> GuidanceForm:
    """The form of a report. It notes what differs from `last`, the form printed last for the same driver and days."""
    corrections = () if last is None else _corrections(last, report)
    corrected = last if corrections else None
    window = report.window
    return GuidanceForm(
        language=head.language,
        company=head.company,
        city=head.settings.city,
        driver_name=driver.name,
        badge=driver.badge,
        guided_on=window.last,
        analysed=window,
        columns=tuple(column.days for column in report.columns),
        lines=tuple(GuidanceLine(row.description, row.counts, row.total, row.severity) for row in report.rows),
        column_totals=report.column_totals,
        total=report.total,
        guidance=_guidance(report, driver, head),
        data_version=report.data_version,
        made_at=made_at,
        time_zone=head.time_zone,
        corrections=corrections,
        corrects_version=None if corrected is None else corrected.form.data_version,
        corrects_printed_at=None if corrected is None else corrected.printed_at,
    )


def printed_form(form_id: UUID, driver: Rated, form: GuidanceForm, report: InfractionsReport) -> PrintedForm:
    """A form that is given out now, with the counts that a later one is compared with."""
    counts = tuple(
        PrintedCount(event_type_id, description, days, count)
        for (event_type_id, days), (description, count) in _cells_of(report).items()
    )
    return PrintedForm(id=form_id, driver_id=driver.driver_id, form=form, counts=counts, printed_at=form.made_at)


def _guidance(report: InfractionsReport, driver: Rated, head: Letterhead) -> str:
    window = report.window
    return head.settings.guidance.filled(
        head.language,
        company=head.company,
        driver=driver.name,
        badge=driver.badge or "-",
        first_day=day_text(window.first, head.language),
        last_day=day_text(window.last, head.language),
        total=report.total,
    )


def _corrections(last: PrintedForm, report: InfractionsReport) -> tuple[Correction, ...]:
    before: _Cells = {(one.event_type_id, one.days): (one.description, one.count) for one in last.counts}
    after = _cells_of(report)
    changed = [
        Correction(
            description=(after.get(cell) or before[cell])[0],
            days=cell[1],
            before=before.get(cell, ("", 0))[1],
            after=after.get(cell, ("", 0))[1],
        )
        for cell in before.keys() | after.keys()
        if before.get(cell, ("", 0))[1] != after.get(cell, ("", 0))[1]
    ]
    return tuple(sorted(changed, key=lambda one: (fold(one.description), one.days.first)))


def _cells_of(report: InfractionsReport) -> _Cells:
    descriptions = {row.event_type_id: row.description for row in report.rows}
    return {cell: (descriptions[cell[0]], count) for cell, count in report.counts.items()}
