"""A small file that says: I am alive, and this is how my parts are doing."""

import asyncio
import os
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from trilha.application.ports import Clock
from trilha.domain.kernel import DomainError
from trilha.entrypoints.worker.roles import Role

FRESH = timedelta(seconds=10)
"""Written each second; older than this, its process hangs or is gone."""


class RoleState(msgspec.Struct, frozen=True):
    """How a role is doing: `starting`, `working` or `failing`, since when, and with which error's code or type."""

    state: str
    since: datetime
    error: str | None = None


class Heartbeat(msgspec.Struct, frozen=True):
    """One process at one moment. `ready` once every role has worked, the source's list of organisations apart."""

    pid: int
    started_at: datetime
    at: datetime
    ready: bool
    roles: dict[Role, RoleState]

    def is_fresh(self, now: datetime) -> bool:
        """Whether its process was alive a moment ago."""
        return now - self.at < FRESH


class Pulse:
    """Gathers how the roles are doing and writes it down."""

    def __init__(self, file: Path, roles: Iterable[Role], clock: Clock) -> None:
        self._file = file
        self._clock = clock
        self._started_at = clock.now()
        self._roles = {role: RoleState("starting", self._started_at) for role in roles}
        self._has_worked: set[Role] = set()
        self._news = asyncio.Event()

    def working(self, role: Role) -> None:
        """The role has done its work once more."""
        self._has_worked.add(role)
        if self._roles[role].state != "working":
            self._roles[role] = RoleState("working", self._clock.now())
            self._news.set()

    def failing(self, role: Role, error: BaseException) -> None:
        """The role could not."""
        told = error.code if isinstance(error, DomainError) else type(error).__name__
        before = self._roles[role]
        since = before.since if before.state == "failing" else self._clock.now()
        self._roles[role] = RoleState("failing", since, told)
        self._news.set()

    async def news(self, within_s: float) -> None:
        """Return when a role's state has changed, at the latest after `within_s`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._news.wait()
        self._news.clear()

    @property
    def now(self) -> Heartbeat:
        """The state at this moment."""
        needed = set(self._roles) - {Role.ORGANISATIONS}
        return Heartbeat(
            pid=os.getpid(),
            started_at=self._started_at,
            at=self._clock.now(),
            ready=needed <= self._has_worked,
            roles=dict(self._roles),
        )

    def write(self) -> None:
        """Replace the file as a whole, so that no reader sees half of it."""
        fresh = self._file.with_name(f"{self._file.name}.{os.getpid()}")
        fresh.write_bytes(msgspec.json.encode(self.now))
        fresh.replace(self._file)

    def remove(self) -> None:
        """The process ends in good order."""
        beat = read_heartbeat(self._file)
        if beat is not None and beat.pid == os.getpid():
            self._file.unlink(missing_ok=True)


def heartbeat_file(run_folder: Path, process: str = "worker") -> Path:
    """Where a process of that name writes."""
    return run_folder / f"{process}.heartbeat.json"


def read_heartbeat(file: Path) -> Heartbeat | None:
    """The last heartbeat, or None where there is none that can be read."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Heartbeat)
    except (FileNotFoundError, msgspec.MsgspecError):
        return None


def is_alive(run_folder: Path, process: str = "worker") -> bool:
    """Whether a process of that name runs, beats, and has got all its roles to work."""
    beat = read_heartbeat(heartbeat_file(run_folder, process))
    return beat is not None and beat.ready and beat.is_fresh(datetime.now(UTC)) and _exists(beat.pid)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
