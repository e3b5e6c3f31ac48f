"""What `trilha doctor` looks at: every part by itself, so that one broken part hides no other."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from enum import StrEnum

import msgspec

from trilha.application.telemetry.health import HealthStatus
from trilha.application.telemetry.watch_feeds import FeedHealth
from trilha.domain.fleet import SourceOrganisation
from trilha.entrypoints.container.database import open_database
from trilha.entrypoints.container.here import embedded_addresses, existing_folder, worker_troubles
from trilha.entrypoints.container.messaging import check_messaging
from trilha.entrypoints.container.sources import open_source_alone
from trilha.entrypoints.container.worker import open_source
from trilha.entrypoints.mistakes import as_mistake
from trilha.entrypoints.operating import health_of_all
from trilha.entrypoints.settings import Settings, missing_mix_settings, variable
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


_HEALTH_OF = {
    HealthStatus.OK: Health.OK,
    HealthStatus.BEHIND: Health.WARNING,
    HealthStatus.STALE: Health.WARNING,
    HealthStatus.FAILING: Health.FAILED,
}
Look = Callable[[Settings], Awaitable[Finding]]


async def check_everything(settings: Settings, *, ask_source: bool) -> list[Finding]:
    """Look at processes, database, bus, feed and source; never raises for what it finds."""
    processes, reachable = _processes(settings)
    if reachable is None:
        skipped = [_skipped(part, "nothing runs here") for part in ("database", "messages", "feed")]
        source = [await _examined("source", _source_alone, settings)] if ask_source else []
        return [processes, *skipped, *source]
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
    troubles = "" if folder is None else worker_troubles(folder)
    if troubles:
        return Finding("processes", Health.WARNING, troubles), embedded_addresses(settings)
    alive = sum(child.state == "ready" for child in run.children)
    return Finding("processes", Health.OK, f"all {alive} are well"), embedded_addresses(settings)


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
    found = await health_of_all(settings)
    if not found:
        return Finding("feed", Health.WARNING, "nothing has been brought in yet")
    health = max((_HEALTH_OF[one.status] for _, one in found), key=list(Health).index)
    return Finding("feed", health, "; ".join(_told(organisation.name, one) for organisation, one in found))


def _told(name: str, health: FeedHealth) -> str:
    troubles = [f"{one.stream} are {one.status}: {one.reason}" for one in health.streams if one.reason]
    well = ", ".join(one.stream for one in health.streams if not one.reason)
    told = [*([f"{well} up to date"] if well else []), *troubles, *health.attention]
    return f"{name}: " + "; ".join(told)


async def _source(settings: Settings) -> Finding:
    if missing := missing_mix_settings(settings):
        return Finding("source", Health.WARNING, "cannot be asked: " + "; ".join(missing))
    async with AsyncExitStack() as stack:
        container = await stack.enter_async_context(open_source(settings, "doctor"))
        return _seen(settings, await container.source().organisations())


async def _source_alone(settings: Settings) -> Finding:
    """Before the first start, so that a wrong password is found before anything waits for it."""
    if missing := missing_mix_settings(settings):
        return Finding("source", Health.WARNING, "cannot be asked: " + "; ".join(missing))
    async with open_source_alone(settings) as source:
        return _seen(settings, await source.organisations())


def _seen(settings: Settings, listed: Sequence[SourceOrganisation]) -> Finding:
    hidden = sorted(set(settings.mix_organisation_ids) - {one.external_id for one in listed})
    if hidden:
        ids = ", ".join(map(str, hidden))
        return Finding(
            "source",
            Health.FAILED,
            f"signed in, but the login does not see {ids} of {variable('mix_organisation_ids')}; "
            f"it sees {', '.join(str(one.external_id) for one in listed) or 'none'}",
        )
    return Finding("source", Health.OK, f"signed in; the login sees {_organisations(len(listed))}")


def _organisations(count: int) -> str:
    return "1 organisation" if count == 1 else f"{count} organisations"
