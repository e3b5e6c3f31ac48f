"""A real Granian on a free port in front of memory adapters, and a small fleet behind it."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import msgspec

from tests.driving import PlainPrinter
from trilha.adapters.documents import document_writers
from trilha.adapters.memory import (
    MemoryAlertQueries,
    MemoryDatabase,
    MemoryDeadLetters,
    MemoryDepot,
    MemoryDrivingRecords,
    MemoryFleetQueries,
    MemoryFleetUse,
    MemoryGeofenceQueries,
    MemoryIngestionQueries,
    MemoryLeases,
    MemoryLiveFeed,
    MemoryMaintenanceQueries,
    MemoryOrganisations,
    MemoryOutbox,
    MemoryPageReader,
    MemoryRateLimiter,
    MemoryReportQueries,
    MemoryRoster,
    MemorySingleUse,
    MemoryTelemetryQueries,
    MemoryUnitsOfWork,
    SimulatedClock,
    SimulatedIds,
)
from trilha.adapters.memory.database import StoredRecord
from trilha.adapters.memory.reader import feed_of
from trilha.application.call_budget import CallBudget
from trilha.application.dead_letters import SettleDeadLetter
from trilha.application.fleet.classify_event_type import ClassifyEventType
from trilha.application.holding import Holding
from trilha.application.maintenance.calendar import Calendar
from trilha.application.maintenance.command_plans import RemovePlan, SavePlan
from trilha.application.maintenance.find_due import FindDue
from trilha.application.maintenance.record_service import RecordService
from trilha.application.monitoring.command_geofences import (
    AddGeofences,
    ChangeGeofence,
    DeleteGeofence,
    FindGeofences,
)
from trilha.application.monitoring.command_rules import ChangeRule, CreateRule, DeleteRule
from trilha.application.monitoring.settle_alerts import AcknowledgeAlert, ResolveAlert
from trilha.application.performance.use_cases import PerformanceUseCases, performance_use_cases
from trilha.application.ports import RateLimit
from trilha.application.reporting.asking import AskForReport
from trilha.application.reporting.command_jobs import CancelReport, FetchReport, FindReport, RequestReport
from trilha.application.reporting.command_schedules import DeleteSchedule, FindSchedules, PlanSchedule
from trilha.application.reporting.library import ReportLibrary
from trilha.application.reporting.limits import ReportLimits
from trilha.application.reporting.make_reports import MakeReports
from trilha.application.reporting.open_report import OpenReport
from trilha.application.request_sync import RequestSync
from trilha.application.schedule import first_job_rows
from trilha.application.telemetry.command_backfills import CancelBackfill, FindBackfill, RequestBackfill
from trilha.application.telemetry.settle_quarantine import SettleQuarantine
from trilha.application.telemetry.watch_feeds import WatchFeeds
from trilha.domain.fleet import Classification, Driver, DriverKind, EventType, Group, Vehicle
from trilha.domain.identity import Organisation
from trilha.domain.kernel import DriverId, EventId, EventTypeId, GroupId, OrganisationId, PositionId, TripId, VehicleId
from trilha.domain.reporting import KINDS, ReportSource
from trilha.domain.telemetry import (
    Checkpoint,
    IngestionRun,
    Position,
    Record,
    RunKind,
    Stream,
    SubTrip,
    TelemetryEvent,
    Trip,
)
from trilha.entrypoints.http import HttpParts, MaintenanceParts, ReportParts, create_app, hash_token, serve
from trilha.testing.reports import GeneratedReports

TOKEN = "a-token-for-tests-only"
NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
SPEEDING = EventTypeId(-3890646499157906515)
START_DEADLINE_S = 20
DRIVER_ID = 2**63 - 1
VEHICLE_ID = -(2**63)
EVENTS = 30
POSITIONS = 120
TRIPS = 6
LOGIN = "mix-login"
LIMITS = (RateLimit(calls=20, window=timedelta(minutes=1)), RateLimit(calls=500, window=timedelta(hours=1)))


class Fleet:
    """One installation in memory. Change `database` and the server shows it."""

    def __init__(self) -> None:
        self.clock = SimulatedClock(NOW)
        self.ids = SimulatedIds(self.clock)
        self.database = MemoryDatabase(self.clock, self.ids)
        self.live = MemoryLiveFeed()

    def add_organisation(self, name: str = "Viação Aurora") -> OrganisationId:
        organisation = Organisation(
            id=OrganisationId(self.ids.new()), name=name, time_zone="America/Sao_Paulo", created_at=self.clock.now()
        )
        self.database.organisations[organisation.id] = organisation
        tables = self.database.of(organisation.id)
        tables.jobs.update({row.kind: row for row in first_job_rows(organisation.id, NOW + timedelta(hours=1))})
        return organisation.id

    def parts(self, **changes: Any) -> HttpParts:
        return memory_parts(self.database, **{"live": self.live, **changes})


def memory_parts(database: MemoryDatabase, **changes: Any) -> HttpParts:
    """The API over memory adapters."""
    clock, units, letters = database.clock, MemoryUnitsOfWork(database), MemoryDeadLetters(database)
    given: dict[str, Any] = {
        "fleet": MemoryFleetQueries(database),
        "classify_event_type": ClassifyEventType(units=units, clock=clock, ids=database.ids),
        "geofences": MemoryGeofenceQueries(database),
        "find_geofences": FindGeofences(units=units),
        "add_geofences": AddGeofences(units=units, clock=clock, ids=database.ids),
        "change_geofence": ChangeGeofence(units=units, clock=clock),
        "delete_geofence": DeleteGeofence(units=units, clock=clock),
        "telemetry": MemoryTelemetryQueries(database),
        "ingestion": MemoryIngestionQueries(database),
        "organisations": MemoryOrganisations(database),
        "request_sync": RequestSync(units=units, clock=clock),
        "request_backfill": RequestBackfill(units=units, clock=clock, ids=database.ids),
        "find_backfill": FindBackfill(units=units, clock=clock),
        "cancel_backfill": CancelBackfill(units=units, clock=clock),
        "settle_quarantine": SettleQuarantine(reader=MemoryPageReader(), units=units, clock=clock),
        "dead_letters": letters,
        "settle_dead_letter": SettleDeadLetter(dead_letters=letters, clock=clock),
        "watch_feeds": watch_feeds(database, LOGIN),
        "maintenance": maintenance_parts(database),
        "reports": report_parts(database),
        "performance": performance(database),
        "alerts": MemoryAlertQueries(database),
        "create_rule": CreateRule(units=units, clock=clock, ids=database.ids),
        "change_rule": ChangeRule(units=units, clock=clock),
        "delete_rule": DeleteRule(units=units),
        "acknowledge_alert": AcknowledgeAlert(units=units, clock=clock),
        "resolve_alert": ResolveAlert(units=units, clock=clock),
        "live": MemoryLiveFeed(),
        "single_use": MemorySingleUse(clock),
        "clock": clock,
        "token_hash": hash_token(TOKEN),
        "version": "test",
    }
    return HttpParts(**{**given, **changes})


def report_parts(
    database: MemoryDatabase,
    sources: Mapping[str, ReportSource] | None = None,
    limits: ReportLimits = ReportLimits(),  # noqa: B008 - a frozen value
) -> ReportParts:
    """Reports out of nothing, five rows each, unless other sources are given."""
    clock, units = database.clock, MemoryUnitsOfWork(database)
    known = dict.fromkeys((one.kind for one in KINDS), GeneratedReports(5)) if sources is None else sources
    library = ReportLibrary(known, document_writers())
    ask = asking(database, limits)
    return ReportParts(
        library=library,
        open=OpenReport(library=library, ask=ask, limits=limits),
        request=RequestReport(library=library, ask=ask, units=units, clock=clock, ids=database.ids, limits=limits),
        find=FindReport(units=units, clock=clock),
        cancel=CancelReport(units=units, clock=clock),
        fetch=FetchReport(library=library, units=units, clock=clock),
        queries=MemoryReportQueries(database),
        plan_schedule=PlanSchedule(library=library, ask=ask, units=units, clock=clock, ids=database.ids),
        find_schedules=FindSchedules(units=units),
        delete_schedule=DeleteSchedule(units=units),
    )


def asking(database: MemoryDatabase, limits: ReportLimits) -> AskForReport:
    return AskForReport(
        organisations=MemoryOrganisations(database),
        roster=MemoryRoster(database),
        depot=MemoryDepot(database),
        clock=database.clock,
        zone_of=ZoneInfo,
        limits=limits,
    )


def make_reports(database: MemoryDatabase, reports: ReportParts) -> MakeReports:
    """The worker's part of it."""
    clock, limits = database.clock, ReportLimits()
    ask = asking(database, limits)
    return MakeReports(
        library=reports.library,
        ask=ask,
        units=MemoryUnitsOfWork(database),
        holding=Holding(MemoryLeases(database), clock, database.ids, "worker"),
        clock=clock,
        ids=database.ids,
        limits=limits,
    )


