"""`trilha doctor`: what is wrong, and what to do."""

import asyncio
import os

import rich_click as click
from rich.markup import escape

from trilha.entrypoints.cli.output import as_json, say, show, speaks_plainly
from trilha.entrypoints.mistakes import ExitCode
from trilha.entrypoints.settings import load_settings

_MARKS = {"ok": "[green]✓[/]", "warning": "[yellow]![/]", "failed": "[red]✗[/]", "skipped": "[dim]-[/]"}


@click.command()
@click.option("--ask-source/--no-ask-source", default=True, show_default=True, help="Sign in at the source as well.")
@as_json
@speaks_plainly
def doctor(*, ask_source: bool, as_json: bool) -> None:
    """Look at every part and say what is wrong and what to do.

    Exit code 0 when nothing has failed (warnings may remain), 4 when nothing runs, 1 when something else has failed.

    Example: [cyan]trilha doctor --no-ask-source[/]
    """
    settings = load_settings(os.environ)
    from trilha.entrypoints.checkup import check_everything
    from trilha.entrypoints.logs import configure_logging

    configure_logging(settings.log_format, "critical", "doctor")
    findings = asyncio.run(check_everything(settings, ask_source=ask_source))
    if as_json:
        show({"findings": findings}, as_json=True)
    else:
        for finding in findings:
            say(f"{_MARKS[finding.health]} {finding.part:<9} {escape(finding.detail)}")
    failed = [finding.part for finding in findings if finding.health == "failed"]
    if failed:
        raise SystemExit(ExitCode.UNAVAILABLE if failed == ["processes"] else ExitCode.FAILED)
