"""The heart of ``trilha up``: one process that starts, watches, restarts and stops all others on one machine.

It knows nothing of PostgreSQL, NATS or HTTP: the caller gives it children (`ChildSpec`), a machine (`Host`) and
callbacks for its screen. Every child dies with it, however it dies.
"""

from trilha.entrypoints.supervisor.child import ChildSpec, ChildStatus, Host, Launch, OnProgress, State
from trilha.entrypoints.supervisor.control import RunStatus, detach, down, status
from trilha.entrypoints.supervisor.errors import ChildFailed, PortTaken, SupervisorError
from trilha.entrypoints.supervisor.servers import Server, http_ready, server_child
from trilha.entrypoints.supervisor.state import RunState
from trilha.entrypoints.supervisor.supervisor import Address, Supervisor, require_free

__all__ = [
    "Address",
    "ChildFailed",
    "ChildSpec",
    "ChildStatus",
    "Host",
    "Launch",
    "OnProgress",
    "PortTaken",
    "RunState",
    "RunStatus",
    "Server",
    "State",
    "Supervisor",
    "SupervisorError",
    "detach",
    "down",
    "http_ready",
    "require_free",
    "server_child",
    "status",
]
