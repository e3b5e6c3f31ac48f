"""The table of providers: synchronous, over resources that were opened before."""

from collections import ChainMap
from datetime import timedelta
from zoneinfo import ZoneInfo

from dependency_injector import containers, providers

from trilha.adapters.documents import TypstFormPrinter, document_writers
from trilha.adapters.postgres import (
    Lanes,
    PostgresAlertQueries,
    PostgresDeadLetters,
    PostgresDepot,
    PostgresDrivingRecords,
    PostgresFleetQueries,
    PostgresFleetUse,
    PostgresGeofenceQueries,
    PostgresIngestionQueries,
    PostgresJobs,
    PostgresLeases,
    PostgresMaintenanceQueries,
    PostgresOrganisations,
    PostgresOutbox,
    PostgresRateLimiter,
    PostgresReportQueries,
    PostgresRollup,
    PostgresRoster,
    PostgresTelemetryQueries,
    units_of_work,
)
from trilha.adapters.postgres.pools import Pool
from trilha.adapters.system import SystemClock, Uuid7Ids
from trilha.application.call_budget import CallBudget
from trilha.application.dead_letters import SettleDeadLetter
from trilha.application.exclusive_run import ExclusiveRun
from trilha.application.fleet.classify_event_type import ClassifyEventType
from trilha.application.fleet.sync_master_data import SyncMasterData
from trilha.application.holding import LEASE_TTL, Holding
from trilha.application.identity.connect_organisations import ConnectOrganisations
from trilha.application.maintenance.calendar import Calendar
from trilha.application.maintenance.command_plans import RemovePlan, SavePlan
from trilha.application.maintenance.find_due import FindDue
from trilha.application.maintenance.record_service import RecordService
from trilha.application.maintenance.report import KIND as MAINTENANCE
from trilha.application.maintenance.report import MaintenanceReport
from trilha.application.maintenance.tell_due import TellDue
from trilha.application.monitoring.alerts_report import KIND as ALERTS
from trilha.application.monitoring.alerts_report import AlertsReport
from trilha.application.monitoring.command_geofences import (
    AddGeofences,
    ChangeGeofence,
    DeleteGeofence,
    FindGeofences,
)
from trilha.application.monitoring.command_rules import ChangeRule, CreateRule, DeleteRule
from trilha.application.monitoring.notice_silence import NoticeSilence
from trilha.application.monitoring.on_events_ingested import WatchVehicles
from trilha.application.monitoring.report_visits import GEOFENCE_VISITS, GeofenceVisitsSource
from trilha.application.monitoring.rulebooks import Rulebooks
from trilha.application.monitoring.settle_alerts import AcknowledgeAlert, ResolveAlert
from trilha.application.performance.report_sources import report_sources
from trilha.application.performance.roll_up_days import RollUpDays
from trilha.application.performance.use_cases import performance_use_cases
from trilha.application.ports import EventBus, LiveFeed, RateLimit, TaskQueue
from trilha.application.relay_outbox import RelayOutbox
from trilha.application.reporting.asking import AskForReport
from trilha.application.reporting.command_jobs import CancelReport, FetchReport, FindReport, RequestReport
from trilha.application.reporting.command_schedules import DeleteSchedule, FindSchedules, PlanSchedule
from trilha.application.reporting.library import ReportLibrary
from trilha.application.reporting.limits import ReportLimits
from trilha.application.reporting.make_reports import MakeReports
from trilha.application.reporting.open_report import OpenReport
from trilha.application.request_sync import RequestSync
from trilha.application.telemetry.command_backfills import CancelBackfill, FindBackfill, RequestBackfill
from trilha.application.telemetry.fill_backfills import FillBackfills
from trilha.application.telemetry.ingest_stream import IngestStream
from trilha.application.telemetry.on_events_ingested import CountThroughput
from trilha.application.telemetry.read_amendments import ReadAmendments
from trilha.application.telemetry.replay_raw import ReplayRaw
from trilha.application.telemetry.settle_quarantine import SettleQuarantine
from trilha.application.telemetry.store_page import StorePage
from trilha.application.telemetry.watch_feeds import WatchFeeds
from trilha.application.tick_schedule import TickSchedule
from trilha.domain.monitoring.vehicle_watch import HISTORIC
from trilha.domain.telemetry import PageReader
from trilha.entrypoints.container.sources import Source


