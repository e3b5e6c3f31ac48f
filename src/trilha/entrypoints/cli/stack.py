"""`trilha up`, `status` and `down`: everything on one machine."""

import asyncio
import os

import rich_click as click
from rich.markup import escape

from trilha.entrypoints.cli.output import as_json, errors, say, show, speaks_plainly, this_program
from trilha.entrypoints.cli.running import operator_settings
from trilha.entrypoints.mistakes import ExitCode, Mistake, as_mistake
from trilha.entrypoints.settings import load_settings, variable


@click.command()
@click.option("--demo", is_flag=True, help="Bring a simulated bus company along.")
@click.option("--detach", "-d", is_flag=True, help="Return when everything is ready and leave it running.")
@speaks_plainly
def up(*, demo: bool, detach: bool) -> None:
    """Start PostgreSQL, NATS, worker and API, and stay until Ctrl-C.

    Data stay in [cyan].trilha[/] (as root below [cyan]/var/lib/trilha[/]; [cyan]TRILHA_DATA_DIR[/] says otherwise), so
    the next start goes on where this one ended. With [cyan]TRILHA_DATABASE_URL[/] or [cyan]TRILHA_NATS_URL[/] your own
    servers are used instead of the embedded ones.

    Example: [cyan]TRILHA_HTTP_PORT=8080 trilha up --demo[/]
    """
    settings = load_settings(os.environ)
    from trilha.entrypoints.cli.incoming import Incoming
    from trilha.entrypoints.cli.screen import StartScreen, show_ready
    from trilha.entrypoints.container.here import api_token, data_folder, running_holder
    from trilha.entrypoints.stack import Stack, run_stack, start_in_background

    folder = data_folder(settings)
    _refuse_second(folder.path, running_holder(folder))
    stack = Stack(settings, folder, demo=demo)
    program = this_program(settings.data_dir)

    def announce() -> None:
        screen.started()
        show_ready(stack.api_url, folder.path, program, seconds=screen.seconds, demo=demo, detached=detach)
        if not detach:
            incoming.start()

    incoming = Incoming(stack.api_url, api_token(settings))
    with StartScreen([child.name for child in stack.children()]) as screen, incoming:
        if detach:
            start_in_background(stack, folder, demo=demo, on_progress=screen.progress)
            announce()
            return
        asyncio.run(run_stack(stack, folder, on_progress=screen.progress, on_ready=announce))
    errors.print(f"stopped; your data are kept in {folder.path}", highlight=False, soft_wrap=True, markup=False)


@click.command()
@as_json
@speaks_plainly
def status(*, as_json: bool) -> None:
    """Say what is running. Exit code 0 when everything is ready, 4 otherwise.

    Example: [cyan]trilha status --json | jq .ready[/]
    """
    from trilha.entrypoints.container.here import existing_folder, worker_troubles
    from trilha.entrypoints.supervisor import RunStatus
    from trilha.entrypoints.supervisor import status as read_status

    folder = existing_folder(load_settings(os.environ))
    state = RunStatus(running=False) if folder is None else read_status(folder)
    if as_json:
        show(state, as_json=True)
    elif not state.running:
        say("not running" + (f"; the last start failed: {state.error}" if state.error else ""))
    else:
        since = "" if state.since is None else f" since {state.since.astimezone():%Y-%m-%d %H:%M:%S}"
        where = f", {state.screen['api']}" if "api" in state.screen else ""
        say(f"{'ready' if state.ready else 'starting'}{since}, supervisor process {state.pid}{where}")
        for child in state.children:
            restarts = f", restarts: {child.restarts}, last end: {child.last_exit}" if child.restarts else ""
            say(f"  {child.name:<10} {child.state:<10} {child.pid or '':<8}{restarts}".rstrip())
        if folder is not None and (troubles := worker_troubles(folder)):
            say(f"  [yellow]{escape(troubles)}[/]; its log and `trilha doctor` say more")
        if state.ready:
            _say_feeds()
    if not (state.running and state.ready):
        raise SystemExit(ExitCode.UNAVAILABLE)


@click.command()
@speaks_plainly
def down() -> None:
    """Stop what runs on this data folder, and wait for its end. Data are kept.

    Example: [cyan]TRILHA_DATA_DIR=~/trilha-demo trilha down[/]
    """
    from trilha.entrypoints.container.here import existing_folder
    from trilha.entrypoints.supervisor import SupervisorError
    from trilha.entrypoints.supervisor import down as stop

    folder = existing_folder(load_settings(os.environ))
    try:
        stopped = folder is not None and stop(folder)
    except SupervisorError as error:
        raise Mistake(str(error)) from error
    say("stopped" if stopped else "was not running")


def _say_feeds() -> None:
    """A line about the streams of each organisation; `trilha doctor` says why where that cannot be known."""
    from trilha.entrypoints.operating import health_of_all

    try:
        found = asyncio.run(health_of_all(operator_settings("status")))
    except Exception as error:
        if as_mistake(error) is None:
            raise
        say("  [yellow]feed unknown[/]; `trilha doctor` says more")
        return
    for organisation, health in found:
        streams = ", ".join(f"{one.stream} {one.status}" for one in health.streams)
        say(f"  feed of {escape(organisation.name)}: {streams} [dim](trilha feed)[/]")


def _refuse_second(folder: object, holder: int | None) -> None:
    if holder is not None:
        raise Mistake(
            f"Trilha runs already on the data folder {folder} (process {holder}): `trilha status` says how it is "
            f"doing, `trilha down` stops it; for a second one set {variable('data_dir')} and {variable('http_port')}",
            ExitCode.UNAVAILABLE,
        )
