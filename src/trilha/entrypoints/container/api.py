"""What the API process is made of."""

import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from types import MappingProxyType

from nats.aio.client import Client

from trilha.adapters.nats import BusUnavailable, NatsLiveFeed, NatsSingleUse, open_nats
from trilha.entrypoints.container.database import open_database
from trilha.entrypoints.container.here import api_token
from trilha.entrypoints.container.table import Container
from trilha.entrypoints.http import (
    AccessLog,
    HttpParts,
    JsonLines,
    MaintenanceParts,
    Probe,
    ReportParts,
    hash_token,
    silent,
    through_structlog,
)
from trilha.entrypoints.logs import is_readable
from trilha.entrypoints.settings import Settings

_NONE: Mapping[str, Probe] = MappingProxyType({})


@asynccontextmanager
async def open_api(settings: Settings) -> AsyncGenerator[HttpParts, None]:
    """Queries and commands over opened pools; closed at the end of the block."""
    async with AsyncExitStack() as stack:
        container = await stack.enter_async_context(open_database(settings, "api"))
        client = await stack.enter_async_context(open_nats(settings.nats_url or "", name="trilha api"))

        async def database_answers() -> None:
            async with container.app_pool().connection() as connection:
                await connection.execute("select 1")

        async def nats_answers() -> None:
            if not client.is_connected:
                raise BusUnavailable("the connection to NATS is lost; it is being made again")

        yield http_parts(
            container,
            client,
            token=api_token(settings),
            probes={"database": database_answers, "nats": nats_answers},
            access_log=_access_log(settings, stack),
        )


def http_parts(
    container: Container,
    client: Client,
    *,
    token: str,
    probes: Mapping[str, Probe] = _NONE,
    access_log: AccessLog = through_structlog,
) -> HttpParts:
    """What the API is made of, over an opened container and an open connection to NATS."""
    return HttpParts(
        fleet=container.fleet_queries(),
        classify_event_type=container.classify_event_type(),
        geofences=container.geofence_queries(),
        find_geofences=container.find_geofences(),
        add_geofences=container.add_geofences(),
        change_geofence=container.change_geofence(),
        delete_geofence=container.delete_geofence(),
        telemetry=container.telemetry_queries(),
        ingestion=container.ingestion_queries(),
        organisations=container.organisations(),
        request_sync=container.request_sync(),
        request_backfill=container.request_backfill(),
        find_backfill=container.find_backfill(),
        cancel_backfill=container.cancel_backfill(),
        settle_quarantine=container.settle_quarantine(),
        dead_letters=container.dead_letters(),
        settle_dead_letter=container.settle_dead_letter(),
        watch_feeds=container.watch_feeds(),
        maintenance=MaintenanceParts(
            find_due=container.find_due(),
            queries=container.maintenance_queries(),
            record_service=container.record_service(),
            remove_plan=container.remove_plan(),
            save_plan=container.save_plan(),
        ),
        reports=_report_parts(container),
        performance=container.performance(),
        alerts=container.alert_queries(),
        create_rule=container.create_rule(),
        change_rule=container.change_rule(),
        delete_rule=container.delete_rule(),
        acknowledge_alert=container.acknowledge_alert(),
        resolve_alert=container.resolve_alert(),
        live=NatsLiveFeed(client),
        single_use=NatsSingleUse(client),
        clock=container.clock(),
        token_hash=hash_token(token),
        version=version("trilha"),
        probes=probes,
        access_log=access_log,
    )


def _report_parts(container: Container) -> ReportParts:
    return ReportParts(
        library=container.report_library(),
        open=container.open_report(),
        request=container.request_report(),
        find=container.find_report(),
        cancel=container.cancel_report(),
        fetch=container.fetch_report(),
        queries=container.report_queries(),
        plan_schedule=container.plan_schedule(),
        find_schedules=container.find_schedules(),
        delete_schedule=container.delete_schedule(),
    )


def _access_log(settings: Settings, stack: AsyncExitStack) -> AccessLog:
    if settings.log_level not in ("debug", "info"):
        return silent
    if is_readable(settings.log_format):
        return through_structlog
    lines = JsonLines(sys.stderr.buffer)
    stack.callback(lines.flush)
    return lines
