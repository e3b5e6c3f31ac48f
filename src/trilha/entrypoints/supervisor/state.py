"""The file in which a run says how it is doing, for ``trilha status`` and ``trilha down``."""

import os
from datetime import datetime

import msgspec
import psutil

from trilha.entrypoints.supervisor.child import ChildStatus, Host

_NAME = "state.json"
_PATIENCE_S = 5.0


class RunState(msgspec.Struct, frozen=True):
    """A run: its supervisor's process, whether all is up, its children, and what its screen says."""

    pid: int
    started_at: datetime
    ready: bool = False
    children: tuple[ChildStatus, ...] = ()
    screen: dict[str, str] = {}
    error: str | None = None


def write_state(host: Host, state: RunState) -> None:
    """Whole or not at all: readers come at any time."""
    path = host.run / _NAME
    unfinished = path.with_suffix(".new")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(state))
    unfinished.replace(path)


def read_state(host: Host) -> RunState | None:
    """What the last run wrote, which may have been killed since; None when it ended in good order."""
    try:
        return msgspec.json.decode((host.run / _NAME).read_bytes(), type=RunState)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def remove_state(host: Host) -> None:
    """After an end in good order."""
    (host.run / _NAME).unlink(missing_ok=True)


def end_leftovers(state: RunState, *, patience_s: float = _PATIENCE_S) -> None:
    """End the children of a supervisor that was killed.

    The kernel has asked them already; this waits for the slow ones and ends the deaf ones. Blocks.
    """
    found = [process for child in state.children if (process := _same_process(child))]
    _, deaf = psutil.wait_procs(found, timeout=patience_s)
    for process in deaf:
        process.kill()
    psutil.wait_procs(deaf, timeout=_PATIENCE_S)


def _same_process(child: ChildStatus) -> psutil.Process | None:
    if child.pid is None:
        return None
    try:
        process = psutil.Process(child.pid)
    except psutil.NoSuchProcess:
        return None
    return process if process.create_time() == child.process_started_at else None
