"""`trilha serve | worker | scheduler | relay`: the parts of the platform, one process each."""

import asyncio
import os

import rich_click as click

from trilha.entrypoints.cli.output import speaks_plainly
from trilha.entrypoints.cli.running import running_settings
from trilha.entrypoints.settings import Settings, load_settings
from trilha.entrypoints.worker.roles import ALL_ROLES, RELAY_ROLES, SCHEDULER_ROLES, WORKER_ROLES, Role

_NEEDS = """

Needs [cyan]TRILHA_DATABASE_URL[/], [cyan]TRILHA_DATABASE_SYSTEM_URL[/] and [cyan]TRILHA_NATS_URL[/], or a
[cyan]trilha up[/] that runs on the same data folder. Stops cleanly on Ctrl-C and SIGTERM.

Example: [cyan]{example}[/]
"""


def _help(text: str, example: str) -> str:
    return text + _NEEDS.format(example=example)


@click.command(help=_help("Serve the HTTP API.", "TRILHA_HTTP_PORT=8001 trilha serve"))
@speaks_plainly
def serve() -> None:
    """Run the API until stopped."""
    settings = _prepared("api")
    from trilha.entrypoints.processes import serve_api

    asyncio.run(serve_api(settings))


@click.command(
    help=_help(
        "Do the work: bring data in, digest events, and, unless told otherwise, schedule and relay as well.",
        "trilha worker --only-work",
    )
)
@click.option(
    "--only-work",
    is_flag=True,
    help="Leave scheduling and relaying to [cyan]trilha scheduler[/] and [cyan]trilha relay[/].",
)
@speaks_plainly
def worker(*, only_work: bool) -> None:
    """Run tasks and consumers until stopped."""
    _run("worker", WORKER_ROLES if only_work else ALL_ROLES)


@click.command(
    help=_help(
        "Hand over jobs that are due. Several may run; one leads at a time.", "TRILHA_LOG_LEVEL=debug trilha scheduler"
    )
)
@speaks_plainly
def scheduler() -> None:
    """Run the scheduler until stopped."""
    _run("scheduler", SCHEDULER_ROLES)


@click.command(
    help=_help(
        "Bring committed events to NATS. Several may run; one leads at a time.", "TRILHA_LOG_FORMAT=json trilha relay"
    )
)
@speaks_plainly
def relay() -> None:
    """Run the relay until stopped."""
    _run("relay", RELAY_ROLES)


def _prepared(process: str) -> Settings:
    settings = running_settings(load_settings(os.environ))
    from trilha.entrypoints.logs import configure_logging

    configure_logging(settings.log_format, settings.log_level, process)
    return settings


def _run(process: str, roles: frozenset[Role]) -> None:
    settings = _prepared(process)
    from trilha.entrypoints.processes import work

    asyncio.run(work(settings, process, roles))
