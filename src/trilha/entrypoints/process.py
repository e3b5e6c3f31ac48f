"""One process as `trilha up` starts it: `python -m trilha.entrypoints.process <name> ...`.

The same as `trilha serve`, `trilha worker` and so on, without the command line around it: that would cost every
process the time and the memory of a terminal's colours.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable
from datetime import datetime

from trilha.entrypoints.lean import MODELS, OPTIONAL, without_extras
from trilha.entrypoints.mistakes import as_mistake
from trilha.entrypoints.settings import Settings, load_settings


def main(name: str, *arguments: str) -> None:
    """Run a process to its end; a mistake is one message on standard error, and an exit code."""
    try:
        _PROCESSES[name](*arguments)
    except Exception as error:
        mistake = as_mistake(error)
        if mistake is None:
            raise
        sys.stderr.write(f"error: {mistake}\n")
        raise SystemExit(mistake.code) from None


def _api() -> None:
    with without_extras(*OPTIONAL, *MODELS):
        import structlog  # noqa: F401 - loading is the purpose
    settings = _settings("api")
    from trilha.entrypoints.processes import serve_api

    # Litestar looks for models of other makes when the application is made
    with without_extras(*MODELS):
        asyncio.run(serve_api(settings))


def _worker() -> None:
    with without_extras(*OPTIONAL, *MODELS):
        import structlog  # noqa: F401 - loading is the purpose
    settings = _settings("worker")
    from trilha.entrypoints.processes import work
    from trilha.entrypoints.worker.roles import ALL_ROLES

    asyncio.run(work(settings, "worker", ALL_ROLES))


def _migrate(*embedded: str) -> None:
    with without_extras(*OPTIONAL, *MODELS):
        import nats  # noqa: F401 - loading is the purpose
    settings = load_settings(os.environ)
    from trilha.entrypoints.container import schema

    if embedded:
        schema.prepare_embedded(settings)
    asyncio.run(schema.migrate(settings, _say))


def _simulator(port: str, seed: str, epoch: str, calls_per_minute: str, calls_per_hour: str) -> None:
    from trilha.entrypoints.simulation import simulate_mix
    from trilha.simulators.mix import Behaviour, Scenario

    async def run() -> None:
        current = asyncio.current_task()
        assert current is not None  # noqa: S101 - a coroutine runs in a task
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, current.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            behaviour = Behaviour(calls_per_minute=int(calls_per_minute), calls_per_hour=int(calls_per_hour))
            scenario = Scenario(seed=int(seed), epoch=datetime.fromisoformat(epoch), behaviour=behaviour)
            await simulate_mix(scenario, "127.0.0.1", int(port), lambda simulator: _say(simulator.api_url))

    asyncio.run(run())


def _supervisor(kind: str) -> None:
    from trilha.entrypoints.container.here import data_folder
    from trilha.entrypoints.feed import DEMO
    from trilha.entrypoints.stack import Stack, run_stack

    settings = load_settings(os.environ)
    folder = data_folder(settings)
    asyncio.run(run_stack(Stack(settings, folder, demo=kind == DEMO), folder))


def _settings(process: str) -> Settings:
    settings = load_settings(os.environ)
    from trilha.entrypoints.logs import configure_logging

    configure_logging(settings.log_format, settings.log_level, process)
    return settings


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


_PROCESSES: dict[str, Callable[..., None]] = {
    "api": _api,
    "worker": _worker,
    "migrate": _migrate,
    "simulator": _simulator,
    "supervisor": _supervisor,
}

if __name__ == "__main__":
    main(*sys.argv[1:])
