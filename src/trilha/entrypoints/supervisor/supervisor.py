"""Runs all children of a Trilha on one machine, until it is told to stop."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from signal import Signals

import msgspec

from trilha.entrypoints.supervisor.child import ChildSpec, Host, OnProgress, State
from trilha.entrypoints.supervisor.errors import PortTaken, SupervisorError
from trilha.entrypoints.supervisor.keeper import Keeper
from trilha.entrypoints.supervisor.state import RunState, end_leftovers, read_state, remove_state, write_state

LOCK = "supervisor"
_STOPPING = (Signals.SIGINT, Signals.SIGTERM, Signals.SIGHUP)


class Address(msgspec.Struct, frozen=True):
    """Where a child will listen, and the setting that says so."""

    host: str
    port: int
    setting: str


class Supervisor:
    """Starts children in the order of their needs, as many at a time as possible, restarts them, stops them in reverse.

    ``screen`` is kept in the state file for whoever did not see the start. ``on_output`` gets what children print.
    """

    def __init__(
        self,
        host: Host,
        children: Sequence[ChildSpec],
        *,
        addresses: Sequence[Address] = (),
        screen: dict[str, str] | None = None,
        on_progress: OnProgress | None = None,
        on_output: Callable[[str, bytes], None] | None = None,
        on_ready: Callable[[], None] | None = None,
    ) -> None:
        _check_needs(children)
        self._host = host
        self._specs = children
        self._addresses = addresses
        self._screen = screen or {}
        self._on_progress = on_progress
        self._on_output = on_output
        self._on_ready = on_ready
        self._started_at = datetime.now(UTC)
        self._all_ready = False
        self._keepers: dict[str, Keeper] = {}
        self._shown: dict[str, State] = {}
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """Ask for the end; asked again, it comes at once."""
        if self._stop.is_set():
            for keeper in self._keepers.values():
                keeper.kill()
        self._stop.set()

    async def run(self) -> None:
        """Until stopped by `stop` or a signal. Raises `SupervisorError`, after everything has been stopped."""
        with contextlib.ExitStack() as held:
            try:
                held.enter_context(self._host.lock(LOCK))
            except RuntimeError as refused:
                raise SupervisorError(str(refused)) from refused
            await self._run_alone()

    async def _run_alone(self) -> None:
        left = read_state(self._host)
        if left:
            await asyncio.to_thread(end_leftovers, left)
        try:
            with self._signals():
                for address in self._addresses:
                    require_free(address)
                await self._run_children()
        except SupervisorError as failed:
            self._write(error=str(failed))
            raise
        remove_state(self._host)

    async def _run_children(self) -> None:
        self._keepers = {spec.name: Keeper(spec, self._host, self._changed, self._on_output) for spec in self._specs}
        stopping = asyncio.create_task(self._stop.wait())
        working = asyncio.create_task(self._start_and_keep())
        try:
            await asyncio.wait({stopping, working}, return_when=asyncio.FIRST_COMPLETED)
            if working.done() and not stopping.done():
                # nothing is left to keep, or the start failed
                working.result()
        finally:
            for task in (stopping, working):
                task.cancel()
            await asyncio.gather(stopping, working, return_exceptions=True)
            await self._stop_all()

    async def _start_and_keep(self) -> None:
        try:
            async with asyncio.TaskGroup() as lives:
                lives.create_task(self._announce())
                for keeper in self._keepers.values():
                    lives.create_task(self._live(keeper))
        except ExceptionGroup as failed:
            raise _first_cause(failed) from failed

    async def _live(self, keeper: Keeper) -> None:
        for name in keeper.spec.needs:
            await self._keepers[name].ready.wait()
        await keeper.start()
        await keeper.keep()

    async def _announce(self) -> None:
        for keeper in self._keepers.values():
            await keeper.ready.wait()
        self._all_ready = True
        self._write()
        if self._on_ready:
            self._on_ready()

    async def _stop_all(self) -> None:
        stopped = {name: asyncio.Event() for name in self._keepers}

        async def stop(keeper: Keeper) -> None:
            for other in self._keepers.values():
                if keeper.spec.name in other.spec.needs:
                    await stopped[other.spec.name].wait()
            try:
                await keeper.stop()
            finally:
                stopped[keeper.spec.name].set()

        async with asyncio.TaskGroup() as stops:
            for keeper in self._keepers.values():
                stops.create_task(stop(keeper))

    def _changed(self, keeper: Keeper) -> None:
        self._write()
        name, state = keeper.spec.name, keeper.status.state
        if self._on_progress and self._shown.get(name) != state:
            self._on_progress(name, state)
        self._shown[name] = state

    def _write(self, error: str | None = None) -> None:
        children = tuple(keeper.status for keeper in self._keepers.values())
        state = RunState(os.getpid(), self._started_at, self._all_ready, children, self._screen, error)
        # a full disk must not end the run that the file only tells of
        with contextlib.suppress(OSError):
            write_state(self._host, state)

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        # nohup and shells ignore some on purpose
        heard = [number for number in _STOPPING if signal.getsignal(number) != signal.SIG_IGN]
        for number in heard:
            loop.add_signal_handler(number, self.stop)
        try:
            yield
        finally:
            for number in heard:
                loop.remove_signal_handler(number)


def require_free(address: Address) -> None:
    """Raises `PortTaken` where a child could not listen."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address.host, address.port))
        except OSError as refused:
            reason = refused.strerror or str(refused)
            raise PortTaken(address.host, address.port, address.setting, reason) from refused


def _first_cause(group: ExceptionGroup[Exception]) -> Exception:
    refusals = group.subgroup(SupervisorError)
    cause: Exception = refusals or group
    while isinstance(cause, ExceptionGroup):
        cause = cause.exceptions[0]
    return cause


def _check_needs(children: Sequence[ChildSpec]) -> None:
    before: set[str] = set()
    for child in children:
        if missing := set(child.needs) - before:
            raise ValueError(f"{child.name} needs {', '.join(sorted(missing))}, which must come before it in the list")
        before.add(child.name)
