"""What the platform was to tell about vehicles, found out in one pass in memory, and what it told."""

from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import psycopg

from tests.postgres import in_database
from trilha.adapters.memory import (
    MemoryAlertQueries,
    MemoryDatabase,
    MemoryGeofenceQueries,
    MemoryOrganisations,
    MemoryUnitsOfWork,
    SimulatedClock,
    SimulatedIds,
)
from trilha.adapters.mix import MixPages
from trilha.adapters.postgres import (
    DatabaseUrls,
    Lanes,
    PostgresAlertQueries,
    PostgresGeofenceQueries,
    PostgresOrganisations,
    open_pool,
    units_of_work,
)
from trilha.adapters.system import SystemClock, Uuid7Ids
from trilha.application.monitoring.geofence_queries import GeofenceQueries, VisitFilter
from trilha.application.monitoring.geofence_views import VisitView
from trilha.application.monitoring.on_events_ingested import CONSUMER, WatchVehicles
from trilha.application.monitoring.queries import AlertFilter, AlertQueries
from trilha.application.monitoring.rulebooks import Rulebooks
from trilha.application.monitoring.views import AlertView
from trilha.application.ports import Envelope, MonitoringUnitOfWork, UnitsOfWork
from trilha.domain.areas import Circle
from trilha.domain.identity import Organisation, OrganisationSource
from trilha.domain.kernel import GeoPoint, OrganisationId
from trilha.domain.monitoring import (
    HARSH_EVENTS,
    AlertRule,
    EventOfType,
    FenceCrossing,
    GeofenceContent,
    OverSpeed,
    RuleContent,
    new_geofences,
)
from trilha.domain.telemetry import EventsIngested
from trilha.testing.contracts.reading import NO_PAGE, walk

_TELLS = "envelope->>'type' = 'telemetry.events_ingested'"
UNWATCHED = (
    f"select count(*) from outbox o where {_TELLS} and envelope->'data'->>'backfill_id' is null "
    "and envelope->'data'->>'stream' <> 'amendments' "
    f"and not exists (select 1 from inbox i where i.consumer = '{CONSUMER}' and i.event_id = o.id)"
)
"""How many pages of the streams have not been watched yet; what a backfill brings is not."""
Told = list[dict[str, Any]]
"""Alerts and visits."""


class Watched:
    """The organisation that the simulator shows, known before any worker is, with fences and rules of its own."""

    def __init__(self, external_id: int) -> None:
        now = SystemClock().now()
        self._id = OrganisationId(Uuid7Ids().new())
        self._organisation = Organisation(self._id, "Viação", "America/Sao_Paulo", now)
        self._source = OrganisationSource(self._id, "mix", external_id)
        areas = [Circle(GeoPoint(-15.79, -47.88), radius_m) for radius_m in (2_000.0, 8_000.0)]
        named = [(Uuid7Ids().new(), GeofenceContent(name="Cerca", area=area)) for area in areas]
        self._fences = new_geofences(named, now, others=0)
        conditions = (EventOfType(HARSH_EVENTS), OverSpeed(limit_kmh=30.0), FenceCrossing((self._fences[0].id,)))
        contents = [RuleContent(name="Regra", condition=condition) for condition in conditions]
        self._rules = [AlertRule(id=Uuid7Ids().new(), content=content, changed_at=now) for content in contents]

    async def prepare(self, urls: DatabaseUrls) -> None:
        """Before the first page."""
        async with open_pool(urls.system, name="preparing", staging=False) as pool:
            assert await PostgresOrganisations(pool).add(self._organisation, self._source)
        async with open_pool(urls.app, name="preparing") as pool:
            await self._decide(units_of_work(pool, SystemClock(), Uuid7Ids()))

    async def in_one_pass(self, superuser_url: str, urls: DatabaseUrls) -> Told:
        """Every page that was told, once, in the order of telling, with nobody dying."""
        clock = SimulatedClock(self._organisation.created_at)
        ids = SimulatedIds(clock)
        database = MemoryDatabase(clock, ids)
        organisations, units = MemoryOrganisations(database), MemoryUnitsOfWork(database)
        await organisations.add(self._organisation, self._source)
        await self._decide(units)
        books = Rulebooks(organisations=organisations, clock=clock, zone_of=ZoneInfo)
        watch = WatchVehicles(units=units, reader=MixPages(), rulebooks=books, ids=ids)
        async with open_pool(urls.app, name="reading") as pool:
            for envelope in _envelopes(superuser_url, urls):
                page_id = msgspec.json.decode(envelope.data, type=EventsIngested).page_id
                async with units_of_work(pool, SystemClock(), Uuid7Ids())(self._id) as unit:
                    page = await unit.raw_pages.get(page_id)
                async with units(self._id) as unit:
                    await unit.raw_pages.add(page_id, page)
                    await unit.commit()
                await watch(envelope)
        return await self._told(MemoryAlertQueries(database), MemoryGeofenceQueries(database))

    async def told(self, urls: DatabaseUrls) -> Told:
        """What the platform told."""
        async with open_pool(urls.app, name="reading") as pool, Lanes(pool) as lanes:
            return await self._told(PostgresAlertQueries(pool), PostgresGeofenceQueries(pool, lanes))

    async def _decide(self, units: UnitsOfWork[MonitoringUnitOfWork]) -> None:
        async with units(self._id) as unit:
            await unit.geofences.save(self._fences)
            for rule in self._rules:
                await unit.alert_rules.save(rule)
            await unit.commit()

    async def _told(self, alerts: AlertQueries, fences: GeofenceQueries) -> Told:
        """Without the ids that were made for them."""
        all_alerts = await walk(lambda page: alerts.alerts(self._id, AlertFilter(), page), AlertView)
        visits = await walk(lambda page: fences.visits(self._id, VisitFilter(), page), VisitView)
        nameless = (msgspec.structs.replace(one, id=NO_PAGE) for one in (*all_alerts, *visits))
        # read back from JSON, where a whole number is the same with and without a fraction
        return [msgspec.json.decode(text) for text in sorted(msgspec.json.encode(one) for one in nameless)]


def _envelopes(superuser_url: str, urls: DatabaseUrls) -> list[Envelope]:
    with psycopg.connect(in_database(superuser_url, urls.app)) as connection:
        rows = connection.execute(f"select envelope::text from outbox where {_TELLS} order by seq").fetchall()
    return [msgspec.json.decode(text, type=Envelope) for (text,) in rows]
