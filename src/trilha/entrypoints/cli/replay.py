"""`trilha replay`: reading again what was kept."""

import asyncio
from datetime import datetime

import rich_click as click
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from trilha.application.telemetry.views import RunView
from trilha.domain.kernel import TimeRange
from trilha.entrypoints.cli.asking import MOMENT, organisation
from trilha.entrypoints.cli.output import as_json, errors, say, show, speaks_plainly
from trilha.entrypoints.cli.running import operator_settings
from trilha.entrypoints.mistakes import Mistake


@click.group()
def replay() -> None:
    """Read kept data again.

    Example: [cyan]trilha replay raw --stream positions[/]
    """


@replay.command()
@click.option("--stream", type=click.Choice(("events", "positions", "trips")), required=True, help="Whose pages.")
@click.option("--from", "start", type=MOMENT, help="Received at or after this time; UTC unless it has a zone.")
@click.option("--to", "end", type=MOMENT, help="Received before this time.")
@organisation
@as_json
@speaks_plainly
def raw(*, stream: str, start: datetime | None, end: datetime | None, organisation: str | None, as_json: bool) -> None:
    """Read the kept raw pages of a stream again, here and now, without asking the source.

    For a Trilha that understands more than the one that first read them: what changes is written, records in
    quarantine that are understood now come in, and what came later is never undone. Repeating it changes nothing.

    Example: [cyan]trilha replay raw --stream positions --from 2026-03-01 --to 2026-03-08[/]
    """
    settings = operator_settings("replay")
    from trilha.entrypoints.operating import operating

    bar = Progress(TextColumn("reading pages"), BarColumn(), MofNCompleteColumn(), console=errors, transient=True)
    task = bar.add_task("pages", total=None)

    async def run() -> RunView:
        async with operating(settings, organisation) as operator:
            return await operator.replay(
                stream, TimeRange(start, end), lambda done, total: bar.update(task, completed=done, total=total)
            )

    with bar:
        done = asyncio.run(run())
    if as_json:
        show(done, as_json=True)
    else:
        from trilha.entrypoints.following import summary

        say(escape(summary(done)))
    if done.status != "succeeded":
        raise Mistake(f"the replay {done.status}: {done.error_message} ({done.error_code})")
