"""Pools on PostgreSQL, checked before use, and the care of the schema."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from urllib.parse import unquote, urlsplit

from trilha.adapters.postgres import APP, OWNER, SYSTEM, check_server, open_pool, prepare_cluster
from trilha.adapters.postgres import migrate as migrate_database
from trilha.adapters.system import SystemClock
from trilha.entrypoints.container.messaging import check_messaging
from trilha.entrypoints.container.table import Container
from trilha.entrypoints.settings import BadSettings, Settings, variable


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
        yield Container(app_pool=app, system_pool=system)


def _check(settings: Settings) -> None:
    check_server(settings.database_url or "", setting=variable("database_url"))
    check_server(settings.database_system_url or "", setting=variable("database_system_url"))


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
        await asyncio.to_thread(migrate_database, settings.database_owner_url, now=now)
