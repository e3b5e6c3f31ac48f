"""`trilha migrate | sync | ingest`: bringing schema and data up to date."""

import asyncio
from collections.abc import Sequence

import rich_click as click
from rich.markup import escape

from trilha.application.schedule import SYNCED
from trilha.application.telemetry.views import RunView
from trilha.entrypoints.cli.output import as_json, console, errors, say, show, speaks_plainly
from trilha.entrypoints.cli.running import operator_settings
from trilha.entrypoints.mistakes import Mistake
from trilha.entrypoints.settings import BadSettings, missing_mix_settings


@click.command()
@click.option(
    "--as-superuser",
    metavar="URL",
    help="First make the three roles and the database of the configured addresses, signed in as this superuser.",
)
@speaks_plainly
def migrate(*, as_superuser: str | None) -> None:
    """Bring the database schema and the NATS streams up to date. Safe to repeat, and to run twice at once.

    [cyan]trilha up[/] does this by itself. Data are never removed; there is no way back but a backup.

    Example: [cyan]trilha migrate --as-superuser postgresql://postgres@db.example/postgres[/]
    """
    settings = operator_settings("migrate")
    from trilha.entrypoints.container import schema

    if as_superuser:
        schema.make_roles(settings, as_superuser)
    with console.status("migrating") as progress:
        asyncio.run(schema.migrate(settings, progress.update))
    say("the database and the streams are up to date")


@click.command()
@click.argument("what", type=click.Choice(["all", *SYNCED]), default="all")
@click.option("--wait/--no-wait", default=True, show_default=True, help="Follow the runs until they have ended.")
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(min=1),
    default=300.0,
    show_default=True,
    help="Seconds to wait for them.",
)
@as_json
@speaks_plainly
def sync(*, what: str, wait: bool, timeout_s: float, as_json: bool) -> None:
    """Ask the running workers for fresh data now, and watch them.

    [cyan]all[/] is master data (drivers, vehicles, groups, event types), the three streams (events, positions, trips)
    and what the source has amended of them. Exit code 1 if a run fails.

    Example: [cyan]trilha sync events[/]
    """
    settings = operator_settings("sync")
    from trilha.entrypoints.following import request_and_follow

    kinds = SYNCED if what == "all" else (what,)
    with errors.status("asking the workers") as progress:
        runs = asyncio.run(
            request_and_follow(settings, kinds, timeout_s=timeout_s if wait else 0.0, progress=progress.update)
        )
    _report(runs, as_json=as_json)
    if wait and (len(runs) < len(kinds) or any(run.status == "running" for run in runs)):
        raise Mistake(f"not finished after {timeout_s:g} s: `trilha status` and the worker's log say why")


@click.command()
@click.argument("what", type=click.Choice(["all", *SYNCED]), default="all")
@as_json
@speaks_plainly
def ingest(*, what: str, as_json: bool) -> None:
    """Bring data in here and now, in this process, without a worker.

    Needs the database and the MiX settings; takes the same lease as the workers, so both can never write at once.

    Example: [cyan]trilha ingest master_data[/]
    """
    settings = operator_settings("ingest")
    if missing := missing_mix_settings(settings):
        raise BadSettings(missing)
    from trilha.entrypoints.following import ingest_here

    kinds = SYNCED if what == "all" else (what,)
    with errors.status("connecting") as progress:
        runs = asyncio.run(ingest_here(settings, kinds, progress=progress.update))
    _report(runs, as_json=as_json)


def _report(runs: Sequence[RunView], *, as_json: bool) -> None:
    if as_json:
        show({"runs": runs}, as_json=True)
    else:
        from trilha.entrypoints.following import summary

        for run in runs:
            say(escape(summary(run)))
        if not runs:
            say("asked; the workers begin within a second")
    failed = [run for run in runs if run.status in {"failed", "lost"}]
    if failed:
        raise Mistake("; ".join(f"{run.kind}: {run.error_message} ({run.error_code})" for run in failed))
