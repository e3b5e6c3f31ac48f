"""What vehicles are due for, as a report."""

from collections.abc import AsyncIterator, Sequence
from datetime import date

from trilha.application.maintenance.calendar import Calendar
from trilha.application.maintenance.find_due import DueFilter, FindDue, Standing
from trilha.domain.kernel import InvalidValue, OrganisationId
from trilha.domain.maintenance import DueStatus, Limit
from trilha.domain.reporting import Column, ColumnKind, Report, ReportHead, ReportRequest, Row

KIND = "maintenance"
_TITLE = {"pt-BR": "Manutenção a fazer", "en": "Maintenance due"}
_AS_OF = {"pt-BR": "Situação em", "en": "As of"}
_COLUMNS = (
    ("vehicle_id", ColumnKind.TEXT, "Código do veículo", "Vehicle id"),
    ("vehicle", ColumnKind.TEXT, "Veículo", "Vehicle"),
    ("plate", ColumnKind.TEXT, "Placa", "Plate"),
    ("fleet_number", ColumnKind.TEXT, "Prefixo", "Fleet number"),
    ("plan", ColumnKind.TEXT, "Plano", "Plan"),
    ("status", ColumnKind.TEXT, "Situação", "Status"),
    ("binding", ColumnKind.TEXT, "Limite que vence primeiro", "Limit that comes first"),
    ("due_on", ColumnKind.DAY, "Vence em", "Due on"),
    ("km_left", ColumnKind.DECIMAL, "Restam (km)", "Left (km)"),
    ("engine_h_left", ColumnKind.DECIMAL, "Restam (h de motor)", "Left (engine hours)"),
    ("days_left", ColumnKind.INTEGER, "Restam (dias)", "Left (days)"),
    ("km_since", ColumnKind.DECIMAL, "Rodados (km)", "Driven (km)"),
    ("since", ColumnKind.DAY, "Desde", "Since"),
)
_WORDS = {
    "pt-BR": {
        DueStatus.OVERDUE: "vencida",
        DueStatus.DUE_SOON: "a vencer",
        DueStatus.OK: "em dia",
        Limit.DISTANCE: "quilometragem",
        Limit.ENGINE_HOURS: "horas de motor",
        Limit.DATE: "data",
    },
    "en": {
        DueStatus.OVERDUE: "overdue",
        DueStatus.DUE_SOON: "due soon",
        DueStatus.OK: "in order",
        Limit.DISTANCE: "distance",
        Limit.ENGINE_HOURS: "engine hours",
        Limit.DATE: "date",
    },
}


class MaintenanceReport:
    """A ReportSource: how vehicles stand now, the most urgent first; the days of the request make no difference."""

    def __init__(self, *, find_due: FindDue, calendar: Calendar) -> None:
        self._find_due = find_due
        self._calendar = calendar

    async def open(self, organisation_id: OrganisationId, request: ReportRequest) -> Report:
        """Raises InvalidValue for a driver, NotFound for an unknown group."""
        if request.driver_id is not None:
            raise InvalidValue("driver_id", str(request.driver_id), "none: maintenance is about vehicles")
        now = await self._calendar.now(organisation_id)
        where = DueFilter(vehicle_id=request.vehicle_id, group_id=request.group_id)
        found = await self._find_due(organisation_id, where)
        head = ReportHead(
            kind=KIND,
            title=_TITLE[request.language],
            organisation=now.organisation.name,
            language=request.language,
            time_zone=now.organisation.time_zone,
            made_at=now.moment,
            columns=_columns(request.language),
            facts=((_AS_OF[request.language], _written(now.today, request.language)),),
            expected_rows=len(found),
        )
        return Report(head, _rows(found, request.language))


def _columns(language: str) -> tuple[Column, ...]:
    return tuple(Column(key, pt if language == "pt-BR" else en, kind) for key, kind, pt, en in _COLUMNS)


def _written(day: date, language: str) -> str:
    return f"{day:%d/%m/%Y}" if language == "pt-BR" else day.isoformat()


async def _rows(found: Sequence[Standing], language: str) -> AsyncIterator[Row]:
    for one in found:
        yield _row(one, language)


def _row(one: Standing, language: str) -> Row:
    vehicle, due, words = one.vehicle, one.due, _WORDS[language]
    days_left = due.left(Limit.DATE)
    return (
        str(vehicle.vehicle_id),
        vehicle.description,
        vehicle.plate,
        vehicle.fleet_number,
        one.plan.name,
        words[due.status],
        words[due.binding.limit],
        due.binding.due_on,
        due.left(Limit.DISTANCE),
        due.left(Limit.ENGINE_HOURS),
        None if days_left is None else int(days_left),
        one.usage.km,
        one.basis.since,
    )
