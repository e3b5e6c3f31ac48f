"""Request counts and durations for Prometheus.

Kept as plain numbers and turned into metric families when somebody scrapes: prometheus_client's own histogram takes a
lock and walks its buckets for each observation, three times the cost of this. Paths are the routes' templates, never
the paths that came, or each id would become a series.
"""

from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_BOUNDS = (*(f"{bound:g}" for bound in BUCKETS_S), "+Inf")
_Key = tuple[str, str, int]


class RequestMetrics(Collector):
    """Counts requests by method, route and status. One per process; not shared between threads."""

    def __init__(self, version: str) -> None:
        self._version = version
        self._counts: dict[_Key, list[int]] = {}
        self._sums_s: dict[_Key, float] = {}
        self.in_progress = 0

    def observe(self, method: str, route: str, status: int, duration_s: float) -> None:
        """Count one request."""
        key = (method, route, status)
        counts = self._counts.get(key)
        if counts is None:
            counts = self._counts[key] = [0] * len(_BOUNDS)
            self._sums_s[key] = 0.0
        counts[bisect_left(BUCKETS_S, duration_s)] += 1
        self._sums_s[key] += duration_s

    def collect(self) -> Iterator[Metric]:
        """The families of metrics."""
        durations = HistogramMetricFamily(
            "trilha_http_request_duration_seconds",
            "Time from request to answer",
            labels=["method", "route", "status"],
        )
        for (method, route, status), counts in list(self._counts.items()):
            buckets = list(zip(_BOUNDS, accumulate(counts), strict=True))
            durations.add_metric([method, route, str(status)], buckets, self._sums_s[(method, route, status)])
        yield durations
        yield GaugeMetricFamily("trilha_http_requests_in_progress", "Requests being answered", self.in_progress)
        about = GaugeMetricFamily("trilha_info", "The version that runs", labels=["version"])
        about.add_metric([self._version], 1)
        yield about


def exposition(*collectors: Collector) -> bytes:
    """What the collectors have, in Prometheus' text format."""
    registry = CollectorRegistry()
    for collector in collectors:
        registry.register(collector)
    return generate_latest(registry)
