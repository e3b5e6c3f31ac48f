"""Everything on one machine: which processes `trilha up` runs, in which order, with which environment."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from trilha.adapters.embedded import DataFolder, EmbeddedNats, EmbeddedPostgres
from trilha.adapters.embedded.ports import ReservedPort
from trilha.entrypoints.container.here import api_token, database_variables, prepare_cluster
from trilha.entrypoints.settings import PREFIX, BadSettings, Settings, load_settings, missing_mix_settings, variable
from trilha.entrypoints.supervisor import Address, ChildSpec, Launch, http_ready, server_child
from trilha.entrypoints.worker.heartbeat import is_alive
from trilha.simulators.mix import Login, Scenario

_LOOPBACK = "127.0.0.1"
_DEMO_MEMORY = "demo.json"
_HISTORY = timedelta(days=7)


class Demo(msgspec.Struct, frozen=True):
    """What makes the simulated company the same one after every restart."""

    seed: int
    epoch: datetime


class Stack:
    """The processes of one installation and what they tell each other.

    Children get their configuration by environment; addresses of the embedded servers are known when those are ready,
    so each launch is made at its time. Raises BadSettings where nothing says where telemetry comes from.
    """

    def __init__(self, settings: Settings, folder: DataFolder, *, demo: bool) -> None:
        if not demo and (missing := missing_mix_settings(settings)):
            raise BadSettings([*missing, "or run `trilha up --demo` to try Trilha with a simulated company"])
        self._settings = settings
        self._folder = folder
        self._postgres = None if settings.database_url else EmbeddedPostgres(folder)
        self._nats = None if settings.nats_url else EmbeddedNats(folder)
        self._simulator_port = ReservedPort(folder.run / "simulator.port") if demo else None

    @property
    def api_url(self) -> str:
        """Where the API is reached from this machine."""
        return f"http://{self._api_host}:{self._settings.http_port}"

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
        migrating = ChildSpec(name="migrate", launch=self._migrate, needs=tuple(one.name for one in servers))
        sources = [] if self._simulator_port is None else [self._simulator(self._simulator_port)]
        needs = (migrating.name, *(one.name for one in sources))
        worker = ChildSpec(name="worker", launch=self._launch("worker"), needs=needs, ready=self._worker_is_ready)
        api = ChildSpec(
            name="api",
            launch=self._launch("serve"),
            needs=(migrating.name,),
            ready=http_ready(self._api_host, self._settings.http_port, "/health/ready"),
        )
        return (*servers, migrating, *sources, worker, api)

    @property
    def _api_host(self) -> str:
        everywhere = {"0.0.0.0": _LOOPBACK, "::": "::1"}  # noqa: S104 - compared, not bound
        return everywhere.get(self._settings.http_host, self._settings.http_host)

    async def _migrate(self) -> None:
        if self._postgres is not None:
            await asyncio.to_thread(prepare_cluster, self._postgres)
        from trilha.entrypoints.container.database import migrate

        await migrate(load_settings({**_trilha_variables(), **self._servers()}))

    def _simulator(self, port: ReservedPort) -> ChildSpec:
        async def launch() -> Launch:
            demo = self._remembered_demo()
            arguments = ("--port", str(port.number), "--seed", str(demo.seed), "--epoch", demo.epoch.isoformat())
            return _command("simulate", "mix", *arguments, environment={})

        discovery = http_ready(_LOOPBACK, port.number, "/core/.well-known/openid-configuration")
        return ChildSpec(name="simulator", launch=launch, ready=discovery, after_stop=port.close)

    def _launch(self, *arguments: str) -> Callable[[], Awaitable[Launch]]:
        async def launch() -> Launch:
            return _command(*arguments, environment=self._environment())

        return launch

    def _environment(self) -> dict[str, str]:
        told = {
            **self._servers(),
            variable("api_token"): api_token(self._settings),
            variable("data_dir"): str(self._folder.path),
        }
        if self.simulator_url is not None:
            told |= {variable(f"mix_{field}"): value for field, value in msgspec.structs.asdict(Login()).items()}
            told[variable("mix_identity_url")] = f"{self.simulator_url}/core"
            told[variable("mix_api_url")] = self.simulator_url
        return told

    def _servers(self) -> dict[str, str]:
        told = {} if self._postgres is None else database_variables(self._postgres)
        if self._nats is not None:
            told[variable("nats_url")] = self._nats.url
        return told

    def _remembered_demo(self) -> Demo:
        memory = self._folder.path / _DEMO_MEMORY
        if memory.exists():
            return msgspec.json.decode(memory.read_bytes(), type=Demo)
        demo = Demo(seed=Scenario().seed, epoch=datetime.now(UTC).replace(microsecond=0) - _HISTORY)
        memory.write_bytes(msgspec.json.encode(demo))
        return demo

    async def _worker_is_ready(self) -> bool:
        return await asyncio.to_thread(is_alive, self._folder.run)


def _command(*arguments: str, environment: Mapping[str, str]) -> Launch:
    argv = (sys.executable, "-m", "trilha.entrypoints.cli", *arguments)
    return Launch(argv=argv, env={**os.environ, **environment})


def _trilha_variables() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith(PREFIX)}
