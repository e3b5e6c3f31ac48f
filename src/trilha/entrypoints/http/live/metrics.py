"""Who listens, and what was sent, as metrics."""

from collections import Counter
from collections.abc import Iterator
from typing import Literal

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

Way = Literal["websocket", "events", "poll"]


class LiveMetrics(Collector):
    """Plain numbers, turned into families when somebody scrapes. One per process; not shared between threads."""

    def __init__(self) -> None:
        self.open = Counter[str]()
        self.sent = Counter[str]()
        self.collapsed = 0
        self.stuck = 0
        self.channels = 0

    def collect(self) -> Iterator[Metric]:
        """The families of metrics."""
        listeners = GaugeMetricFamily("trilha_live_listeners", "Clients that listen now", labels=["way"])
        sent = CounterMetricFamily("trilha_live_messages", "Live messages sent to clients", labels=["way"])
        for way in sorted({*self.open, *self.sent}):
            listeners.add_metric([way], self.open[way])
            sent.add_metric([way], self.sent[way])
        yield from (listeners, sent)
        yield CounterMetricFamily(
            "trilha_live_collapsed", "Times that a slow client was given only the newest positions", self.collapsed
        )
        yield CounterMetricFamily("trilha_live_stuck", "Clients turned away because they read nothing", self.stuck)
        yield GaugeMetricFamily("trilha_live_channels", "Organisations that are followed", self.channels)