def maintenance_parts(database: MemoryDatabase) -> MaintenanceParts:
    units, depot = MemoryUnitsOfWork(database), MemoryDepot(database)
    calendar = Calendar(MemoryOrganisations(database), database.clock, ZoneInfo)
    return MaintenanceParts(
        find_due=FindDue(units=units, depot=depot, use=MemoryFleetUse(database), calendar=calendar),
        queries=MemoryMaintenanceQueries(database),
        record_service=RecordService(units=units, depot=depot, calendar=calendar, ids=database.ids),
        remove_plan=RemovePlan(units=units),
        save_plan=SavePlan(units=units, depot=depot, calendar=calendar, ids=database.ids),
    )


def performance(database: MemoryDatabase) -> PerformanceUseCases:
    return performance_use_cases(
        records=MemoryDrivingRecords(database),
        roster=MemoryRoster(database),
        depot=MemoryDepot(database),
        organisations=MemoryOrganisations(database),
        units=MemoryUnitsOfWork(database),
        clock=database.clock,
        ids=database.ids,
        printer=PlainPrinter(),
    )


def watch_feeds(database: MemoryDatabase, login: str | None) -> WatchFeeds:
    return WatchFeeds(
        ingestion=MemoryIngestionQueries(database),
        dead_letters=MemoryDeadLetters(database),
        outbox=MemoryOutbox(database),
        calls=CallBudget(limiter=MemoryRateLimiter(database, LIMITS), limits=LIMITS, key=login),
        clock=database.clock,
    )


