"""The form that driver and employer sign ("Formulario de Orientacao")."""

from datetime import date, datetime
from enum import StrEnum

import msgspec

from trilha.domain.kernel import DayRange


class Severity(StrEnum):
    """How much a type of infraction weighs in a conversation, by its count."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


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
