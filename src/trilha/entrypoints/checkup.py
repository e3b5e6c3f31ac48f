"""What `trilha doctor` looks at: every part by itself, so that one broken part hides no other."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from enum import StrEnum

import msgspec

from trilha.entrypoints.container.database import open_database
from trilha.entrypoints.container.here import embedded_addresses, existing_folder
from trilha.entrypoints.container.messaging import check_messaging
from trilha.entrypoints.container.worker import open_ingestion
from trilha.entrypoints.mistakes import as_mistake
from trilha.entrypoints.settings import Settings, missing_mix_settings
from trilha.entrypoints.supervisor import status

_MANY_WAITING = 1_000


class Health(StrEnum):
    """How a part is."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


class Finding(msgspec.Struct, frozen=True):
    """One part, how it is, and what to know or do."""

    part: str
    health: Health
    detail: str


Look = Callable[[Settings], Awaitable[Finding]]


async def check_everything(settings: Settings, *, ask_source: bool) -> list[Finding]:
    """Look at processes, database, bus, feed and source; never raises for what it finds."""
    processes, reachable = _processes(settings)
    if reachable is None:
        return [
            processes,
            *(_skipped(part, "nothing runs here") for part in ("database", "messages", "feed", "source")),
        ]
    database = await _examined("database", _database, reachable)
    findings = [processes, database]
    looks: dict[str, Look] = {"messages": _messages, "feed": _feed, **({"source": _source} if ask_source else {})}
    if database.health is Health.FAILED:
        findings.append(await _examined("messages", _streams, reachable))
        return [*findings, *(_skipped(part, "needs the database") for part in looks if part != "messages")]
    return [*findings, *[await _examined(part, look, reachable) for part, look in looks.items()]]


def _processes(settings: Settings) -> tuple[Finding, Settings | None]:
    """How the processes on this machine are, and where the servers are found."""
    folder = existing_folder(settings)
    run = None if folder is None else status(folder)
    if run is None or not run.running:
        if settings.database_url and settings.nats_url:
            return Finding(
                "processes", Health.OK, "your own servers are used; nothing runs on the data folder"
            ), settings
        why = f" (the last start failed: {run.error})" if run is not None and run.error else ""
        return Finding("processes", Health.FAILED, f"nothing runs on this data folder{why}: start `trilha up`"), None
    if not run.ready:
        return Finding("processes", Health.WARNING, "`trilha up` is starting"), embedded_addresses(settings)
    restarted = [
        f"{child.name} {child.restarts} (last end: {child.last_exit})" for child in run.children if child.restarts
    ]
    down = [f"{child.name} is {child.state}" for child in run.children if child.state not in {"ready", "done"}]
    if down or restarted:
        detail = "; ".join([*down, *(["restarts: " + ", ".join(restarted)] if restarted else [])])
        return Finding("processes", Health.WARNING, f"{detail}; see the logs in {folder.logs if folder else ''}"), (
            embedded_addresses(settings)
        )
    return Finding("processes", Health.OK, f"all {len(run.children)} are well"), embedded_addresses(settings)


def _skipped(part: str, why: str) -> Finding:
    return Finding(part, Health.SKIPPED, f"not looked at: {why}")


async def _examined(part: str, look: Look, settings: Settings) -> Finding:
    try:
        return await look(settings)
    except Exception as error:
        mistake = as_mistake(error)
        if mistake is None:
            raise
        return Finding(part, Health.FAILED, str(mistake))


async def _database(settings: Settings) -> Finding:
    async with open_database(settings, "doctor") as container:
        organisations = await container.organisations().all()
        return Finding(
            "database",
            Health.OK,
            f"schema up to date, row-level security holds both roles, {_organisations(len(organisations))}",
        )


async def _streams(settings: Settings) -> Finding:
    await check_messaging(settings)
    return Finding("messages", Health.OK, "NATS and its streams are as they should be")


async def _messages(settings: Settings) -> Finding:
    streams = await _streams(settings)
    async with open_database(settings, "doctor") as container:
        waiting = await container.outbox().unsent()
    if waiting > _MANY_WAITING:
        return Finding("messages", Health.WARNING, f"{waiting} events wait in the outbox: is a relay running?")
    return Finding("messages", Health.OK, f"{streams.detail}, {waiting} events wait")


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
        return Finding("source", Health.WARNING, "cannot be asked: " + "; ".join(missing))
    async with AsyncExitStack() as stack:
        container = await stack.enter_async_context(open_ingestion(settings, "doctor"))
        listed = await container.source().organisations()
    return Finding("source", Health.OK, f"signed in; the login sees {_organisations(len(listed))}")


def _organisations(count: int) -> str:
    return "1 organisation" if count == 1 else f"{count} organisations"
