"""One start of one child: spawned, listened to, waited for, ended with all it started."""

import asyncio
import contextlib
import os
from collections.abc import Callable
from signal import Signals

import psutil

from trilha.entrypoints.supervisor.child import Host, Launch
from trilha.entrypoints.supervisor.output import OutputPipe

_LAST_WORDS_S = 1.0


class ChildProcess:
    """A running child, leader of its own session so that the terminal's Ctrl-C reaches the supervisor only."""

    def __init__(self, process: asyncio.subprocess.Process, output: OutputPipe) -> None:
        self.pid = process.pid
        self.started_at = _started_at(process.pid)
        self._process = process
        self._output = output

    @classmethod
    async def spawn(
        cls, host: Host, launch: Launch, death_signal: Signals, sink: Callable[[bytes], None]
    ) -> "ChildProcess":
        """Start it, tied to this process: it gets its stop signal even when this one is killed."""
        output = OutputPipe(sink)
        try:
            process = await asyncio.create_subprocess_exec(
                *host.tied(launch.argv, death_signal, launch.ids),
                env=launch.env,
                cwd=launch.cwd,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output.writing,
                stderr=output.writing,
                start_new_session=True,
            )
        except BaseException:
            await output.drain(0)
            raise
        finally:
            output.close_writing()
        return cls(process, output)

    @property
    def ended(self) -> bool:
        return self._process.returncode is not None

    async def wait(self) -> str:
        """Until it ends: why, in words. Takes what it started down with it, and its last output in."""
        code = await self._process.wait()
        self._signal_group(Signals.SIGKILL)
        await self._output.drain(_LAST_WORDS_S)
        return exit_reason(code)

    async def stop(self, stop_signal: Signals, within_s: float) -> str:
        """Ask it to end, and make it when the time is over."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(stop_signal)
        try:
            return await asyncio.wait_for(asyncio.shield(self.wait()), within_s)
        except TimeoutError:
            self.kill()
            return f"{await self.wait()} after {within_s:g} s of patience"

    def kill(self) -> None:
        """End it and what it started, at once."""
        self._signal_group(Signals.SIGKILL)

    def _signal_group(self, number: Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)


def exit_reason(code: int) -> str:
    """``exit code 3``, or the name of the signal."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def _started_at(pid: int) -> float | None:
    try:
        return psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return None
