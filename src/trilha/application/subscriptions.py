"""Which event calls which use case: data. The container binds the names; the simulated world does the same."""

import msgspec

from trilha.application.monitoring.on_events_ingested import CONSUMER as WATCH
from trilha.application.telemetry.on_events_ingested import CONSUMER as THROUGHPUT
from trilha.domain.telemetry import EventsIngested


class Subscription(msgspec.Struct, frozen=True):
    """A durable consumer, the events it wants, and the use case that digests them, by its name in the container."""

    consumer: str
    event_types: tuple[str, ...]
    use_case: str
    in_order: bool = False
    """Whether no event may overtake one that failed, though all organisations wait for it."""


SUBSCRIPTIONS: tuple[Subscription, ...] = (
    Subscription(consumer=THROUGHPUT, event_types=(EventsIngested.event_type,), use_case="count_throughput"),
    Subscription(consumer=WATCH, event_types=(EventsIngested.event_type,), use_case="watch_vehicles", in_order=True),
)
