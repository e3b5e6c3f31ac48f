"""The report of alerts: what was told in some days, of whom, and what became of it."""

from collections.abc import AsyncIterator, Callable, Collection
from datetime import tzinfo

import msgspec

from trilha.application.monitoring.queries import AlertFilter, AlertQueries
from trilha.application.monitoring.views import AlertView
from trilha.application.ports import MAX_LIMIT, Clock, PageRequest
from trilha.domain.identity import Organisations
from trilha.domain.kernel import OrganisationId
from trilha.domain.performance import Depot, Roster
from trilha.domain.reporting import Column, ColumnKind, Report, ReportHead, ReportRequest, Row

KIND = "alerts"
_ENGLISH = {
    "title": "Alerts",
    "raised_at": "Raised at",
    "rule": "Rule",
    "severity": "Severity",
    "state": "State",
    "vehicle": "Vehicle",
    "driver": "Driver",
    "times": "Times",
    "value": "Value",
    "limit": "Limit",
    "last_seen_at": "Last seen at",
    "acknowledged_at": "Acknowledged at",
    "acknowledged_by": "Acknowledged by",
    "resolved_at": "Resolved at",
    "resolved_by": "Resolved by",
    "by_itself": "by itself",
    "analysed": "Analysed days",
    "info": "info",
    "warning": "warning",
    "critical": "critical",
    "raised": "raised",
    "acknowledged": "acknowledged",
    "resolved": "resolved",
}
_PORTUGUESE = {
    "title": "Alertas",
    "raised_at": "Emitido em",
    "rule": "Regra",
    "severity": "Gravidade",
    "state": "Situação",
    "vehicle": "Veículo",
    "driver": "Motorista",
    "times": "Vezes",
    "value": "Valor",
    "limit": "Limite",
    "last_seen_at": "Visto por último em",
    "acknowledged_at": "Reconhecido em",
    "acknowledged_by": "Reconhecido por",
    "resolved_at": "Resolvido em",
    "resolved_by": "Resolvido por",
    "by_itself": "por si",
    "analysed": "Período analisado",
    "info": "informação",
    "warning": "aviso",
    "critical": "crítico",
    "raised": "emitido",
    "acknowledged": "reconhecido",
    "resolved": "resolvido",
}
WORDS = {"en": _ENGLISH, "pt-BR": _PORTUGUESE}
_DAY = {"en": "%Y-%m-%d", "pt-BR": "%d/%m/%Y"}
_KINDS = {
    "raised_at": ColumnKind.TIME,
    "rule": ColumnKind.TEXT,
    "severity": ColumnKind.TEXT,
    "state": ColumnKind.TEXT,
    "vehicle": ColumnKind.TEXT,
    "driver": ColumnKind.TEXT,
    "times": ColumnKind.INTEGER,
    "value": ColumnKind.DECIMAL,
    "limit": ColumnKind.DECIMAL,
    "last_seen_at": ColumnKind.TIME,
    "acknowledged_at": ColumnKind.TIME,
    "acknowledged_by": ColumnKind.TEXT,
    "resolved_at": ColumnKind.TIME,
    "resolved_by": ColumnKind.TEXT,
}


class _Names(msgspec.Struct, frozen=True):
    """What vehicles and drivers are called, by id; `wanted` are the vehicles that were asked for, None for all."""

    vehicles: dict[str, str]
    drivers: dict[str, str]
    wanted: Collection[str] | None


class AlertsReport:
    """Alerts by when they were raised, the last one first; read page by page."""

    def __init__(
        self,
        *,
        alerts: AlertQueries,
        depot: Depot,
        roster: Roster,
        organisations: Organisations,
        clock: Clock,
        zone_of: Callable[[str], tzinfo],
    ) -> None:
        self._alerts = alerts
        self._depot = depot
        self._roster = roster
        self._organisations = organisations
        self._clock = clock
        self._zone_of = zone_of

    async def open(self, organisation_id: OrganisationId, request: ReportRequest) -> Report:
        """Begin to read; raises NotFound for a driver, vehicle or group that the organisation does not have."""
        organisation = await self._organisations.get(organisation_id)
        names = await self._names(organisation_id, request)
        words = WORDS[request.language]
        days = " - ".join(f"{day:{_DAY[request.language]}}" for day in (request.days.first, request.days.last))
        head = ReportHead(
            kind=request.kind,
            title=words["title"],
            organisation=organisation.name,
            language=request.language,
            time_zone=organisation.time_zone,
            made_at=self._clock.now(),
            columns=tuple(Column(key, words[key], kind) for key, kind in _KINDS.items()),
            facts=((words["analysed"], days),),
        )
        raised = request.days.instants(self._zone_of(organisation.time_zone))
        where = AlertFilter(raised=raised, vehicle_id=request.vehicle_id)
        return Report(head, self._rows(organisation_id, request, where, names))

    async def _names(self, organisation_id: OrganisationId, request: ReportRequest) -> _Names:
        if request.vehicle_id is not None:
            await self._depot.vehicle(organisation_id, request.vehicle_id)
        if request.driver_id is not None:
            await self._roster.driver(organisation_id, request.driver_id)
        everybody = {str(one.driver_id): one.name for one in await self._roster.drivers(organisation_id)}
        vehicles = {str(one.vehicle_id): one.description for one in await self._depot.vehicles(organisation_id)}
        wanted = None
        if request.group_id is not None:
            wanted = {str(one.vehicle_id) for one in await self._depot.vehicles(organisation_id, request.group_id)}
        return _Names(vehicles, everybody, wanted)

    async def _rows(
        self, organisation_id: OrganisationId, request: ReportRequest, where: AlertFilter, names: _Names
    ) -> AsyncIterator[Row]:
        driver_id = None if request.driver_id is None else str(request.driver_id)
        cursor: str | None = None
        while True:
            page = await self._alerts.alerts(organisation_id, where, PageRequest(MAX_LIMIT, cursor))
            for alert in page.items:
                if driver_id in (None, alert.driver_id) and (names.wanted is None or alert.vehicle_id in names.wanted):
                    yield _row(alert, names, WORDS[request.language])
            cursor = page.next_cursor
            if cursor is None:
                return


def _row(alert: AlertView, names: _Names, words: dict[str, str]) -> Row:
    resolved_by = words["by_itself"] if alert.resolved_at and alert.resolved_by is None else alert.resolved_by
    return (
        alert.raised_at,
        alert.rule_name,
        words[alert.severity],
        words[alert.state],
        names.vehicles.get(alert.vehicle_id, alert.vehicle_id),
        None if alert.driver_id is None else names.drivers.get(alert.driver_id, alert.driver_id),
        alert.times,
        alert.evidence.value,
        alert.evidence.limit,
        alert.last_seen_at,
        alert.acknowledged_at,
        alert.acknowledged_by,
        alert.resolved_at,
        resolved_by,
    )
