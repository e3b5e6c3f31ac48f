"""What a worker process may do. Apart from its parts, because whoever only looks at a worker needs no taskiq."""

from enum import StrEnum


class Role(StrEnum):
    """One thing a process may do. Any number of processes may take any roles."""

    TASKS = "tasks"
    """Run what the scheduler hands over."""
    CONSUMERS = "consumers"
    """Digest domain events."""
    RELAY = "relay"
    """Bring committed events to the bus."""
    SCHEDULER = "scheduler"
    """Hand over jobs that are due."""
    ORGANISATIONS = "organisations"
    """Follow the source's list of organisations."""
    UPKEEP = "upkeep"
    """Look after the tables."""


ALL_ROLES = frozenset(Role)
"""`trilha up`: one process does it all."""
WORKER_ROLES = frozenset({Role.TASKS, Role.CONSUMERS})
SCHEDULER_ROLES = frozenset({Role.SCHEDULER, Role.ORGANISATIONS, Role.UPKEEP})
RELAY_ROLES = frozenset({Role.RELAY})
