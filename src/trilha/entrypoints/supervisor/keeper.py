"""Keeps one child: its first start, its restarts, its end."""

import asyncio
import contextlib
import traceback
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from trilha.entrypoints.supervisor.child import ChildSpec, ChildStatus, Host, Launch, State
from trilha.entrypoints.supervisor.errors import ChildFailed
from trilha.entrypoints.supervisor.output import RotatingLog, last_lines
from trilha.entrypoints.supervisor.process import ChildProcess

_POLL_S = 0.02
_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 30.0
_MOST_DOUBLINGS = 10
# who has run this long has recovered, and the next crash counts as the first
_STEADY_S = 60.0


def pause_s(crashes: int) -> float:
    """How long to wait before the next start, in seconds: twice as long after each crash, up to half a minute."""
    return min(_FIRST_PAUSE_S * 2.0 ** min(crashes - 1, _MOST_DOUBLINGS), _LONGEST_PAUSE_S)


class Keeper:
    """One child over all its starts. ``changed`` is called after each change of ``status``."""

    def __init__(
        self,
        spec: ChildSpec,
        host: Host,
        changed: Callable[["Keeper"], None],
        echo: Callable[[str, bytes], None] | None = None,
    ) -> None:
        self.spec = spec
        self.ready = asyncio.Event()
        self._host = host
        self._changed = changed
        self._log = RotatingLog(host.logs / f"{spec.name}.log")
        self._echo = echo
        self._process: ChildProcess | None = None
        self.status = ChildStatus(spec.name, "waiting", datetime.now(UTC), log=str(self._log.path))

    async def start(self) -> None:
        """The first start. Raises `ChildFailed`: what fails at once would fail again."""
        try:
            await self._attempt()
        except ChildFailed:
            self._enter("failed")
            raise

    async def keep(self) -> None:
        """Start the child again whenever it ends, with growing pauses. Returns when it may stay ended."""
        crashes = 0
        while process := self._process:
            loop = asyncio.get_running_loop()
            since = loop.time()
            self._note_exit(await process.wait())
            if not self.spec.restart:
                self._enter("done")
                return
            crashes = 1 if loop.time() - since > _STEADY_S else crashes + 1
            await self._again(crashes)

    async def stop(self) -> None:
        """End the child in good order; harmless when it does not run."""
        if self._process and not self._process.ended:
            self._enter("stopping")
            self._note_exit(await self._process.stop(self.spec.stop_signal, self.spec.stop_within_s))
        if self.status.state not in ("waiting", "failed"):
            self._enter("stopped")
        if self.spec.after_stop:
            self.spec.after_stop()
        self._log.close()

    def kill(self) -> None:
        """End the child at once."""
        if self._process and not self._process.ended:
            self._process.kill()

    async def _attempt(self) -> None:
        self._enter("starting")
        try:
            launch = await self._prepare()
            if launch is None:
                self._enter("done")
                return
            process = await self._spawn(launch)
            await self._until_ready(process)
        except ChildFailed:
            raise
        except Exception as failed:
            # whatever the given callables or the machine refuse must not take the other children down
            if self._process and not self._process.ended:
                self._process.kill()
                self._note_exit(await self._process.wait())
            self._log.write(traceback.format_exc().encode())
            raise ChildFailed(self.spec.name, f"cannot start: {failed}") from failed

    async def _spawn(self, launch: Launch) -> ChildProcess:
        process = await ChildProcess.spawn(self._host, launch, self.spec.stop_signal, self._hear)
        self._process = process
        self.status = msgspec.structs.replace(self.status, pid=process.pid, process_started_at=process.started_at)
        self._changed(self)
        return process

    async def _prepare(self) -> Launch | None:
        if isinstance(self.spec.launch, Launch):
            return self.spec.launch
        return await self.spec.launch()

    async def _until_ready(self, process: ChildProcess) -> None:
        try:
            async with asyncio.timeout(self.spec.ready_within_s):
                await (self._finished(process) if self.spec.once else self._answering(process))
        except TimeoutError:
            process.kill()
            self._note_exit(await process.wait())
            raise self._failure(f"was not ready within {self.spec.ready_within_s:g} s") from None

    async def _finished(self, process: ChildProcess) -> None:
        reason = await process.wait()
        self._process = None
        self._note_exit(reason)
        if reason != "exit code 0":
            raise self._failure(f"ended with {reason}")
        self._enter("done")

    async def _answering(self, process: ChildProcess) -> None:
        while self.spec.ready and not await self.spec.ready():
            if process.ended:
                reason = await process.wait()
                self._note_exit(reason)
                raise self._failure(f"ended with {reason} before it was ready")
            await asyncio.sleep(_POLL_S)
        self._enter("ready")

    async def _again(self, crashes: int) -> None:
        while True:
            self.status = msgspec.structs.replace(self.status, restarts=self.status.restarts + 1)
            self._enter("restarting")
            await asyncio.sleep(pause_s(crashes))
            with contextlib.suppress(ChildFailed):
                await self._attempt()
                return
            crashes += 1

    def _hear(self, chunk: bytes) -> None:
        self._log.write(chunk)
        if self._echo:
            self._echo(self.spec.name, chunk)

    def _failure(self, problem: str) -> ChildFailed:
        return ChildFailed(self.spec.name, problem, self._log.path, last_lines(self._log.path))

    def _note_exit(self, reason: str) -> None:
        self.status = msgspec.structs.replace(self.status, pid=None, process_started_at=None, last_exit=reason)

    def _enter(self, state: State) -> None:
        if self.status.state != state:
            self.status = msgspec.structs.replace(self.status, state=state, since=datetime.now(UTC))
        if state in ("ready", "done"):
            self.ready.set()
        self._changed(self)
