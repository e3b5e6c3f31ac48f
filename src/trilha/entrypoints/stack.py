"""Everything on one machine: which processes `trilha up` runs, in which order, with which environment."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Mapping

from trilha.adapters.embedded import DataFolder, EmbeddedNats, EmbeddedPostgres
from trilha.adapters.embedded.ports import ReservedPort
from trilha.entrypoints.container.here import api_token, database_variables, simulator_variables
from trilha.entrypoints.feed import DEMO, OWN, require_feed
from trilha.entrypoints.mistakes import ExitCode, Mistake
from trilha.entrypoints.settings import BadSettings, Settings, missing_mix_settings, variable
from trilha.entrypoints.supervisor import (
    Address,
    ChildSpec,
    Launch,
    OnProgress,
    Supervisor,
    SupervisorError,
    detach,
    http_ready,
    server_child,
)
from trilha.entrypoints.worker.heartbeat import is_alive

_LOOPBACK = "127.0.0.1"
_BUDGET = ("mix_calls_per_minute", "mix_calls_per_hour")
_SOURCE_SETTINGS = (variable("mix_"), variable("fleet_source"))


class Stack:
    """The processes of one installation and what they tell each other.

    Children get their configuration by environment; addresses of the embedded servers are known when those are ready,
    so each launch is made at its time. Raises BadSettings where nothing says where telemetry comes from, and Mistake
    where the data folder is for another feed.
    """

    def __init__(self, settings: Settings, folder: DataFolder, *, demo: bool) -> None:
        _require_source(settings, demo=demo)
        _require_port(settings)
        self._settings = settings
        self._folder = folder
        self._feed = require_feed(folder.path, DEMO if demo else OWN)
        self._postgres = None if settings.database_url else EmbeddedPostgres(folder)
        self._nats = None if settings.nats_url else EmbeddedNats(folder)
        self._simulator_port = ReservedPort(folder.run / "simulator.port") if demo else None

    @property
    def api_url(self) -> str:
        """Where the API is reached from this machine."""
        host = f"[{self._api_host}]" if ":" in self._api_host else self._api_host
        return f"http://{host}:{self._settings.http_port}"

    @property
    def simulator_url(self) -> str | None:
        """Where the simulated company is, in a demo."""
        return None if self._simulator_port is None else f"http://{_LOOPBACK}:{self._simulator_port.number}"

    @property
    def addresses(self) -> tuple[Address, ...]:
        """What must be free before anything starts."""
        return (Address(self._settings.http_host, self._settings.http_port, variable("http_port")),)

    def release(self) -> None:
        """Let go of what this process holds, so that another one may run the children."""
        if self._simulator_port is not None:
            self._simulator_port.close()

    def children(self) -> tuple[ChildSpec, ...]:
        """In order of their needs."""
        servers = [server_child(one) for one in (self._postgres, self._nats) if one is not None]
        embedded = () if self._postgres is None else ("embedded",)
        migrating = ChildSpec(
            name="migrate",
            launch=self._launch("migrate", *embedded),
            needs=tuple(one.name for one in servers),
            once=True,
        )
        sources = [] if self._simulator_port is None else [self._simulator(self._simulator_port)]
        needs = (migrating.name, *(one.name for one in sources))
        worker = ChildSpec(name="worker", launch=self._launch("worker"), needs=needs, ready=self._worker_is_ready)
        api = ChildSpec(
            name="api",
            launch=self._launch("api"),
            needs=(migrating.name,),
            ready=http_ready(self._api_host, self._settings.http_port, "/health/ready"),
        )
        return (*servers, *sources, migrating, worker, api)

    @property
    def _api_host(self) -> str:
        everywhere = {"0.0.0.0": _LOOPBACK, "::": "::1"}  # noqa: S104 - compared, not bound
        return everywhere.get(self._settings.http_host, self._settings.http_host)

    def _simulator(self, port: ReservedPort) -> ChildSpec:
        allowance = (str(self._settings.mix_calls_per_minute), str(self._settings.mix_calls_per_hour))
        arguments = (str(port.number), str(self._feed.seed), self._feed.since.isoformat(), *allowance)
        discovery = http_ready(_LOOPBACK, port.number, "/core/.well-known/openid-configuration")
        launch = _command("simulator", *arguments, environment=os.environ)
        return ChildSpec(name="simulator", launch=launch, ready=discovery, after_stop=port.close)

    def _launch(self, *arguments: str) -> Callable[[], Awaitable[Launch]]:
        async def launch() -> Launch:
            return _command(*arguments, environment=self._environment())

        return launch

    def _environment(self) -> dict[str, str]:
        told = dict(os.environ)
        if self.simulator_url is not None:
            told = {name: value for name, value in told.items() if not name.startswith(_SOURCE_SETTINGS)}
            told |= simulator_variables(self.simulator_url)
            # the simulator allows what the settings say, so the worker may use it
            told |= {variable(field): str(getattr(self._settings, field)) for field in _BUDGET}
        if self._postgres is not None:
            told |= database_variables(self._postgres)
        if self._nats is not None:
            told[variable("nats_url")] = self._nats.url
        told[variable("api_token")] = api_token(self._settings)
        told[variable("data_dir")] = str(self._folder.path)
        return told

    async def _worker_is_ready(self) -> bool:
        return await asyncio.to_thread(is_alive, self._folder.run)


async def run_stack(
    stack: Stack,
    folder: DataFolder,
    *,
    on_progress: OnProgress | None = None,
    on_ready: Callable[[], None] | None = None,
) -> None:
    """Run all processes until a signal ends them. Raises Mistake, after everything has been stopped."""
    supervisor = Supervisor(
        folder,
        stack.children(),
        addresses=stack.addresses,
        screen={"api": stack.api_url, "data": str(folder.path)},
        on_progress=on_progress,
        on_ready=on_ready,
    )
    try:
        await supervisor.run()
    except SupervisorError as error:
        raise Mistake(str(error), ExitCode.UNAVAILABLE) from error


def start_in_background(stack: Stack, folder: DataFolder, *, demo: bool, on_progress: OnProgress) -> None:
    """Let another process run the same stack; return when it is ready. Raises Mistake with its reason."""
    stack.release()
    try:
        detach(folder, _argv("supervisor", DEMO if demo else OWN), on_progress=on_progress)
    except SupervisorError as error:
        raise Mistake(str(error).removeprefix("error: "), ExitCode.UNAVAILABLE) from error


def _require_source(settings: Settings, *, demo: bool) -> None:
    if demo:
        own = [field for field in ("database_url", "nats_url") if getattr(settings, field)]
        if own:
            raise BadSettings(
                [
                    f"{variable(field)} is set, but a demo runs on servers of its own, so that no simulated company "
                    "gets among your data: unset it, or leave out --demo"
                    for field in own
                ]
            )
    elif missing := missing_mix_settings(settings):
        raise BadSettings([*missing, "or run `trilha up --demo` to try Trilha with a simulated bus company"])


def _require_port(settings: Settings) -> None:
    """Whoever starts the API has to know where to ask whether it is ready."""
    if settings.http_port == 0:
        raise BadSettings(
            [f"{variable('http_port')} is 0, a free port for `trilha serve` alone; `trilha up` needs one by number"]
        )


def _command(*arguments: str, environment: Mapping[str, str]) -> Launch:
    return Launch(argv=_argv(*arguments), env=environment)


def _argv(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "trilha.entrypoints.process", *arguments)
