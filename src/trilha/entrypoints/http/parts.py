"""What the HTTP entry point is made of. The container fills it in; tests fill it with memory adapters."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field

from trilha.application.dead_letters import SettleDeadLetter
from trilha.application.fleet.classify_event_type import ClassifyEventType
from trilha.application.fleet.queries import FleetQueries
from trilha.application.maintenance.command_plans import RemovePlan, SavePlan
from trilha.application.maintenance.find_due import FindDue
from trilha.application.maintenance.queries import MaintenanceQueries
from trilha.application.maintenance.record_service import RecordService
from trilha.application.monitoring.command_geofences import (
    AddGeofences,
    ChangeGeofence,
    DeleteGeofence,
    FindGeofences,
)
from trilha.application.monitoring.command_rules import ChangeRule, CreateRule, DeleteRule
from trilha.application.monitoring.geofence_queries import GeofenceQueries
from trilha.application.monitoring.queries import AlertQueries
from trilha.application.monitoring.settle_alerts import AcknowledgeAlert, ResolveAlert
from trilha.application.performance.use_cases import PerformanceUseCases
from trilha.application.ports import Clock, DeadLetters, LiveFeed, SingleUse
from trilha.application.reporting.command_jobs import CancelReport, FetchReport, FindReport, RequestReport
from trilha.application.reporting.command_schedules import DeleteSchedule, FindSchedules, PlanSchedule
from trilha.application.reporting.library import ReportLibrary
from trilha.application.reporting.open_report import OpenReport
from trilha.application.reporting.queries import ReportQueries
from trilha.application.request_sync import RequestSync
from trilha.application.telemetry.command_backfills import CancelBackfill, FindBackfill, RequestBackfill
from trilha.application.telemetry.queries import IngestionQueries, TelemetryQueries
from trilha.application.telemetry.settle_quarantine import SettleQuarantine
from trilha.application.telemetry.watch_feeds import WatchFeeds
from trilha.domain.identity import Organisations
from trilha.entrypoints.http.access import AccessLog, through_structlog

Probe = Callable[[], Awaitable[object]]
"""Returns when the thing answers; raises, or is cut off at a deadline, when it does not."""


def hash_token(token: str) -> bytes:
    """What is kept of a bearer token; a random token of 128 bits or more needs no slow hash."""
    return hashlib.sha256(token.encode()).digest()


@dataclass(frozen=True, kw_only=True, slots=True)
class MaintenanceParts:
    """What maintenance is made of."""

    find_due: FindDue
    queries: MaintenanceQueries
    record_service: RecordService
    remove_plan: RemovePlan
    save_plan: SavePlan


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportParts:
    """What reports are made of."""

    library: ReportLibrary
    open: OpenReport
    request: RequestReport
    find: FindReport
    cancel: CancelReport
    fetch: FetchReport
    queries: ReportQueries
    plan_schedule: PlanSchedule
    find_schedules: FindSchedules
    delete_schedule: DeleteSchedule


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpParts:
    """Queries, use cases and settings. `lifespan` opens pools and clients in the server's own event loop."""

    fleet: FleetQueries
    classify_event_type: ClassifyEventType
    geofences: GeofenceQueries
    find_geofences: FindGeofences
    add_geofences: AddGeofences
    change_geofence: ChangeGeofence
    delete_geofence: DeleteGeofence
    telemetry: TelemetryQueries
    ingestion: IngestionQueries
    organisations: Organisations
    request_sync: RequestSync
    request_backfill: RequestBackfill
    find_backfill: FindBackfill
    cancel_backfill: CancelBackfill
    settle_quarantine: SettleQuarantine
    dead_letters: DeadLetters
    settle_dead_letter: SettleDeadLetter
    watch_feeds: WatchFeeds
    maintenance: MaintenanceParts
    reports: ReportParts
    performance: PerformanceUseCases
    alerts: AlertQueries
    create_rule: CreateRule
    change_rule: ChangeRule
    delete_rule: DeleteRule
    acknowledge_alert: AcknowledgeAlert
    resolve_alert: ResolveAlert
    live: LiveFeed
    single_use: SingleUse
    clock: Clock
    token_hash: bytes
    version: str
    probes: Mapping[str, Probe] = field(default_factory=dict)
    lifespan: Callable[[], AbstractAsyncContextManager[object]] = nullcontext
    access_log: AccessLog = through_structlog
