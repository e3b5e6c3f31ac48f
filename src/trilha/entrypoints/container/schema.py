"""The care of the schema and of the streams: what a start does first, and upkeep."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from urllib.parse import unquote, urlsplit

from trilha.adapters.postgres import APP, OWNER, SYSTEM, make_partitions, prepare_cluster, take_away_old
from trilha.adapters.postgres import migrate as migrate_database
from trilha.adapters.system import SystemClock
from trilha.application.retention import Retention, cut_offs
from trilha.entrypoints.container.here import DATABASE, data_folder, role_passwords, superuser_url
from trilha.entrypoints.container.messaging import check_messaging
from trilha.entrypoints.settings import BadSettings, Settings

log = logging.getLogger(__name__)


async def migrate(settings: Settings, progress: Callable[[str], None] = lambda _: None) -> None:
    """Bring the schema up to date, make partitions ahead, and make or check the streams. Safe to repeat."""
    now = SystemClock().now()
    await asyncio.to_thread(migrate_database, settings.database_owner_url or "", now=now, progress=progress)
    progress("checking the streams of NATS")
    await check_messaging(settings)


def make_roles(settings: Settings, superuser_url: str) -> None:
    """Make the three roles and the database that the configured addresses name, with the passwords in them."""
    urls = {APP: settings.database_url, OWNER: settings.database_owner_url, SYSTEM: settings.database_system_url}
    parts = {role: urlsplit(url or "") for role, url in urls.items()}
    for role, address in parts.items():
        if address.username != role:
            raise BadSettings([f"the address of role {role} signs in as {address.username!r}; expected {role!r}"])
    passwords = {role: unquote(address.password or "") for role, address in parts.items()}
    prepare_cluster(superuser_url, passwords, database=parts[APP].path.lstrip("/"))


async def keep_house(settings: Settings, now: datetime) -> None:
    """Make the months to come and take away what is old; the owner's work, done where the owner's address is known."""
    if settings.database_owner_url:
        await asyncio.to_thread(make_partitions, settings.database_owner_url, now=now)
        cut = cut_offs(retention(settings), now)
        taken = await asyncio.to_thread(take_away_old, settings.database_owner_url, cut)
        if taken:
            log.info("old data taken away: %s", ", ".join(f"{table} {count}" for table, count in taken.items()))


def retention(settings: Settings) -> Retention:
    """How long data are kept."""
    return Retention(
        events_days=settings.retention_events_days,
        trips_days=settings.retention_trips_days,
        positions_days=settings.retention_positions_days,
        forms_days=settings.retention_forms_days,
        alerts_days=settings.retention_alerts_days,
        raw_pages_days=settings.retention_raw_pages_days,
        sent_days=settings.retention_sent_days,
        settled_days=settings.retention_settled_days,
        runs_days=settings.retention_runs_days,
        report_files_days=settings.retention_report_files_days,
    )


def prepare_embedded(settings: Settings) -> None:
    """Make roles and database in the embedded PostgreSQL that runs on the data folder."""
    folder = data_folder(settings)
    prepare_cluster(superuser_url(folder), role_passwords(folder), database=DATABASE)
