"""The processes of the platform, each from its settings to its end.

Both the command line and `trilha up` run these; each imports no more than it uses.
"""

from trilha.entrypoints.mistakes import ExitCode, Mistake
from trilha.entrypoints.settings import Settings
from trilha.entrypoints.worker.roles import Role


async def serve_api(settings: Settings) -> None:
    """The HTTP API, until a signal."""
    from trilha.entrypoints.container.api import open_api
    from trilha.entrypoints.http import AddressNotAvailable, check_address, create_app, serve

    try:
        # before anything is opened: a taken port is known at once
        check_address(settings.http_host, settings.http_port)
        async with open_api(settings) as parts:
            await serve(lambda: create_app(parts), settings.http_host, settings.http_port)
    except AddressNotAvailable as error:
        raise Mistake(str(error), ExitCode.UNAVAILABLE) from error


async def work(settings: Settings, process: str, roles: frozenset[Role]) -> None:
    """A worker in these roles, until a signal."""
    from trilha.entrypoints.container.here import data_folder
    from trilha.entrypoints.container.worker import open_worker
    from trilha.entrypoints.worker.parts import WorkerOptions
    from trilha.entrypoints.worker.process import run_worker

    async with open_worker(settings, process, roles) as parts:
        await run_worker(parts, WorkerOptions(run_folder=data_folder(settings).run, process=process, roles=roles))
