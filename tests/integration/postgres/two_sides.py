"""Monitoring on memory and on PostgreSQL, one beside the other: what is done to both, and what both show of it."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import psycopg

from trilha.adapters.memory import (
    MemoryAlertQueries,
    MemoryDatabase,
    MemoryGeofenceQueries,
    MemoryOrganisations,
    MemoryPageReader,
    MemoryUnitsOfWork,
    SimulatedClock,
    SimulatedIds,
)
from trilha.adapters.memory.reader import body_of
from trilha.adapters.postgres import (
    Lanes,
    Pool,
    PostgresAlertQueries,
    PostgresGeofenceQueries,
    PostgresOrganisations,
    units_of_work,
)
from trilha.adapters.system import Uuid7Ids
from trilha.application.envelopes import envelope_of
from trilha.application.monitoring.command_geofences import AddGeofences, ChangeGeofence, DeleteGeofence
from trilha.application.monitoring.command_rules import ChangeRule, CreateRule, DeleteRule
from trilha.application.monitoring.geofence_queries import GeofenceQueries, VisitFilter
from trilha.application.monitoring.geofence_views import VisitView
from trilha.application.monitoring.notice_silence import NoticeSilence
from trilha.application.monitoring.on_events_ingested import WatchVehicles
from trilha.application.monitoring.queries import AlertFilter, AlertQueries
from trilha.application.monitoring.rulebooks import Rulebooks
from trilha.application.monitoring.settle_alerts import AcknowledgeAlert, ResolveAlert
from trilha.application.monitoring.views import AlertCount, AlertRuleView, AlertView
from trilha.application.ports import Envelope, MonitoringUnitOfWork, UnitsOfWork
from trilha.domain.fleet import Driver, DriverKind, Group, Vehicle
from trilha.domain.identity import Organisation, Organisations
from trilha.domain.kernel import DriverId, GroupId, OrganisationId, VehicleId
from trilha.domain.monitoring import VehicleWatch
from trilha.domain.telemetry import Checkpoint, EventsIngested, RawPage, Record, Stream
from trilha.testing.contracts.fresh import an_organisation
from trilha.testing.contracts.reading import walk

ANA, NOBODY = DriverId(3), DriverId(9)
BUSES = (VehicleId(7), VehicleId(8))
GARAGE = GroupId(1)


class Sent(msgspec.Struct, frozen=True):
    """A page that came once; `backfill_id` where it was asked for."""

    page_id: UUID
    event_id: UUID
    stream: Stream
    records: tuple[Record, ...]
    backfill_id: UUID | None = None


class Shown(msgspec.Struct, frozen=True):
    """Everything that can be seen from outside, and what is known of each vehicle."""

    rules: Sequence[AlertRuleView]
    alerts: Sequence[AlertView]
    summary: Sequence[AlertCount]
    visits: Sequence[VisitView]
    watches: Sequence[VehicleWatch]
    recorded: Sequence[tuple[str, str, bytes]]
    """Type, subject and data of each event, in order."""


class Side:
    """The use cases of one organisation on one kind of adapter. Two sides with like clocks make the same ids."""

    def __init__(
        self,
        clock: SimulatedClock,
        organisation: Organisation,
        organisations: Organisations,
        units: UnitsOfWork[MonitoringUnitOfWork],
        queries: tuple[AlertQueries, GeofenceQueries],
        outbox: Callable[[], Awaitable[Sequence[Envelope]]],
    ) -> None:
        self.id = organisation.id
        self._clock, self._organisation, self._organisations = clock, organisation, organisations
        self._units, self._outbox = units, outbox
        self._alert_queries, self._geofence_queries = queries
        ids = SimulatedIds(clock)
        books = Rulebooks(organisations=organisations, clock=clock, zone_of=ZoneInfo)
        self.create_rule = CreateRule(units=units, clock=clock, ids=ids)
        self.change_rule = ChangeRule(units=units, clock=clock)
        self.delete_rule = DeleteRule(units=units)
        self.add_geofences = AddGeofences(units=units, clock=clock, ids=ids)
        self.change_geofence = ChangeGeofence(units=units, clock=clock)
        self.delete_geofence = DeleteGeofence(units=units, clock=clock)
        self.acknowledge = AcknowledgeAlert(units=units, clock=clock)
        self.resolve = ResolveAlert(units=units, clock=clock)
        self.notice_silence = NoticeSilence(units=units, rulebooks=books, clock=clock, ids=ids)
        self._watch = WatchVehicles(units=units, reader=MemoryPageReader(), rulebooks=books, ids=ids)

    async def begin(self) -> None:
        """Two buses, one of them in the garage's group, and a driver who is nobody."""
        assert await self._organisations.add(self._organisation, None)
        async with self._units(self.id) as unit:
            await unit.master_data.save("groups", [Group(GARAGE, "Garagem")])
            buses = zip(BUSES, (GARAGE, None), strict=True)
            await unit.master_data.save("vehicles", [Vehicle(bus, "Ônibus", group_id=group) for bus, group in buses])
            await unit.master_data.save(
                "drivers", [Driver(ANA, "Ana"), Driver(NOBODY, "Unknown", kind=DriverKind.UNKNOWN)]
            )
            await unit.commit()

    async def keep(self, sent: Sent) -> Envelope:
        """Commit the page as ingestion does; what it told."""
        now = self._clock.now()
        next_token = "t" if sent.backfill_id is None else None
        async with self._units(self.id) as unit:
            await unit.raw_pages.add(sent.page_id, RawPage(sent.stream, "t", next_token, now, body_of(sent.records)))
            await unit.commit()
        event = EventsIngested(
            page_id=sent.page_id,
            stream=sent.stream,
            received=len(sent.records),
            inserted=len(sent.records),
            replaced=0,
            quarantined=0,
            received_at=now,
            first_occurred_at=None,
            last_occurred_at=None,
            checkpoint="t",
            backfill_id=sent.backfill_id,
        )
        return envelope_of(event, event_id=sent.event_id, organisation_id=self.id, at=now)

    async def watch(self, envelope: Envelope) -> None:
        """What the bus delivers."""
        await self._watch(envelope)

    async def ask_for_positions(self, *, caught_up: bool) -> None:
        """Positions were read until now, to their end or not."""
        now = self._clock.now()
        async with self._units(self.id) as unit:
            old = await unit.checkpoints.get(Stream.POSITIONS)
            moved_at = old.moved_at if old is not None and caught_up else now - timedelta(seconds=int(caught_up))
            version = 0 if old is None else old.version + 1
            await unit.checkpoints.save(Checkpoint(Stream.POSITIONS, "t", now, moved_at, now, version))
            await unit.commit()

    async def shown(self) -> Shown:
        """What there is now."""
        alerts, fences = self._alert_queries, self._geofence_queries
        async with self._units(self.id) as unit:
            watches = await unit.watches.load(BUSES)
        return Shown(
            rules=await walk(lambda page: alerts.rules(self.id, page), AlertRuleView),
            alerts=await walk(lambda page: alerts.alerts(self.id, AlertFilter(), page), AlertView),
            summary=list(await alerts.summary(self.id)),
            visits=await walk(lambda page: fences.visits(self.id, VisitFilter(), page), VisitView),
            watches=[watches[bus] for bus in BUSES if bus in watches],
            recorded=[(one.type, one.subject, bytes(one.data)) for one in await self._outbox()],
        )


