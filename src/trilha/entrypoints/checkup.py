"""What `trilha doctor` looks at: every part by itself, so that one broken part hides no other."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from enum import StrEnum

import msgspec

from trilha.domain.kernel import DomainError
from trilha.entrypoints.container.database import open_database
from trilha.entrypoints.container.messaging import check_messaging
from trilha.entrypoints.container.worker import open_ingestion
from trilha.entrypoints.settings import Settings, missing_mix_settings

_MANY_WAITING = 1_000


class Health(StrEnum):
    """How a part is."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


class Finding(msgspec.Struct, frozen=True):
    """One part, how it is, and what to know or do."""

    part: str
    health: Health
    detail: str


async def check_everything(settings: Settings, *, ask_source: bool) -> list[Finding]:
    """Look at database, bus, feed and source; never raises for what it finds."""
    parts: list[tuple[str, Callable[[Settings], Awaitable[Finding]]]] = [
        ("database", _database),
        ("messages", _messages),
        ("feed", _feed),
    ]
    if ask_source:
        parts.append(("source", _source))
    return [await _examined(name, look, settings) for name, look in parts]


async def _examined(part: str, look: Callable[[Settings], Awaitable[Finding]], settings: Settings) -> Finding:
    try:
        return await look(settings)
    except DomainError as error:
        return Finding(part, Health.FAILED, f"{error} ({error.code})")


async def _database(settings: Settings) -> Finding:
    async with open_database(settings, "doctor") as container:
        organisations = await container.organisations().all()
        return Finding(
            "database",
            Health.OK,
            f"schema up to date, row-level security holds both roles, {len(organisations)} organisations",
        )


async def _messages(settings: Settings) -> Finding:
    await check_messaging(settings)
    async with open_database(settings, "doctor") as container:
        waiting = await container.outbox().unsent()
    if waiting > _MANY_WAITING:
        return Finding("messages", Health.WARNING, f"{waiting} events wait in the outbox: is a relay running?")
    return Finding("messages", Health.OK, f"NATS and its streams are as they should be, {waiting} events wait")


async def _feed(settings: Settings) -> Finding:
    told = []
    async with open_database(settings, "doctor") as container:
        now = container.clock().now()
        for organisation in await container.organisations().all():
            for row in await container.ingestion_queries().checkpoints(organisation.id, now):
                told.append(f"{row.stream} of {organisation.name} read up to {row.token_time:%Y-%m-%d %H:%M} UTC")
                if row.open_gaps:
                    return Finding("feed", Health.WARNING, f"{told[-1]}, with {row.open_gaps} open gaps before it")
    if not told:
        return Finding("feed", Health.WARNING, "nothing has been brought in yet")
    return Finding("feed", Health.OK, "; ".join(told))


async def _source(settings: Settings) -> Finding:
    if missing := missing_mix_settings(settings):
        return Finding("source", Health.WARNING, "; ".join(missing))
    async with AsyncExitStack() as stack:
        container = await stack.enter_async_context(open_ingestion(settings, "doctor"))
        listed = await container.source().organisations()
    return Finding("source", Health.OK, f"signed in; the login sees {len(listed)} organisations")
