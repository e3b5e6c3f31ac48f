"""`trilha feed`: how the data come in."""

import asyncio

import rich_click as click
from rich.markup import escape

from trilha.application.telemetry.health import StreamHealth
from trilha.application.telemetry.watch_feeds import FeedHealth
from trilha.entrypoints.cli.output import as_json, say, show, show_rows, speaks_plainly
from trilha.entrypoints.cli.running import operator_settings

_MARKS = {"ok": "[green]✓[/]", "behind": "[yellow]![/]", "stale": "[red]✗[/]", "failing": "[red]✗[/]"}
_HOUR_S = 3_600
_UNITS = (("d", 24 * _HOUR_S), ("h", _HOUR_S), ("min", 60))


@click.command()
@as_json
@speaks_plainly
def feed(*, as_json: bool) -> None:
    """Show every stream: how far it is behind, what came in today, gaps, backfill, and the calls used and left.

    Exit code 1 where a stream is stale or failing.

    Example: [cyan]trilha feed --json | jq '.organisations[].health.status'[/]
    """
    settings = operator_settings("feed")
    from trilha.entrypoints.operating import health_of_all

    found = asyncio.run(health_of_all(settings))
    if as_json:
        told = [{"id": one.id, "name": one.name, "health": health} for one, health in found]
        show({"organisations": told}, as_json=True)
    else:
        for organisation, health in found:
            say(f"[bold]{escape(organisation.name)}[/]")
            _tell(health)
        if not found:
            say("no organisation is connected yet: a worker does that once its source answers")
    if any(health.status in {"stale", "failing"} for _, health in found):
        raise SystemExit(1)


def _tell(health: FeedHealth) -> None:
    headings = ("stream", "status", "behind", "rows in 24 h", "new", "late", "gaps", "quarantine")
    show_rows(headings, [_row(one) for one in health.streams])
    for one in health.streams:
        if one.reason:
            say(f"{_MARKS[one.status]} {one.stream}: {escape(one.reason)}")
    if health.backfill is not None:
        say(f"  backfill {health.backfill.id}: {health.backfill.status}, {health.backfill.done_share:.0%} done")
    say(f"  {_calls(health)}")
    for one_thing in health.attention:
        say(f"[yellow]![/] {escape(one_thing)}")


def _row(one: StreamHealth) -> tuple[object, ...]:
    late = None if one.late_share is None else f"{one.late_share:.1%}"
    return (
        one.stream, one.status.value, _duration(one.behind_s), one.rows, one.inserted, late, one.open_gaps,
        one.open_quarantine,
    )  # fmt: skip


def _calls(health: FeedHealth) -> str:
    if health.calls is None:
        return "calls used: not known here, for the source's login is not among this shell's settings"
    windows = [
        f"{one.used} of {one.allowed} in the last {'hour' if one.window_s == _HOUR_S else f'{one.window_s} s'}"
        for one in health.calls
    ]
    return "calls used: " + ", ".join(windows)


def _duration(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    for unit, unit_s in _UNITS:
        if seconds >= 2 * unit_s:
            return f"{seconds / unit_s:.0f} {unit}"
    return f"{seconds:.0f} s"
