"""`trilha backfill`: bringing a past time in."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import nullcontext
from datetime import datetime
from uuid import UUID

import rich_click as click
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from trilha.application.telemetry.views import BackfillView
from trilha.entrypoints.cli.asking import MOMENT, organisation
from trilha.entrypoints.cli.output import as_json, errors, say, show, show_rows, speaks_plainly
from trilha.entrypoints.cli.running import operator_settings
from trilha.entrypoints.mistakes import Mistake

_FEEDS = ("events", "positions", "trips")
_wait = click.option("--wait", is_flag=True, help="Stay until it has ended, with a bar; Ctrl-C leaves it running.")


@click.group()
def backfill() -> None:
    """Bring a past time in by range: after an outage, or from before the first start.

    A backfill goes on in the workers, behind the streams and with the calls that they leave, also when this command
    has ended. What is there already is not doubled. Gaps of the feed are healed without being asked.

    Example: [cyan]trilha backfill start --from 2026-03-01 --to 2026-03-08 --wait[/]
    """


@backfill.command()
@click.option("--from", "start", type=MOMENT, required=True, help="Not before this time; UTC unless it has a zone.")
@click.option("--to", "end", type=MOMENT, required=True, help="Before this time, which has to be over.")
@click.option(
    "--stream", "streams", type=click.Choice(_FEEDS), multiple=True, help="Only this one; may be given several times."
)
@organisation
@_wait
@as_json
@speaks_plainly
def start(
    *, start: datetime, end: datetime, streams: tuple[str, ...], organisation: str | None, wait: bool, as_json: bool
) -> None:
    """Start one, over 90 days at most. Only one runs at a time.

    Example: [cyan]trilha backfill start --from 2026-03-01 --to 2026-03-08 --stream positions[/]
    """
    settings = operator_settings("backfill")
    from trilha.entrypoints.operating import operating

    async def run() -> BackfillView:
        async with operating(settings, organisation) as operator:
            view = await operator.start_backfill(start, end, streams)
            if not as_json:
                say(f"backfill {view.id} is accepted; the workers begin within seconds")
            return await _followed(operator.follow_backfill(view.id), wait=wait, quiet=as_json, view=view)

    _report(asyncio.run(run()), as_json=as_json)


@backfill.command()
@click.argument("backfill_id", type=click.UUID, required=False, metavar="[ID]")
@organisation
@_wait
@as_json
@speaks_plainly
def status(*, backfill_id: UUID | None, organisation: str | None, wait: bool, as_json: bool) -> None:
    """Say how far one is, what it has brought, and when it should end; the newest where none is named.

    Exit code 1 if it failed or was cancelled.

    Example: [cyan]trilha backfill status --wait[/]
    """
    settings = operator_settings("backfill")
    from trilha.entrypoints.operating import operating

    async def run() -> BackfillView:
        async with operating(settings, organisation) as operator:
            view = await operator.backfill(backfill_id)
            return await _followed(operator.follow_backfill(view.id), wait=wait, quiet=as_json, view=view)

    _report(asyncio.run(run()), as_json=as_json)


@backfill.command(name="list")
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True, help="How many, newest first.")
@organisation
@as_json
@speaks_plainly
def list_(*, limit: int, organisation: str | None, as_json: bool) -> None:
    """List backfills, those that heal gaps too.

    Example: [cyan]trilha backfill list --limit 5[/]
    """
    settings = operator_settings("backfill")
    from trilha.entrypoints.operating import operating

    async def run() -> list[BackfillView]:
        async with operating(settings, organisation) as operator:
            return await operator.backfills(limit)

    views = asyncio.run(run())
    if as_json:
        show({"backfills": views}, as_json=True)
    else:
        headings = ("id", "status", "done", "from", "to", "streams", "why", "received")
        show_rows(headings, [_row(view) for view in views])


@backfill.command()
@click.argument("backfill_id", type=click.UUID, metavar="ID")
@organisation
@as_json
@speaks_plainly
def cancel(*, backfill_id: UUID, organisation: str | None, as_json: bool) -> None:
    """Stop one. What it brought in stays.

    Example: [cyan]trilha backfill cancel 019b1f5e-7d1c-7c3e-9d5a-4c1f0e2b3a4d[/] (`trilha backfill list` has the ids)
    """
    settings = operator_settings("backfill")
    from trilha.entrypoints.operating import operating

    async def run() -> BackfillView:
        async with operating(settings, organisation) as operator:
            return await operator.cancel_backfill(backfill_id)

    show(_shown(asyncio.run(run()), as_json=as_json), as_json=as_json)


async def _followed(views: AsyncIterator[BackfillView], *, wait: bool, quiet: bool, view: BackfillView) -> BackfillView:
    if not wait:
        return view
    bar = Progress(TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), console=errors, transient=True)
    with nullcontext() if quiet else bar:
        task = bar.add_task("backfill", total=1.0)
        async for fresh in views:
            view = fresh
            bar.update(task, completed=fresh.done_share, description=_progress(fresh))
    return view


def _progress(view: BackfillView) -> str:
    end = "" if view.expected_end_at is None else f", ends about {view.expected_end_at.astimezone():%H:%M:%S}"
    return f"{view.status}: {view.received} received, {view.calls_left} calls left{end}"


def _report(view: BackfillView, *, as_json: bool) -> None:
    show(_shown(view, as_json=as_json), as_json=as_json)
    if view.status in {"failed", "cancelled"}:
        raise Mistake(f"the backfill {view.status}: {view.error_message or 'somebody stopped it'}")


def _shown(view: BackfillView, *, as_json: bool) -> BackfillView | dict[str, object]:
    if as_json:
        return view
    counts = f"{view.received}: {view.inserted} new, {view.replaced} changed, {view.duplicates} known"
    return {
        "id": view.id,
        "status": view.status,
        "time": f"{view.start:%Y-%m-%d %H:%M} to {view.end:%Y-%m-%d %H:%M} UTC",
        "done": f"{view.done_share:.1%}",
        **{part.stream: f"in before {part.done_until:%Y-%m-%d %H:%M} UTC" for part in view.parts},
        "received": counts + (f", {view.quarantined} quarantined" if view.quarantined else ""),
        "calls": f"{view.calls} used, about {view.calls_left} left",
        "expected_end": None if view.expected_end_at is None else f"{view.expected_end_at:%Y-%m-%d %H:%M} UTC",
    }


def _row(view: BackfillView) -> tuple[object, ...]:
    streams = "+".join(part.stream for part in view.parts)
    times = (f"{view.start:%Y-%m-%d %H:%M}", f"{view.end:%Y-%m-%d %H:%M}")
    return (view.id, view.status, f"{view.done_share:.0%}", *times, streams, view.reason, view.received)
