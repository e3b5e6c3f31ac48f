"""NATS JetStream: domain events between contexts, and work for the workers.

    async with open_nats(url) as client:
        await ensure_streams(client)                      # in the migration step
        bus = NatsEventBus(client, dead_letters=..., clock=...)

Domain events go through outbox, relay and durable consumers with an inbox; taskiq carries only work that may be
started again from state. That is `nats.tasks` and `nats.task_queue`, apart because taskiq is slow to import and only
workers need it.
"""

from trilha.adapters.nats.connection import open_nats
from trilha.adapters.nats.errors import BusUnavailable, NatsError, StreamMismatch
from trilha.adapters.nats.event_bus import NatsEventBus
from trilha.adapters.nats.live_feed import NatsLiveFeed
from trilha.adapters.nats.single_use import NatsSingleUse
from trilha.adapters.nats.streams import ensure_streams

__all__ = [
    "BusUnavailable",
    "NatsError",
    "NatsEventBus",
    "NatsLiveFeed",
    "NatsSingleUse",
    "StreamMismatch",
    "ensure_streams",
    "open_nats",
]
