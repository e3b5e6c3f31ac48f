"""NATS JetStream: domain events between contexts, and work for the workers.

    async with open_nats(url) as client:
        await ensure_streams(client)                      # in the migration step
        bus = NatsEventBus(client, dead_letters=..., clock=...)

Domain events go through outbox, relay and durable consumers with an inbox; taskiq carries only work that may be
started again from state.
"""

from trilha.adapters.nats.connection import open_nats
from trilha.adapters.nats.errors import BusUnavailable, NatsError, StreamMismatch
from trilha.adapters.nats.event_bus import NatsEventBus
from trilha.adapters.nats.streams import ensure_streams
from trilha.adapters.nats.task_queue import NatsTaskQueue
from trilha.adapters.nats.tasks import TaskBroker, started, task_broker

__all__ = [
    "BusUnavailable",
    "NatsError",
    "NatsEventBus",
    "NatsTaskQueue",
    "StreamMismatch",
    "TaskBroker",
    "ensure_streams",
    "open_nats",
    "started",
    "task_broker",
]