class Container(containers.DeclarativeContainer):
    """Use cases by name. What has to be opened (pools, clients) is passed in opened."""

    app_pool: providers.Dependency[Pool] = providers.Dependency()
    lanes: providers.Dependency[Lanes] = providers.Dependency()
    system_pool: providers.Dependency[Pool] = providers.Dependency()
    bus: providers.Dependency[EventBus] = providers.Dependency()
    queue: providers.Dependency[TaskQueue] = providers.Dependency()
    live: providers.Dependency[LiveFeed] = providers.Dependency()
    source: providers.Dependency[Source] = providers.Dependency()
    reader: providers.Dependency[PageReader] = providers.Dependency()
    call_limits: providers.Dependency[tuple[RateLimit, ...]] = providers.Dependency()
    budget_key: providers.Dependency[str | None] = providers.Dependency()
    lease_ttl: providers.Dependency[timedelta] = providers.Dependency(instance_of=timedelta, default=LEASE_TTL)
    historic: providers.Dependency[timedelta] = providers.Dependency(instance_of=timedelta, default=HISTORIC)
    worker: providers.Dependency[str] = providers.Dependency(instance_of=str)

    report_limits: providers.Dependency[ReportLimits] = providers.Dependency(
        instance_of=ReportLimits, default=ReportLimits()
    )

    clock = providers.Singleton(SystemClock)
    ids = providers.Singleton(Uuid7Ids)

    units = providers.Singleton(units_of_work, app_pool, clock=clock, ids=ids)
    organisations = providers.Singleton(PostgresOrganisations, system_pool)
    leases = providers.Singleton(PostgresLeases, system_pool)
    jobs = providers.Singleton(PostgresJobs, system_pool)
    outbox = providers.Singleton(PostgresOutbox, system_pool, clock=clock)
    dead_letters = providers.Singleton(PostgresDeadLetters, system_pool)
    fleet_queries = providers.Singleton(PostgresFleetQueries, app_pool, lanes)
    geofence_queries = providers.Singleton(PostgresGeofenceQueries, app_pool, lanes)
    telemetry_queries = providers.Singleton(PostgresTelemetryQueries, lanes)
    ingestion_queries = providers.Singleton(PostgresIngestionQueries, app_pool)
    alert_queries = providers.Singleton(PostgresAlertQueries, app_pool)
    driving_records = providers.Singleton(PostgresDrivingRecords, app_pool)
    rollup = providers.Singleton(PostgresRollup, app_pool)
    roster = providers.Singleton(PostgresRoster, app_pool)
    depot = providers.Singleton(PostgresDepot, app_pool)
    fleet_use = providers.Singleton(PostgresFleetUse, app_pool)
    maintenance_queries = providers.Singleton(PostgresMaintenanceQueries, app_pool)

    document_writers = providers.Singleton(document_writers)
    form_printer = providers.Singleton(TypstFormPrinter)
    report_queries = providers.Singleton(PostgresReportQueries, app_pool)

    performance = providers.Factory(
        performance_use_cases,
        records=driving_records,
        roster=roster,
        depot=depot,
        organisations=organisations,
        units=units,
        clock=clock,
        ids=ids,
        printer=form_printer,
    )
    performance_reports = providers.Factory(
        report_sources,
        records=driving_records,
        roster=roster,
        depot=depot,
        organisations=organisations,
        units=units,
        clock=clock,
    )

    rate_limiter = providers.Singleton(PostgresRateLimiter, system_pool, clock, call_limits)

    zone_of = providers.Object(ZoneInfo)
    exclusive_run = providers.Factory(
        ExclusiveRun,
        organisations=organisations,
        units=units,
        leases=leases,
        clock=clock,
        ids=ids,
        worker=worker,
        lease_ttl=lease_ttl,
    )
    store_page = providers.Factory(StorePage, source=source, units=units, live=live, clock=clock, ids=ids)
    ingest_stream = providers.Factory(
        IngestStream, run=exclusive_run, source=source, units=units, store_page=store_page, clock=clock, ids=ids
    )
    read_amendments = providers.Factory(
        ReadAmendments, run=exclusive_run, source=source, units=units, clock=clock, ids=ids
    )
    fill_backfills = providers.Factory(
        FillBackfills, run=exclusive_run, source=source, units=units, clock=clock, ids=ids
    )
    replay_raw = providers.Factory(ReplayRaw, run=exclusive_run, reader=reader, units=units, clock=clock)
    sync_master_data = providers.Factory(
        SyncMasterData, run=exclusive_run, source=source, units=units, clock=clock, ids=ids
    )
    classify_event_type = providers.Factory(ClassifyEventType, units=units, clock=clock, ids=ids)
    find_geofences = providers.Factory(FindGeofences, units=units)
    add_geofences = providers.Factory(AddGeofences, units=units, clock=clock, ids=ids)
    change_geofence = providers.Factory(ChangeGeofence, units=units, clock=clock)
    delete_geofence = providers.Factory(DeleteGeofence, units=units, clock=clock)
    connect_organisations = providers.Factory(
        ConnectOrganisations, source=source, organisations=organisations, jobs=jobs, clock=clock, ids=ids
    )
    request_sync = providers.Factory(RequestSync, units=units, clock=clock)
    request_backfill = providers.Factory(RequestBackfill, units=units, clock=clock, ids=ids)
    find_backfill = providers.Factory(FindBackfill, units=units, clock=clock)
    cancel_backfill = providers.Factory(CancelBackfill, units=units, clock=clock)
    settle_quarantine = providers.Factory(SettleQuarantine, reader=reader, units=units, clock=clock)
    settle_dead_letter = providers.Factory(SettleDeadLetter, dead_letters=dead_letters, clock=clock)
    call_budget = providers.Factory(CallBudget, limiter=rate_limiter, limits=call_limits, key=budget_key)
    watch_feeds = providers.Factory(
        WatchFeeds,
        ingestion=ingestion_queries,
        dead_letters=dead_letters,
        outbox=outbox,
        calls=call_budget,
        clock=clock,
    )
    calendar = providers.Factory(Calendar, organisations=organisations, clock=clock, zone_of=zone_of)
    find_due = providers.Factory(FindDue, units=units, depot=depot, use=fleet_use, calendar=calendar)
    save_plan = providers.Factory(SavePlan, units=units, depot=depot, calendar=calendar, ids=ids)
    remove_plan = providers.Factory(RemovePlan, units=units)
    record_service = providers.Factory(RecordService, units=units, depot=depot, calendar=calendar, ids=ids)
    tell_due = providers.Factory(TellDue, find_due=find_due, units=units)
    maintenance_report = providers.Factory(MaintenanceReport, find_due=find_due, calendar=calendar)
    rulebooks = providers.Singleton(
        Rulebooks, organisations=organisations, clock=clock, zone_of=providers.Object(ZoneInfo)
    )
    watch_vehicles = providers.Factory(
        WatchVehicles, units=units, reader=reader, rulebooks=rulebooks, ids=ids, historic=historic
    )
    notice_silence = providers.Factory(NoticeSilence, units=units, rulebooks=rulebooks, clock=clock, ids=ids)
    create_rule = providers.Factory(CreateRule, units=units, clock=clock, ids=ids)
    change_rule = providers.Factory(ChangeRule, units=units, clock=clock)
    delete_rule = providers.Factory(DeleteRule, units=units)
    acknowledge_alert = providers.Factory(AcknowledgeAlert, units=units, clock=clock)
    resolve_alert = providers.Factory(ResolveAlert, units=units, clock=clock)
    count_throughput = providers.Factory(CountThroughput, units=units)
    relay_outbox = providers.Factory(RelayOutbox, outbox=outbox, bus=bus)
    roll_up_days = providers.Factory(
        RollUpDays, rollup=rollup, organisations=organisations, clock=clock, zone_of=providers.Object(ZoneInfo)
    )
    tick_schedule = providers.Factory(
        TickSchedule,
        jobs=jobs,
        organisations=organisations,
        queue=queue,
        clock=clock,
        zone_of=zone_of,
    )

    geofence_visits_report = providers.Factory(
        GeofenceVisitsSource,
        geofences=geofence_queries,
        roster=roster,
        depot=depot,
        organisations=organisations,
        clock=clock,
    )
    alerts_report = providers.Factory(
        AlertsReport,
        alerts=alert_queries,
        depot=depot,
        roster=roster,
        organisations=organisations,
        clock=clock,
        zone_of=providers.Object(ZoneInfo),
    )
    other_reports = providers.Dict(
        {ALERTS: alerts_report, GEOFENCE_VISITS: geofence_visits_report, MAINTENANCE: maintenance_report}
    )
    """Who knows each kind of report; those of performance come together."""
    report_sources = providers.Callable(ChainMap, other_reports, performance_reports)
    report_library = providers.Singleton(ReportLibrary, sources=report_sources, writers=document_writers)
    ask_for_report = providers.Factory(
        AskForReport,
        organisations=organisations,
        roster=roster,
        depot=depot,
        clock=clock,
        zone_of=zone_of,
        limits=report_limits,
    )
    open_report = providers.Factory(OpenReport, library=report_library, ask=ask_for_report, limits=report_limits)
    request_report = providers.Factory(
        RequestReport,
        library=report_library,
        ask=ask_for_report,
        units=units,
        clock=clock,
        ids=ids,
        limits=report_limits,
    )
    find_report = providers.Factory(FindReport, units=units, clock=clock)
    cancel_report = providers.Factory(CancelReport, units=units, clock=clock)
    fetch_report = providers.Factory(FetchReport, library=report_library, units=units, clock=clock)
    make_reports = providers.Factory(
        MakeReports,
        library=report_library,
        ask=ask_for_report,
        units=units,
        holding=providers.Factory(Holding, leases=leases, clock=clock, ids=ids, worker=worker, ttl=lease_ttl),
        clock=clock,
        ids=ids,
        limits=report_limits,
    )
    plan_schedule = providers.Factory(
        PlanSchedule, library=report_library, ask=ask_for_report, units=units, clock=clock, ids=ids
    )
    find_schedules = providers.Factory(FindSchedules, units=units)
    delete_schedule = providers.Factory(DeleteSchedule, units=units)