def fill(fleet: Fleet, organisation_id: OrganisationId) -> None:
    """A few of everything, extremes of ids among them."""
    tables = fleet.database.of(organisation_id)
    names = ["Álvaro Conceição", "José da Silva", "jose da silva", "Zélia", "Unknown driver", "Ana"]
    for number, name in enumerate(names):
        driver = Driver(
            id=DriverId(DRIVER_ID - number),
            name=name,
            badge=f"B{number}",
            group_id=GroupId(1),
            kind=DriverKind.UNKNOWN if name.startswith("Unknown") else DriverKind.PERSON,
            active=name != "Ana",
        )
        tables.master["drivers"][driver.id] = driver
    tables.master["groups"][1] = Group(id=GroupId(1), name="Depot", kind="site")
    for number in range(3):
        vehicle = Vehicle(id=VehicleId(VEHICLE_ID + number), description=f"Bus {number}", plate=f"ABC{number}")
        tables.master["vehicles"][vehicle.id] = vehicle
    tables.master["event_types"][SPEEDING] = EventType(
        id=SPEEDING, description="Over speeding", classification=Classification.DRIVING_INFRACTION
    )
    for number in range(EVENTS):
        add_event(fleet, organisation_id, number)
    for number in range(POSITIONS):
        add_record(fleet, organisation_id, a_position(number))
    for number in range(TRIPS):
        add_record(fleet, organisation_id, a_trip(number))
    run = IngestionRun(id=fleet.ids.new(), kind=RunKind.EVENTS, started_at=NOW - timedelta(minutes=1))
    tables.runs[run.id] = run
    tables.checkpoints[Stream.EVENTS] = Checkpoint(
        stream=Stream.EVENTS, token="t1", token_time=NOW - timedelta(hours=1), moved_at=NOW, checked_at=NOW
    )


