"""Pools on PostgreSQL, checked before use."""

import asyncio
import os
import socket
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

from dependency_injector import providers

from trilha.adapters.postgres import Lanes, check_server, open_pool
from trilha.application.reporting.limits import ReportLimits
from trilha.entrypoints.container.sources import budget_key, call_limits, reader_named
from trilha.entrypoints.container.table import Container
from trilha.entrypoints.settings import Settings, variable


@asynccontextmanager
async def open_database(settings: Settings, process: str) -> AsyncGenerator[Container, None]:
    """A container over opened pools of both roles. Raises what `check_server` raises, naming the setting."""
    app_url, system_url = settings.database_url or "", settings.database_system_url or ""
    await asyncio.to_thread(_check, settings)
    async with AsyncExitStack() as stack:
        size = settings.database_pool_size
        app = await stack.enter_async_context(open_pool(app_url, name=f"{process} app", size=size))
        system = await stack.enter_async_context(
            open_pool(system_url, name=f"{process} system", size=size, staging=False)
        )
        lanes = await stack.enter_async_context(Lanes(app))
        yield Container(
            app_pool=app,
            lanes=lanes,
            system_pool=system,
            reader=providers.Callable(reader_named, settings.fleet_source),
            call_limits=providers.Object(call_limits(settings)),
            budget_key=providers.Object(budget_key(settings)),
            lease_ttl=timedelta(seconds=settings.lease_ttl_s),
            report_limits=report_limits(settings),
            historic=timedelta(hours=settings.alerts_historic_hours),
            worker=worker_name(process),
        )


def report_limits(settings: Settings) -> ReportLimits:
    """How much of a report is made at once, and how many later."""
    return ReportLimits(
        direct_rows=settings.report_direct_rows,
        json_rows=settings.report_json_rows,
        longest_days=settings.report_longest_days,
        waiting_jobs=settings.report_waiting_jobs,
        kept=timedelta(days=settings.retention_report_files_days),
    )


def worker_name(process: str) -> str:
    """Names this process in leases and logs."""
    return f"{process}@{socket.gethostname()}:{os.getpid()}"


def _check(settings: Settings) -> None:
    check_server(settings.database_url or "", setting=variable("database_url"))
    check_server(settings.database_system_url or "", setting=variable("database_system_url"))
