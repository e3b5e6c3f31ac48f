"""Looking at a run and ending it from outside, and starting one in the background."""

import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from signal import Signals

import msgspec
import psutil

from trilha.entrypoints.supervisor.child import ChildStatus, Host, OnProgress, State
from trilha.entrypoints.supervisor.errors import SupervisorError
from trilha.entrypoints.supervisor.output import last_lines
from trilha.entrypoints.supervisor.state import RunState, end_leftovers, read_state, remove_state
from trilha.entrypoints.supervisor.supervisor import LOCK

_POLL_S = 0.02
_LAST_STEPS_S = 5.0


class RunStatus(msgspec.Struct, frozen=True):
    """How a run is doing. Not running with an ``error``: its last start failed, and why."""

    running: bool
    ready: bool = False
    pid: int | None = None
    since: datetime | None = None
    children: tuple[ChildStatus, ...] = ()
    screen: dict[str, str] = {}
    error: str | None = None


def status(host: Host) -> RunStatus:
    """What is true now: a state file alone proves nothing, its writer may have been killed."""
    holder, state = host.lock_holder(LOCK), read_state(host)
    if holder is None:
        return RunStatus(running=False, error=state.error if state else None)
    if state is None or state.pid != holder:
        return RunStatus(running=True, pid=holder or None)
    return RunStatus(True, state.ready, state.pid, state.started_at, state.children, state.screen)


def down(host: Host, *, within_s: float = 60.0) -> bool:
    """Stop the run and wait for its end; False when there was none. Raises `SupervisorError` where it does not end."""
    holder = host.lock_holder(LOCK)
    if holder is None:
        _forget(host)
        return False
    _ask_to_end(holder)
    deadline = time.monotonic() + within_s
    while host.lock_holder(LOCK) == holder:
        if time.monotonic() > deadline:
            raise SupervisorError(f"process {holder} did not stop within {within_s:g} s; see its logs in {host.logs}")
        time.sleep(_POLL_S)
    _wait_for_last_steps(holder)
    return True


def detach(
    host: Host,
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    ready_within_s: float = 120.0,
    on_progress: OnProgress | None = None,
) -> RunState:
    """Start ``argv``, a foreground run on the same data folder, in the background; return when it is ready.

    Raises `SupervisorError` with the run's own words where it fails; a caller who gives up meanwhile ends the run.
    """
    _refuse_a_second(host)
    pid = _spawn(argv, os.environ if env is None else env, host.logs / "supervisor.log")
    try:
        return _wait_until_ready(host, pid, ready_within_s, on_progress)
    except BaseException:
        with suppress(ProcessLookupError, ChildProcessError):
            os.kill(pid, Signals.SIGTERM)
            os.waitpid(pid, 0)
        raise


def _refuse_a_second(host: Host) -> None:
    try:
        with host.lock(LOCK):
            pass
    except RuntimeError as refused:
        raise SupervisorError(str(refused)) from refused


def _spawn(argv: Sequence[str], env: Mapping[str, str], log: Path) -> int:
    # not Popen, which wants to see the end of what it started
    return os.posix_spawnp(
        argv[0],
        list(argv),
        env,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )


def _wait_until_ready(host: Host, pid: int, ready_within_s: float, on_progress: OnProgress | None) -> RunState:
    deadline = time.monotonic() + ready_within_s
    seen: dict[str, State] = {}
    while time.monotonic() < deadline:
        ended = os.waitpid(pid, os.WNOHANG)[0] == pid
        state = read_state(host)
        if state and state.pid == pid:
            _report(state, seen, on_progress)
            if state.ready:
                return state
            if state.error:
                raise SupervisorError(state.error)
        if ended:
            raise SupervisorError(last_lines(host.logs / "supervisor.log") or "the run ended without a word")
        time.sleep(_POLL_S)
    raise SupervisorError(f"was not ready within {ready_within_s:g} s; see the logs in {host.logs}")


def _report(state: RunState, seen: dict[str, State], on_progress: OnProgress | None) -> None:
    for child in state.children:
        if seen.get(child.name) != child.state:
            seen[child.name] = child.state
            if on_progress:
                on_progress(child.name, child.state)


def _ask_to_end(pid: int) -> None:
    try:
        os.kill(pid, Signals.SIGTERM)
    except ProcessLookupError:
        return
    except PermissionError:
        raise SupervisorError(f"process {pid} belongs to another user: stop it as that user") from None


def _wait_for_last_steps(pid: int) -> None:
    """The lock is free a moment before the process is gone."""
    deadline = time.monotonic() + _LAST_STEPS_S
    with suppress(psutil.NoSuchProcess):
        while psutil.Process(pid).status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
            time.sleep(_POLL_S)


def _forget(host: Host) -> None:
    state = read_state(host)
    if state:
        end_leftovers(state)
        remove_state(host)
