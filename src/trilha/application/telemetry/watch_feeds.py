"""Everything that operations watch, in one answer."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from trilha.application.call_budget import CallBudget, CallWindow
from trilha.application.ports import Clock, DeadLetters, Outbox, PageRequest
from trilha.application.telemetry.health import HealthStatus, StreamFacts, StreamHealth, stream_health, worst
from trilha.application.telemetry.queries import IngestionQueries
from trilha.application.telemetry.views import BackfillView, CheckpointView, HourView, RunView
from trilha.domain.kernel import OrganisationId, TimeRange
from trilha.domain.telemetry import BackfillStatus, RunStatus, Stream

WATCHED = timedelta(hours=24)
_NEWEST = PageRequest(limit=1)


class FeedHealth(msgspec.Struct, frozen=True, kw_only=True):
    """How the feed of an organisation is; `attention` lists what waits for a person.

    `calls` is the use of the source's budget, null where this process does not know the login. `unsent_events` counts
    those of the whole installation that have not reached the bus.
    """

    status: HealthStatus
    checked_at: datetime
    streams: tuple[StreamHealth, ...]
    backfill: BackfillView | None
    calls: tuple[CallWindow, ...] | None
    unsent_events: int
    open_dead_letters: int
    open_quarantine: int
    attention: tuple[str, ...]


class WatchFeeds:
    """Reads what there is to know and judges it."""

    def __init__(
        self,
        *,
        ingestion: IngestionQueries,
        dead_letters: DeadLetters,
        outbox: Outbox,
        calls: CallBudget,
        clock: Clock,
    ) -> None:
        self._ingestion = ingestion
        self._dead_letters = dead_letters
        self._outbox = outbox
        self._calls = calls
        self._clock = clock

    async def __call__(self, organisation_id: OrganisationId) -> FeedHealth:
        """How it is now."""
        now = self._clock.now()
        backfill = await self._backfill(organisation_id, now)
        hours = await self._ingestion.hours(organisation_id, TimeRange(start=now - WATCHED))
        checkpoints = {one.stream: one for one in await self._ingestion.checkpoints(organisation_id, now)}
        quarantined = Counter(await self._ingestion.open_quarantine(organisation_id))
        facts = [
            await self._facts(organisation_id, stream, checkpoints.get(stream), hours, quarantined[stream], backfill)
            for stream in Stream
        ]
        streams = tuple(stream_health(one, now) for one in facts)
        open_letters = await self._dead_letters.open_count(organisation_id)
        return FeedHealth(
            status=worst([one.status for one in streams]),
            checked_at=now,
            streams=streams,
            backfill=backfill,
            calls=await self._calls(),
            unsent_events=await self._outbox.unsent(),
            open_dead_letters=open_letters,
            open_quarantine=quarantined.total(),
            attention=_attention(open_letters, quarantined.total()),
        )

    async def _facts(
        self,
        organisation_id: OrganisationId,
        stream: Stream,
        checkpoint: CheckpointView | None,
        hours: Sequence[HourView],
        quarantined: int,
        backfill: BackfillView | None,
    ) -> StreamFacts:
        ended, success = await asyncio.gather(
            self._last_ended(organisation_id, stream), self._last_success(organisation_id, stream)
        )
        return StreamFacts(
            stream=stream,
            checkpoint=checkpoint,
            last_ended=ended,
            last_success=success,
            hours=[hour for hour in hours if hour.stream == stream],
            open_quarantine=quarantined,
            backfill=backfill,
        )

    async def _last_ended(self, organisation_id: OrganisationId, stream: Stream) -> RunView | None:
        page = await self._ingestion.runs(organisation_id, stream, None, PageRequest(limit=2))
        return next((run for run in page.items if run.status != RunStatus.RUNNING), None)

    async def _last_success(self, organisation_id: OrganisationId, stream: Stream) -> RunView | None:
        page = await self._ingestion.runs(organisation_id, stream, RunStatus.SUCCEEDED, _NEWEST)
        return next(iter(page.items), None)

    async def _backfill(self, organisation_id: OrganisationId, now: datetime) -> BackfillView | None:
        """The one at work, else the one that waits longest to be seen here."""
        for status in (BackfillStatus.RUNNING, BackfillStatus.WAITING):
            page = await self._ingestion.backfills(organisation_id, status, now, _NEWEST)
            if page.items:
                return page.items[0]
        return None


def _attention(open_letters: int, quarantined: int) -> tuple[str, ...]:
    told = []
    if open_letters:
        told.append(
            f"{open_letters} events could not be digested: look at them, then replay or discard (`trilha dead-letters`)"
        )
    if quarantined:
        told.append(
            f"{quarantined} records could not be understood: look at them, then replay or discard (`trilha quarantine`)"
        )
    return tuple(told)
