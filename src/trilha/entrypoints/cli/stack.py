"""`trilha up`, `status` and `down`: everything on one machine."""

import asyncio
import os
import sys
import time

import rich_click as click

from trilha.entrypoints.cli.output import CommandFailed, ExitCode, as_json, console, errors, show, speaks_plainly
from trilha.entrypoints.cli.screen import StartScreen, ready_screen
from trilha.entrypoints.container.here import DataFolder, EmbeddedError, data_folder
from trilha.entrypoints.settings import Settings, load_settings


@click.command()
@click.option("--demo", is_flag=True, help="Bring a simulated bus company along.")
@click.option("--detach", "-d", is_flag=True, help="Return when everything is ready and leave it running.")
@speaks_plainly
def up(*, demo: bool, detach: bool) -> None:
    """Start PostgreSQL, NATS, worker and API, and stay until Ctrl-C.

    Data stay in [cyan].trilha[/] (as root below [cyan]/var/lib/trilha[/]; [cyan]TRILHA_DATA_DIR[/] says otherwise), so
    the next start goes on where this one ended. With [cyan]TRILHA_DATABASE_URL[/] or [cyan]TRILHA_NATS_URL[/] your own
    servers are used instead of the embedded ones.
    """
    from trilha.entrypoints.stack import Stack
    from trilha.entrypoints.supervisor import Supervisor, SupervisorError
    from trilha.entrypoints.supervisor import detach as start_detached

    settings = load_settings(os.environ)
    folder = _folder(settings)
    stack = Stack(settings, folder, demo=demo)
    begun = time.monotonic()
    screen = {"api": stack.api_url, "data": str(folder.path), "demo": "yes" if demo else "no"}

    def announce() -> None:
        starting.stop()
        console.print(ready_screen(stack.api_url, folder.path, seconds=time.monotonic() - begun, demo=demo))

    with StartScreen([child.name for child in stack.children()]) as starting:
        try:
            if detach:
                argv = [sys.executable, "-m", "trilha.entrypoints.cli", "up", *(["--demo"] if demo else [])]
                stack.release()
                start_detached(folder, argv, on_progress=starting.progress)
                announce()
                return
            supervisor = Supervisor(
                folder,
                stack.children(),
                addresses=stack.addresses,
                screen=screen,
                on_progress=starting.progress,
                on_ready=announce,
            )
            asyncio.run(supervisor.run())
        except SupervisorError as error:
            starting.stop()
            raise CommandFailed(str(error), ExitCode.UNAVAILABLE) from error
    errors.print("stopped; your data are kept in", str(folder.path), highlight=False)


@click.command()
@as_json
@speaks_plainly
def status(*, as_json: bool) -> None:
    """Say what is running. Exit code 0 when everything is ready, 4 otherwise."""
    from trilha.entrypoints.supervisor import status as read_status

    state = read_status(_folder(load_settings(os.environ)))
    if as_json:
        show(state, as_json=True)
    elif not state.running:
        console.print("not running" + (f"; the last start failed: {state.error}" if state.error else ""))
    else:
        console.print(f"{'ready' if state.ready else 'starting'} since {state.since}, supervisor process {state.pid}")
        for child in state.children:
            restarts = f", restarted {child.restarts} times, last end: {child.last_exit}" if child.restarts else ""
            console.print(f"  {child.name:<10} {child.state:<8} {child.pid or '':<8}{restarts}", highlight=False)
    if not (state.running and state.ready):
        raise SystemExit(ExitCode.UNAVAILABLE)


@click.command()
@speaks_plainly
def down() -> None:
    """Stop what [cyan]trilha up --detach[/] left running, and wait for its end. Data are kept."""
    from trilha.entrypoints.supervisor import SupervisorError
    from trilha.entrypoints.supervisor import down as stop

    try:
        stopped = stop(_folder(load_settings(os.environ)))
    except SupervisorError as error:
        raise CommandFailed(str(error)) from error
    console.print("stopped" if stopped else "was not running")


def _folder(settings: Settings) -> DataFolder:
    try:
        return data_folder(settings)
    except EmbeddedError as error:
        raise CommandFailed(str(error), ExitCode.CONFIGURATION) from error
