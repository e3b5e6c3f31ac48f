"""How the feed stands, as gauges: what an alarm about late data is built on."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from time import monotonic

import structlog
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from trilha.application.telemetry.health import HealthStatus, StreamHealth
from trilha.application.telemetry.watch_feeds import FeedHealth
from trilha.domain.kernel import OrganisationId
from trilha.entrypoints.http.parts import HttpParts
from trilha.entrypoints.http.tenancy import Tenancy

FRESH_S = 10.0
"""Nobody needs a token to scrape, so scraping must not be a way to keep the database busy."""
DEADLINE_S = 2.0
_log = structlog.stdlib.get_logger("trilha.http")
_Figure = Callable[[StreamHealth, FeedHealth], float | None]

_OF_STREAMS: Mapping[str, tuple[str, _Figure]] = {
    "trilha_feed_token_age_seconds": ("Time since what was read last", lambda one, _: one.token_age_s),
    "trilha_feed_behind_seconds": ("Time since which something may be missing", lambda one, _: one.behind_s),
    "trilha_feed_idle_seconds": (
        "Time since the source was last asked",
        lambda one, all_: (all_.checked_at - one.last_asked_at).total_seconds() if one.last_asked_at else None,
    ),
    "trilha_feed_open_gaps": ("Gaps that a backfill has to fill", lambda one, _: one.open_gaps),
    "trilha_feed_open_quarantine": ("Records that wait for a person to decide", lambda one, _: one.open_quarantine),
    "trilha_feed_rows": ("Records that came in within 24 hours", lambda one, _: one.rows),
    "trilha_feed_late_share": (
        "Share of them that had happened more than an hour before",
        lambda one, _: one.late_share,
    ),
}
_OF_ORGANISATIONS: Mapping[str, tuple[str, Callable[[FeedHealth], float | None]]] = {
    "trilha_open_dead_letters": ("Events that wait for a person to decide", lambda one: one.open_dead_letters),
    "trilha_backfill_done_share": (
        "How far the backfill under way is",
        lambda one: one.backfill.done_share if one.backfill else None,
    ),
    "trilha_backfill_calls_left": (
        "Calls that the backfill under way still needs",
        lambda one: one.backfill.calls_left if one.backfill else None,
    ),
}


class FeedGauges(Collector):
    """Every stream of every organisation, backfills, the budget of calls; none of it while the database is away."""

    def __init__(self, parts: HttpParts, tenancy: Tenancy) -> None:
        self._parts = parts
        self._tenancy = tenancy
        self._standing: Mapping[OrganisationId, FeedHealth] = {}
        self._read_at = float("-inf")

    async def refresh(self) -> None:
        """Read anew what is older than FRESH_S."""
        if monotonic() - self._read_at <= FRESH_S:
            return
        self._read_at = monotonic()
        try:
            async with asyncio.timeout(DEADLINE_S):
                known = [organisation.id for organisation in await self._tenancy.all()]
                self._standing = {one: await self._parts.watch_feeds(one) for one in known}
        except Exception as error:  # noqa: BLE001 - the other metrics matter most when the database is away
            self._standing = {}
            _log.warning("metrics.feed_unknown", error=type(error).__name__)

    def collect(self) -> Iterator[Metric]:
        """The families of metrics, as of the last refresh."""
        for name, (text, figure) in _OF_STREAMS.items():
            yield self._of_streams(name, text, figure)
        yield self._statuses()
        for name, (text, figure_of) in _OF_ORGANISATIONS.items():
            family = GaugeMetricFamily(name, text, labels=("organisation",))
            for organisation_id, health in self._standing.items():
                if (value := figure_of(health)) is not None:
                    family.add_metric((str(organisation_id),), value)
            yield family
        yield from self._of_the_installation()

    def _of_streams(self, name: str, text: str, figure: _Figure) -> Metric:
        family = GaugeMetricFamily(name, text, labels=("organisation", "stream"))
        for organisation_id, health in self._standing.items():
            for one in health.streams:
                if (value := figure(one, health)) is not None:
                    family.add_metric((str(organisation_id), one.stream), value)
        return family

    def _statuses(self) -> Metric:
        family = GaugeMetricFamily(
            "trilha_feed_status", "1 for the status that the stream has", labels=("organisation", "stream", "status")
        )
        for organisation_id, health in self._standing.items():
            for one in health.streams:
                for status in HealthStatus:
                    family.add_metric((str(organisation_id), one.stream, status), float(one.status is status))
        return family

    def _of_the_installation(self) -> Iterator[Metric]:
        """The same for all organisations, so the first one tells."""
        unsent = GaugeMetricFamily("trilha_unsent_events", "Events that have not reached the bus")
        used = GaugeMetricFamily("trilha_source_calls_used", "Calls of the window", labels=("window_s",))
        allowed = GaugeMetricFamily("trilha_source_calls_allowed", "Calls allowed in the window", labels=("window_s",))
        for health in list(self._standing.values())[:1]:
            unsent.add_metric((), health.unsent_events)
            for window in health.calls or ():
                used.add_metric((str(window.window_s),), window.used)
                allowed.add_metric((str(window.window_s),), window.allowed)
        yield from (unsent, used, allowed)