def in_memory(clock: SimulatedClock) -> Side:
    """A side of its own."""
    database = MemoryDatabase(clock, SimulatedIds(clock, salt=1))

    async def outbox() -> Sequence[Envelope]:
        return list(database.outbox.values())

    queries = MemoryAlertQueries(database), MemoryGeofenceQueries(database)
    organisations, units = MemoryOrganisations(database), MemoryUnitsOfWork(database)
    return Side(clock, an_organisation(), organisations, units, queries, outbox)


def in_postgres(
    clock: SimulatedClock, pool: Pool, system_pool: Pool, lanes: Lanes, back_door: psycopg.Connection
) -> Side:
    """A new organisation in a database that others use too; the ids of events are unique in all of it."""
    organisation = an_organisation()

    async def outbox() -> Sequence[Envelope]:
        return _told(back_door, organisation.id)

    queries = PostgresAlertQueries(pool), PostgresGeofenceQueries(pool, lanes)
    units = units_of_work(pool, clock, Uuid7Ids())
    return Side(clock, organisation, PostgresOrganisations(system_pool), units, queries, outbox)


def _told(back_door: psycopg.Connection, organisation_id: OrganisationId) -> Sequence[Envelope]:
    rows = back_door.execute(
        "select envelope::text from outbox where organisation_id = %s order by seq", (organisation_id,)
    )
    return [msgspec.json.decode(text, type=Envelope) for (text,) in rows]
