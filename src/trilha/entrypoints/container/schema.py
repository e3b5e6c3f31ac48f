"""The care of the schema and of the streams: what a start does first, and upkeep."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from urllib.parse import unquote, urlsplit

from trilha.adapters.postgres import APP, OWNER, SYSTEM, make_partitions, prepare_cluster
from trilha.adapters.postgres import migrate as migrate_database
from trilha.adapters.system import SystemClock
from trilha.entrypoints.container.here import DATABASE, data_folder, role_passwords, superuser_url
from trilha.entrypoints.container.messaging import check_messaging
from trilha.entrypoints.settings import BadSettings, Settings


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


async def ensure_months(settings: Settings, now: datetime) -> None:
    """Keep the partitions of events ahead of time; the owner's work, done where the owner's address is known."""
    if settings.database_owner_url:
        await asyncio.to_thread(make_partitions, settings.database_owner_url, now=now)


def prepare_embedded(settings: Settings) -> None:
    """Make roles and database in the embedded PostgreSQL that runs on the data folder."""
    folder = data_folder(settings)
    prepare_cluster(superuser_url(folder), role_passwords(folder), database=DATABASE)
