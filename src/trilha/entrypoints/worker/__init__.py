"""The worker: one process that runs tasks, digests events, relays the outbox and ticks the schedule.

`run_worker(parts, options)` with the parts from the container. Which roles it takes is an option, so that
`trilha worker`, `trilha scheduler` and `trilha relay` are the same program.
"""

from trilha.entrypoints.worker.heartbeat import Heartbeat, RoleState, heartbeat_file, is_alive, read_heartbeat
from trilha.entrypoints.worker.parts import (
    ALL_ROLES,
    RELAY_ROLES,
    SCHEDULER_ROLES,
    WORKER_ROLES,
    Leadership,
    Role,
    SoleLeader,
    WorkerOptions,
    WorkerParts,
)
from trilha.entrypoints.worker.process import run_worker

__all__ = [
    "ALL_ROLES",
    "RELAY_ROLES",
    "SCHEDULER_ROLES",
    "WORKER_ROLES",
    "Heartbeat",
    "Leadership",
    "Role",
    "RoleState",
    "SoleLeader",
    "WorkerOptions",
    "WorkerParts",
    "heartbeat_file",
    "is_alive",
    "read_heartbeat",
    "run_worker",
]
