"""The commands of `trilha`, in the order in which people meet them."""

import rich_click as click

from trilha.entrypoints.cli.alerts import alert_rules, alerts
from trilha.entrypoints.cli.backfill import backfill
from trilha.entrypoints.cli.backup import backup, restore
from trilha.entrypoints.cli.data import ingest, migrate, sync
from trilha.entrypoints.cli.decide import dead_letters, quarantine
from trilha.entrypoints.cli.doctor import doctor
from trilha.entrypoints.cli.event_types import event_types
from trilha.entrypoints.cli.feed import feed
from trilha.entrypoints.cli.geofence import geofence
from trilha.entrypoints.cli.maintenance import maintenance
from trilha.entrypoints.cli.processes import relay, scheduler, serve, worker
from trilha.entrypoints.cli.replay import replay
from trilha.entrypoints.cli.report import report
from trilha.entrypoints.cli.simulate import simulate
from trilha.entrypoints.cli.stack import down, status, up
from trilha.entrypoints.cli.token import token

click.rich_click.USE_RICH_MARKUP = True
click.rich_click.COMMAND_GROUPS = {
    "trilha": [
        {"name": "Everything on one machine", "commands": ["up", "status", "down", "token"]},
        {"name": "Data", "commands": ["feed", "sync", "ingest", "backfill", "replay", "simulate"]},
        {
            "name": "Answers",
            "commands": ["alerts", "alert-rules", "report", "event-types", "geofence", "maintenance"],
        },
        {"name": "One process at a time", "commands": ["serve", "worker", "scheduler", "relay"]},
        {"name": "Care", "commands": ["doctor", "quarantine", "dead-letters", "backup", "restore", "migrate"]},
    ]
}

_HELP = """The operations core for everything that moves and must be followed.

[bold]Try it:[/] [cyan]trilha up --demo[/] starts everything with a simulated bus company.
[bold]Use it:[/] set the [cyan]TRILHA_MIX_...[/] variables and run [cyan]trilha up[/].

Settings are environment variables; [cyan]docs/reference/configuration.md[/] lists them.
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 wrong configuration, 4 something needed is not running.
"""


@click.group(help=_HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="trilha", message="trilha %(version)s")
def run() -> None:
    """Everything below `trilha`."""


_COMMANDS = (
    *(up, status, down, token),
    *(feed, sync, ingest, backfill, replay, simulate),
    *(alerts, alert_rules, report, event_types, geofence, maintenance),
    *(serve, worker, scheduler, relay),
    *(doctor, quarantine, dead_letters, backup, restore, migrate),
)
for command in _COMMANDS:
    run.add_command(command)
