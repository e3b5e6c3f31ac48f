"""`trilha doctor`: what is wrong, and what to do."""

import asyncio
import os

import rich_click as click

from trilha.entrypoints.cli.output import ExitCode, as_json, console, show, speaks_plainly
from trilha.entrypoints.cli.running import running_settings
from trilha.entrypoints.logs import configure_logging
from trilha.entrypoints.settings import load_settings

_MARKS = {"ok": "[green]✓[/]", "warning": "[yellow]![/]", "failed": "[red]✗[/]"}


@click.command()
@click.option("--ask-source/--no-ask-source", default=True, show_default=True, help="Sign in at the source as well.")
@as_json
@speaks_plainly
def doctor(*, ask_source: bool, as_json: bool) -> None:
    """Look at every part and say what is wrong and what to do. Exit code 1 when something has failed."""
    settings = running_settings(load_settings(os.environ))
    configure_logging(settings.log_format, "error", "doctor")
    from trilha.entrypoints.checkup import check_everything

    findings = asyncio.run(check_everything(settings, ask_source=ask_source))
    if as_json:
        show({"findings": findings}, as_json=True)
    else:
        for finding in findings:
            console.print(f"{_MARKS[finding.health]} {finding.part:<9}", finding.detail, highlight=False, markup=True)
    if any(finding.health == "failed" for finding in findings):
        raise SystemExit(ExitCode.FAILED)