def add_event(fleet: Fleet, organisation_id: OrganisationId, number: int, minutes_ago: int | None = None) -> EventId:
    event = TelemetryEvent(
        id=EventId(number * 7919),
        occurred_at=NOW - timedelta(minutes=number // 3 if minutes_ago is None else minutes_ago),
        driver_id=DriverId(DRIVER_ID - number % 2),
        vehicle_id=VehicleId(VEHICLE_ID + number % 3),
        event_type_id=SPEEDING,
        speed_limit_kmh=80.0,
        start_latitude_deg=-23.5,
        start_longitude_deg=-46.6,
    )
    add_record(fleet, organisation_id, event)
    return event.id


def a_position(number: int, **changes: Any) -> Position:
    """Vehicles in turns, each going north-east from the city; 30 s from one to the next of the same vehicle."""
    turn = POSITIONS // 3 - number // 3
    given: dict[str, Any] = {
        "id": PositionId(number * 7919),
        "occurred_at": NOW - timedelta(seconds=30 * turn),
        "driver_id": DriverId(DRIVER_ID - number % 2),
        "vehicle_id": VehicleId(VEHICLE_ID + number % 3),
        "latitude_deg": -23.5 - turn * 0.001,
        "longitude_deg": -46.6 - turn * 0.001,
        "speed_kmh": 50.0,
    }
    return Position(**{**given, **changes})


def a_trip(number: int) -> Trip:
    begun = NOW - timedelta(hours=number + 1)
    return Trip(
        id=TripId(number * 7919),
        occurred_at=begun,
        driver_id=DriverId(DRIVER_ID - number % 2),
        vehicle_id=VehicleId(VEHICLE_ID + number % 3),
        started_at=begun,
        distance_km=12.5,
        sub_trips=(SubTrip(started_at=begun, distance_km=12.5),),
    )


def add_record(fleet: Fleet, organisation_id: OrganisationId, record: Record) -> None:
    stored = StoredRecord(record=record, page_id=fleet.ids.new(), received_at=NOW)
    fleet.database.of(organisation_id).records[feed_of(record)][record.id] = (stored,)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(parts: HttpParts) -> Iterator[str]:
    """The application on a real server; gives its address."""
    port = free_port()
    loop = asyncio.new_event_loop()
    failures: list[BaseException] = []

    async def main() -> None:
        await serve(lambda: create_app(parts), "127.0.0.1", port, signals=False)

    task = loop.create_task(main())

    def run() -> None:
        try:
            loop.run_until_complete(task)
        except asyncio.CancelledError:
            pass
        except BaseException as error:  # noqa: BLE001 - shown by the waiting test
            failures.append(error)
        finally:
            loop.close()

    thread = threading.Thread(target=run, name="http-under-test")
    thread.start()
    try:
        _wait_until_listening(port, failures)
        yield f"http://127.0.0.1:{port}"
    finally:
        if thread.is_alive():
            loop.call_soon_threadsafe(task.cancel)
        thread.join(timeout=START_DEADLINE_S)
        assert not thread.is_alive(), "the server did not stop"
    assert not failures


def _wait_until_listening(port: int, failures: list[BaseException]) -> None:
    waited = threading.Event()
    for _ in range(START_DEADLINE_S * 50):
        if failures:
            raise failures[0]
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        waited.wait(0.02)
    raise TimeoutError(f"nothing listens on {port}")


def walk(client: httpx.Client, path: str, **query: object) -> Iterator[dict[str, Any]]:
    """Every page of a list."""
    cursor: str | None = None
    while True:
        parameters = {**query, **({"cursor": cursor} if cursor else {})}
        answer = client.get(path, params=parameters)
        assert answer.status_code == 200, answer.text
        page = msgspec.json.decode(answer.content)
        yield page
        cursor = page["next_cursor"]
        if cursor is None:
            return


def until(condition: Callable[[], bool], deadline_s: float = 10.0) -> bool:
    """Wait for a condition; False if it never came true."""
    waited = threading.Event()
    for _ in range(int(deadline_s * 50)):
        if condition():
            return True
        waited.wait(0.02)
    return False
