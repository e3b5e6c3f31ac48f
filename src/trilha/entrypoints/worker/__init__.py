"""The worker: one process that runs tasks, digests events, relays the outbox and ticks the schedule.

`process.run_worker(parts, options)` with the `parts` from the container. Which roles it takes is an option, so that
`trilha worker`, `trilha scheduler` and `trilha relay` are the same program. This package itself loads only what is
needed to look at a worker from outside.
"""

from trilha.entrypoints.worker.heartbeat import Heartbeat, RoleState, heartbeat_file, is_alive, read_heartbeat
from trilha.entrypoints.worker.roles import ALL_ROLES, RELAY_ROLES, SCHEDULER_ROLES, WORKER_ROLES, Role

__all__ = [
    "ALL_ROLES",
    "RELAY_ROLES",
    "SCHEDULER_ROLES",
    "WORKER_ROLES",
    "Heartbeat",
    "Role",
    "RoleState",
    "heartbeat_file",
    "is_alive",
    "read_heartbeat",
]
