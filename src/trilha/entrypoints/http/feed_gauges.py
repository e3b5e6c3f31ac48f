"""How the feed stands, as gauges: what an alarm about late data is built on."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from time import monotonic

import structlog
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from trilha.application.telemetry.views import CheckpointView
from trilha.entrypoints.http.parts import HttpParts
from trilha.entrypoints.http.tenancy import Tenancy

FRESH_S = 10.0
"""Nobody needs a token to scrape, so scraping must not be a way to keep the database busy."""
DEADLINE_S = 2.0
_LABELS = ("organisation", "stream")
_log = structlog.stdlib.get_logger("trilha.http")
_Standing = tuple[str, CheckpointView]


class FeedGauges(Collector):
    """Age of each stream's token, time since it was last asked for, open gaps; none while the database is away."""

    def __init__(self, parts: HttpParts, tenancy: Tenancy) -> None:
        self._parts = parts
        self._tenancy = tenancy
        self._standing: Sequence[_Standing] = ()
        self._read_at = float("-inf")

    async def refresh(self) -> None:
        """Read anew what is older than FRESH_S."""
        if monotonic() - self._read_at <= FRESH_S:
            return
        self._read_at = monotonic()
        try:
            async with asyncio.timeout(DEADLINE_S):
                self._standing = [standing async for standing in self._read()]
        except Exception as error:  # noqa: BLE001 - the other metrics matter most when the database is away
            self._standing = ()
            _log.warning("metrics.feed_unknown", error=type(error).__name__)

    def collect(self) -> Iterator[Metric]:
        """The families of metrics, as of the last refresh."""
        now = self._parts.clock.now()
        age = GaugeMetricFamily("trilha_feed_token_age_seconds", "Time since what was read last", labels=_LABELS)
        idle = GaugeMetricFamily("trilha_feed_idle_seconds", "Time since the source was last asked", labels=_LABELS)
        gaps = GaugeMetricFamily("trilha_feed_open_gaps", "Gaps that a backfill has to fill", labels=_LABELS)
        for organisation, checkpoint in self._standing:
            labels = (organisation, checkpoint.stream)
            age.add_metric(labels, (now - checkpoint.token_time).total_seconds())
            idle.add_metric(labels, (now - checkpoint.checked_at).total_seconds())
            gaps.add_metric(labels, checkpoint.open_gaps)
        yield from (age, idle, gaps)

    async def _read(self) -> AsyncIterator[_Standing]:
        now = self._parts.clock.now()
        for organisation in await self._tenancy.all():
            for checkpoint in await self._parts.ingestion.checkpoints(organisation.id, now):
                yield str(organisation.id), checkpoint
