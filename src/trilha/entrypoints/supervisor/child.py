"""What a supervised child is, and what is known about it while it runs."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from signal import Signals
from typing import Literal, Protocol

import msgspec

State = Literal["waiting", "starting", "ready", "done", "restarting", "stopping", "stopped", "failed"]
OnProgress = Callable[[str, State], None]
"""Called with the name of a step and its new state, in the supervisor's own thread; must not block."""


class Launch(msgspec.Struct, frozen=True):
    """How to run a child: the command, its whole environment (None: ours), where, as which user and group."""

    argv: tuple[str, ...]
    env: Mapping[str, str] | None = None
    cwd: Path | None = None
    ids: tuple[int, int] | None = None


class ChildSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A step of a run: a process kept alive, or work that has to be done once before others start.

    ``launch`` is a command, or makes one anew before each start, when everything in ``needs`` is ready; giving None
    it was itself the work, and the step is done. ``once`` is for a command that has to end with exit code 0.
    """

    name: str
    launch: Launch | Callable[[], Awaitable[Launch | None]]
    needs: tuple[str, ...] = ()
    ready: Callable[[], Awaitable[bool]] | None = None
    once: bool = False
    restart: bool = True
    ready_within_s: float = 60.0
    stop_signal: Signals = Signals.SIGTERM
    stop_within_s: float = 15.0
    after_stop: Callable[[], None] | None = None


class ChildStatus(msgspec.Struct, frozen=True):
    """What is known about a child: its state since when, its process, how often and why it was started again."""

    name: str
    state: State
    since: datetime
    pid: int | None = None
    process_started_at: float | None = None
    """As the kernel tells it, in seconds: with the process id, it names one process for good."""
    restarts: int = 0
    last_exit: str | None = None
    log: str | None = None


class Host(Protocol):
    """What the supervisor needs of the machine. A data folder of the embedded servers is one."""

    @property
    def run(self) -> Path:
        """A private folder for the state file."""

    @property
    def logs(self) -> Path:
        """A private folder for what the children print."""

    def lock(self, name: str) -> AbstractContextManager[None]:
        """Keep other processes out; raises `RuntimeError` that says who is inside."""

    def lock_holder(self, name: str) -> int | None:
        """The process inside, 0 where it has not said yet; None where nobody is."""

    def tied(self, argv: Sequence[str], death_signal: Signals, ids: tuple[int, int] | None = None) -> tuple[str, ...]:
        """The command as one that gets the signal when this process dies, run as that user and group."""
