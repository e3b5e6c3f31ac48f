"""What a worker process is made of; the container fills it in, tests with parts in memory."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Protocol

import msgspec
from taskiq import AsyncBroker

from trilha.application.ports import Clock, EventBus, Handler
from trilha.application.schedule import JOBS
from trilha.application.subscriptions import SUBSCRIPTIONS
from trilha.domain.kernel import OrganisationId
from trilha.entrypoints.worker.roles import ALL_ROLES, Role

Task = Callable[[OrganisationId], Awaitable[object]]


class Leadership(Protocol):
    """Who among all processes does what only one should do at a time."""

    async def leads(self, duty: str) -> bool:
        """Whether this process has the duty now; takes it if nobody has it. Raises when that cannot be known."""
        ...

    async def resign(self) -> None:
        """Give every duty back."""
        ...


class SoleLeader:
    """Leadership where there is one process only."""

    async def leads(self, duty: str) -> bool:
        """Always."""
        del duty
        return True

    async def resign(self) -> None:
        """Nobody takes over."""


class WorkerParts(msgspec.Struct, frozen=True, kw_only=True):
    """Opened pools and clients behind plain callables.

    `tasks` by their name in `application.schedule`, `handlers` by the use case's name in `application.subscriptions`.
    `relay`, `redeliver` (dead letters) and `tick` return how much they did. `connect` and `upkeep` are safe to repeat.
    """

    tasks: Mapping[str, Task]
    handlers: Mapping[str, Handler]
    relay: Callable[[], Awaitable[int]]
    redeliver: Callable[[], Awaitable[int]]
    tick: Callable[[], Awaitable[int]]
    connect: Callable[[], Awaitable[object]]
    upkeep: Callable[[], Awaitable[object]]
    bus: EventBus
    broker: AsyncBroker
    clock: Clock
    leadership: Leadership = SoleLeader()


class WorkerOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How to run. The heartbeat of `process` goes into `run_folder`; times are in seconds.

    `max_tasks` is high because a task waits for calls most of its life, a backfill for hours: others must not wait for
    its place. Memory and connections are bounded by the pages under way.
    """

    run_folder: Path
    process: str = "worker"
    roles: frozenset[Role] = ALL_ROLES
    max_tasks: int = 64
    stop_within_s: float = 5.0
    connect_every_s: float = 3600.0
    upkeep_every_s: float = 3600.0


def check_bound(parts: WorkerParts) -> None:
    """Raise ValueError, naming what is missing, unless every job and subscription has somebody to do it."""
    missing = [f"task {job.task}" for job in JOBS if job.task not in parts.tasks]
    missing += [f"handler {one.use_case}" for one in SUBSCRIPTIONS if one.use_case not in parts.handlers]
    if missing:
        raise ValueError(f"the worker has nobody for {', '.join(missing)}; bind them in the container")
