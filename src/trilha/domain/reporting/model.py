"""A report as a table of typed columns, before anybody decides how it is written."""

from datetime import date, datetime
from enum import StrEnum

import msgspec

from trilha.domain.kernel import DayRange, DriverId, GroupId, InvalidValue, VehicleId

LANGUAGES = ("pt-BR", "en")


class ColumnKind(StrEnum):
    """What a column's cells are, which decides how they are aligned and formatted."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    DAY = "day"
    TIME = "time"
    """An instant in UTC, shown by the clocks of the report's zone."""
    SECONDS = "seconds"
    """A duration, shown as h:mm:ss."""


class Column(msgspec.Struct, frozen=True):
    """A column; `key` names it in JSON and never changes, `title` is for people, in the report's language."""

    key: str
    title: str
    kind: ColumnKind = ColumnKind.TEXT
    decimals: int = 2
    """How many decimals of a DECIMAL people are shown; programs (CSV, JSON) get all digits."""


Cell = str | int | float | date | datetime | None
Row = tuple[Cell, ...]


class ReportFormat(StrEnum):
    """How a report is written."""

    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"
    PDF = "pdf"


class ReportRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a report is asked to be about; a kind refuses what it cannot do without, and what it has no use for."""

    kind: str
    days: DayRange
    driver_id: DriverId | None = None
    vehicle_id: VehicleId | None = None
    group_id: GroupId | None = None
    language: str = "pt-BR"

    def __post_init__(self) -> None:
        if self.language not in LANGUAGES:
            raise InvalidValue("language", self.language, " or ".join(LANGUAGES))


class ReportHead(msgspec.Struct, frozen=True, kw_only=True):
    """What stands above a report's rows. `facts` are label and value pairs, such as the analysed days."""

    kind: str
    title: str
    organisation: str
    language: str
    time_zone: str
    made_at: datetime
    columns: tuple[Column, ...]
    facts: tuple[tuple[str, str], ...] = ()
    data_version: str | None = None
    expected_rows: int | None = None
    """How many rows are likely, for progress; None where nobody knows."""
