"""The report of visits to geofences: who was where, from when to when, and for how long."""

from collections.abc import AsyncIterator, Mapping
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from trilha.application.monitoring.geofence_queries import GeofenceQueries, VisitFilter
from trilha.application.monitoring.geofence_views import VisitView
from trilha.application.ports import MAX_LIMIT, Clock, PageRequest
from trilha.domain.identity import Organisations
from trilha.domain.kernel import InvalidValue, OrganisationId
from trilha.domain.performance import Depot, Plated, Roster, day_text
from trilha.domain.reporting import Column, ColumnKind, Report, ReportHead, ReportRequest, ReportSource, Row

GEOFENCE_VISITS: Final = "geofence_visits"
_TITLE: Final = {"pt-BR": "Visitas a cercas", "en": "Visits to geofences"}
_ANALYSED: Final = {"pt-BR": "Período analisado", "en": "Analysed days"}
_COLUMNS: Final = (
    ("geofence_id", {"pt-BR": "Código da cerca", "en": "Geofence id"}, ColumnKind.TEXT),
    ("geofence", {"pt-BR": "Cerca", "en": "Geofence"}, ColumnKind.TEXT),
    ("vehicle_id", {"pt-BR": "Código do veículo", "en": "Vehicle id"}, ColumnKind.TEXT),
    ("vehicle", {"pt-BR": "Veículo", "en": "Vehicle"}, ColumnKind.TEXT),
    ("plate", {"pt-BR": "Placa", "en": "Plate"}, ColumnKind.TEXT),
    ("driver_id", {"pt-BR": "Código do motorista", "en": "Driver id"}, ColumnKind.TEXT),
    ("driver", {"pt-BR": "Motorista", "en": "Driver"}, ColumnKind.TEXT),
    ("entered_at", {"pt-BR": "Entrada", "en": "In"}, ColumnKind.TIME),
    ("left_at", {"pt-BR": "Saída", "en": "Out"}, ColumnKind.TIME),
    ("dwelled_s", {"pt-BR": "Permanência", "en": "Dwell"}, ColumnKind.SECONDS),
)


class GeofenceVisitsSource(ReportSource):
    """A row a visit that began on one of the days, oldest first; time out and dwell are empty while it goes on.

    Vehicles and drivers that the master data do not have are shown by their ids.
    """

    def __init__(
        self, *, geofences: GeofenceQueries, roster: Roster, depot: Depot, organisations: Organisations, clock: Clock
    ) -> None:
        self._geofences = geofences
        self._roster = roster
        self._depot = depot
        self._organisations = organisations
        self._clock = clock

    async def open(self, organisation_id: OrganisationId, request: ReportRequest) -> Report:
        """Of one driver, one vehicle, the vehicles of a group, or all; raises InvalidValue for several, NotFound."""
        organisation = await self._organisations.get(organisation_id)
        where = await self._where(organisation_id, request, ZoneInfo(organisation.time_zone))
        language = request.language
        first, last = (day_text(day, language) for day in (request.days.first, request.days.last))
        head = ReportHead(
            kind=GEOFENCE_VISITS,
            title=_TITLE[language],
            organisation=organisation.name,
            language=language,
            time_zone=organisation.time_zone,
            made_at=self._clock.now(),
            columns=tuple(Column(key, titles[language], kind) for key, titles, kind in _COLUMNS),
            facts=((_ANALYSED[language], f"{first} - {last}"),),
        )
        return Report(head, self._rows(organisation_id, where))

    async def _where(self, organisation_id: OrganisationId, request: ReportRequest, zone: ZoneInfo) -> VisitFilter:
        entered = request.days.instants(zone)
        match request.driver_id, request.vehicle_id, request.group_id:
            case None, None, None:
                return VisitFilter(entered=entered)
            case int(driver_id), None, None:
                await self._roster.driver(organisation_id, driver_id)
                return VisitFilter(entered=entered, driver_id=driver_id)
            case None, int(vehicle_id), None:
                await self._depot.vehicle(organisation_id, vehicle_id)
                return VisitFilter(entered=entered, vehicle_ids=(vehicle_id,))
            case None, None, group_id:
                vehicles = await self._depot.vehicles(organisation_id, group_id)
                return VisitFilter(entered=entered, vehicle_ids=tuple(one.vehicle_id for one in vehicles))
        raise InvalidValue("vehicle_id", str(request.vehicle_id), "one of driver_id, vehicle_id and group_id at most")

    async def _rows(self, organisation_id: OrganisationId, where: VisitFilter) -> AsyncIterator[Row]:
        vehicles = {str(one.vehicle_id): one for one in await self._depot.vehicles(organisation_id)}
        drivers = {str(one.driver_id): one.name for one in await self._roster.drivers(organisation_id)}
        request: PageRequest | None = PageRequest(limit=MAX_LIMIT)
        while request is not None:
            page = await self._geofences.visits(organisation_id, where, request, oldest_first=True)
            for item in page.items:
                visit = msgspec.json.decode(item, type=VisitView) if isinstance(item, msgspec.Raw) else item
                yield _row(visit, vehicles, drivers)
            request = PageRequest(limit=MAX_LIMIT, cursor=page.next_cursor) if page.next_cursor else None


def _row(visit: VisitView, vehicles: Mapping[str, Plated], drivers: Mapping[str, str]) -> Row:
    vehicle = vehicles.get(visit.vehicle_id)
    return (
        str(visit.geofence_id),
        visit.geofence_name,
        visit.vehicle_id,
        None if vehicle is None else vehicle.description,
        None if vehicle is None else vehicle.plate,
        visit.driver_id,
        drivers.get(visit.driver_id or ""),
        visit.entered_at,
        visit.left_at,
        visit.dwelled_s,
    )
