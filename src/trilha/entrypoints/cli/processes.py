"""`trilha serve | worker | scheduler | relay`: the parts of the platform, one process each."""

import asyncio
import os

import rich_click as click

from trilha.entrypoints.cli.output import speaks_plainly
from trilha.entrypoints.cli.running import running_settings
from trilha.entrypoints.logs import configure_logging
from trilha.entrypoints.settings import Settings, load_settings
from trilha.entrypoints.worker.parts import ALL_ROLES, RELAY_ROLES, SCHEDULER_ROLES, WORKER_ROLES, Role

_NEEDS = """

Needs [cyan]TRILHA_DATABASE_URL[/], [cyan]TRILHA_DATABASE_SYSTEM_URL[/] and [cyan]TRILHA_NATS_URL[/], or a
[cyan]trilha up[/] that runs on the same data folder. Stops cleanly on Ctrl-C and SIGTERM.
"""


@click.command(help="Serve the HTTP API." + _NEEDS)
@speaks_plainly
def serve() -> None:
    """Run the API until stopped."""
    settings = _prepared("api")
    from trilha.entrypoints.container.api import open_api
    from trilha.entrypoints.http import create_app
    from trilha.entrypoints.http import serve as serve_http

    async def run() -> None:
        async with open_api(settings) as parts:
            await serve_http(lambda: create_app(parts), settings.http_host, settings.http_port)

    asyncio.run(run())


@click.command(
    help="Do the work: bring data in, digest events, and, unless told otherwise, schedule and relay as well." + _NEEDS
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


@click.command(help="Hand over jobs that are due. Several may run; one leads at a time." + _NEEDS)
@speaks_plainly
def scheduler() -> None:
    """Run the scheduler until stopped."""
    _run("scheduler", SCHEDULER_ROLES)


@click.command(help="Bring committed events to NATS. Several may run; one leads at a time." + _NEEDS)
@speaks_plainly
def relay() -> None:
    """Run the relay until stopped."""
    _run("relay", RELAY_ROLES)


def _prepared(process: str) -> Settings:
    settings = load_settings(os.environ)
    configure_logging(settings.log_format, settings.log_level, process)
    return running_settings(settings)


def _run(process: str, roles: frozenset[Role]) -> None:
    settings = _prepared(process)
    from trilha.entrypoints.container.here import data_folder
    from trilha.entrypoints.container.worker import open_worker
    from trilha.entrypoints.worker import WorkerOptions, run_worker

    async def run() -> None:
        async with open_worker(settings, process) as parts:
            await run_worker(parts, WorkerOptions(run_folder=data_folder(settings).run, process=process, roles=roles))

    asyncio.run(run())
