"""What the embedded servers have in common: being prepared, started, waited for, and stopped."""

import asyncio
import contextlib
import os
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from signal import Signals
from types import TracebackType
from typing import ClassVar, Self

import msgspec

from trilha.adapters.embedded.binaries import Binaries
from trilha.adapters.embedded.errors import EmbeddedError, ServerFailed
from trilha.adapters.embedded.location import DataFolder
from trilha.adapters.embedded.ports import ReservedPort, remembered_port

_POLL_S = 0.01
_STOP_S = 30.0
_LAST_LINES = 15


class Command(msgspec.Struct, frozen=True):
    """How to run a server: the command, its whole environment, where, and as which user and group if not the caller."""

    argv: tuple[str, ...]
    env: dict[str, str]
    cwd: Path
    ids: tuple[int, int] | None


class EmbeddedServer(ABC):
    """A server on the loopback address whose data lie in a data folder.

    Either run it here (``async with`` or ``with``, or `start` and `stop`), or let a supervisor do so:
    `prepare` before each start, run `command`, poll `is_ready`, `release` at the very end.
    The server dies with the thread that starts it, so start it in the main one. ``durable=False`` gives up what
    protects from power failure, not from crashes: for test runs.
    """

    name: ClassVar[str]
    stop_signal: ClassVar[Signals]
    """What asks it to end in good order."""

    def __init__(self, folder: DataFolder, *, durable: bool = True, ready_within_s: float = 60.0) -> None:
        self.folder = folder
        self._durable = durable
        self._ready_within_s = ready_within_s
        self._held = contextlib.ExitStack()
        self._locked = False
        self._ports: dict[str, ReservedPort] = {}
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def prepare(self) -> None:
        """Take the data, end what a crash left, make data and configuration as needed. Blocks; may be repeated.

        Raises `DataFolderInUse`, `DataFolderError`, `BinariesMissing`, `ServerFailed`.
        """

    @abstractmethod
    def command(self) -> Command:
        """How to run the server, once it is prepared."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Whether the started server answers. Blocks for some milliseconds."""

    def release(self) -> None:
        """Let go of the data folder and the ports."""
        self._held.close()
        self._ports.clear()
        self._locked = False

    async def start(self) -> Self:
        """Start it and return when it answers. Raises what `prepare` raises."""
        with self._stopping_on_failure():
            await asyncio.to_thread(self.prepare)
            self._spawn()
            await asyncio.to_thread(self._wait_until_ready)
        return self

    async def stop(self) -> None:
        """Stop it in good order; harmless when it does not run."""
        await asyncio.to_thread(self._stop)

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.stop()

    def __enter__(self) -> Self:
        with self._stopping_on_failure():
            self.prepare()
            self._spawn()
            self._wait_until_ready()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop()

    @property
    def pid(self) -> int | None:
        """The process id of a server that was started here."""
        return self._process.pid if self._process else None

    @property
    def log(self) -> Path:
        """Where a server that was started here writes."""
        return self.folder.logs / f"{self.name}.log"

    @cached_property
    def _programs(self) -> Binaries:
        return self.folder.binaries()

    def _hold(self) -> None:
        """Take the lock once, and keep it over restarts."""
        if not self._locked:
            self._held.enter_context(self.folder.lock(self.name))
            self._locked = True

    def _reserve(self, *purposes: str) -> None:
        for purpose in purposes:
            if purpose not in self._ports:
                port = ReservedPort(self._port_file(purpose))
                self._held.callback(port.close)
                self._ports[purpose] = port

    def _port(self, purpose: str) -> int:
        """The reserved port, or where another process runs the server."""
        if purpose in self._ports:
            return self._ports[purpose].number
        port = remembered_port(self._port_file(purpose))
        if not port:
            raise EmbeddedError(f"{self.name} has never been started in {self.folder.path}")
        return port

    def _port_file(self, purpose: str) -> Path:
        return self.folder.run / f"{purpose}.port"

    def _spawn(self) -> None:
        command = self.command()
        with open(self.log, "ab", opener=_private) as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                self.folder.tied(command.argv, self.stop_signal, command.ids),
                env=command.env,
                cwd=command.cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _wait_until_ready(self) -> None:
        process, deadline = self._process, time.monotonic() + self._ready_within_s
        while process and not self.is_ready():
            if process.poll() is not None:
                raise self._failed(f"ended with exit code {process.returncode}")
            if time.monotonic() > deadline:
                raise self._failed(f"was not ready within {self._ready_within_s:g} s")
            time.sleep(_POLL_S)

    def _failed(self, problem: str) -> ServerFailed:
        return ServerFailed(self.name, problem, self.log, last_lines(self.log))

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process and process.poll() is None:
            process.send_signal(self.stop_signal)
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.release()

    @contextlib.contextmanager
    def _stopping_on_failure(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self._stop()
            raise


def last_lines(log: Path, count: int = _LAST_LINES) -> str:
    """The end of a log file; empty when there is none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 8192))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-count:])
    except FileNotFoundError:
        return ""


def clean_environment() -> dict[str, str]:
    """The servers' environment: nothing of the caller's, which may hold credentials and PG* settings."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
