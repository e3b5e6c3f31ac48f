"""Watch vehicles as pages of records come in: each page once, whatever is delivered or killed in between."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from trilha.application.monitoring.observing import by_vehicle
from trilha.application.monitoring.rulebooks import Kept, Rulebooks
from trilha.application.monitoring.writing import write_down
from trilha.application.ports import Envelope, IdSource, MonitoringUnitOfWork, UnitsOfWork
from trilha.domain.kernel import NotFound, SourceUnavailable, TimeRange, VehicleId
from trilha.domain.monitoring import Moment, VehicleWatch, Watched, watch
from trilha.domain.monitoring.vehicle_watch import HISTORIC
from trilha.domain.telemetry import FEEDS, EventsIngested, PageReader, RawPage, RawPageKey, Record, Stream

CONSUMER = "monitoring-watch"
AT_ONCE = 20
"""Pages in one transaction: whoever has fallen far behind keeps what it has done so far."""
FIRST_LOOK = timedelta(minutes=10)
"""Where nothing was ever watched: so far before the first page that is delivered others may belong to it."""

log = logging.getLogger(__name__)


class WatchVehicles:
    """What vehicles are known to do, visits, alerts and the note that this page was seen are one transaction.

    So a page that is delivered twice counts once, and one whose consumer died counts when it is delivered again. A
    backfill brings the past: it is not watched at all. A page that is read again, because the reader understands more
    of it now, is: its positions are late then and change nothing, its events are judged by their age at that time.

    Positions mean something in their order only, and a bus may deliver any page before another. So what it delivers is
    taken for a sign that all pages of positions up to that one are there, and those not watched yet are, in order. Each
    of them is delivered too, and finds then that nothing is left to do. Events stand for themselves: page by page.
    """

    def __init__(
        self,
        *,
        units: UnitsOfWork[MonitoringUnitOfWork],
        reader: PageReader,
        rulebooks: Rulebooks,
        ids: IdSource,
        historic: timedelta = HISTORIC,
    ) -> None:
        self._units = units
        self._reader = reader
        self._rulebooks = rulebooks
        self._ids = ids
        self._historic = historic

    async def __call__(self, envelope: Envelope) -> None:
        """Watch what a page tells, after those before it."""
        event = msgspec.json.decode(envelope.data, type=EventsIngested)
        if event.stream not in FEEDS or event.backfill_id is not None:
            return
        while not await self._watch_some(envelope, event):
            log.info("more pages of positions lie before page %s", event.page_id)

    async def _watch_some(self, envelope: Envelope, event: EventsIngested) -> bool:
        """One transaction of bounded length; whether it watched the announced page, too."""
        announced = RawPageKey(event.received_at, event.page_id)
        async with self._units(envelope.organisationid) as unit:
            await unit.watches.load(())  # alone from here on: nobody else watches what this one finds to be watched
            kept = await self._rulebooks.of(envelope.organisationid, unit)
            in_order = event.stream is Stream.POSITIONS
            before = await _unwatched(unit, announced) if in_order and not kept.watches_nothing else ()
            is_last = len(before) < AT_ONCE
            if is_last and not await unit.first_time(CONSUMER, envelope.id):
                return True
            for key in before:
                await self._watch_missed(unit, key.id, event.stream, kept)
            if is_last and not kept.watches_nothing and (page := await _page(unit, event.page_id)) is not None:
                await self._watch(unit, page, kept, envelope.time)
            if in_order:
                reached = announced if is_last else before[-1]
                await unit.watches.reach(reached.received_at, reached.id)
            await unit.commit()
        return is_last

    async def _watch_missed(self, unit: MonitoringUnitOfWork, page_id: UUID, stream: Stream, kept: Kept) -> None:
        """A page whose own event is still on its way. One that cannot be read must not stop those behind it."""
        page = await _page(unit, page_id)
        if page is None:
            return
        try:
            await self._watch(unit, page, kept, page.received_at)
        except SourceUnavailable as unreadable:
            log.warning("page %s of %s is passed over until it is delivered itself: %s", page_id, stream, unreadable)

    async def _watch(self, unit: MonitoringUnitOfWork, page: RawPage, kept: Kept, now: datetime) -> None:
        records = self._reader.understand(page.stream, page.body, page.received_at).records
        await watch_records(unit, records, kept, Moment.of(page.received_at, now, self._historic), self._ids)


async def watch_records(
    unit: MonitoringUnitOfWork, records: Sequence[Record], kept: Kept, moment: Moment, ids: IdSource
) -> None:
    """Watch the vehicles of a page, in an order that is the same everywhere."""
    seen = by_vehicle(records, kept.nobody)
    known: Mapping[VehicleId, VehicleWatch] = await unit.watches.load(seen.keys())
    watched: list[Watched] = []
    for vehicle_id in sorted(seen):
        state = known.get(vehicle_id) or VehicleWatch(vehicle_id)
        watched.append(watch(state, seen[vehicle_id], kept.book, moment))
    await write_down(unit, known, watched, kept.book, ids)


async def _unwatched(unit: MonitoringUnitOfWork, announced: RawPageKey) -> Sequence[RawPageKey]:
    """The next pages of positions that were received before the announced one and are not watched.

    A stream is read by one worker, which asks for a page when it has the one before, and commits them in that order
    (see InOrder): when a page is announced, all of its stream that were received before it are there. What comes to lie
    below the progress later is of a backfill, which has no token and is not watched, or was read by a worker whose
    clock was behind; a replay names the old page. Those are watched for themselves when they are delivered, late.
    """
    progress = await unit.watches.watched_until()
    after = None if progress is None else RawPageKey(*progress)
    start = announced.received_at - FIRST_LOOK if after is None else min(after.received_at, announced.received_at)
    received = TimeRange(start, announced.received_at + datetime.resolution)
    keys = await unit.raw_pages.keys(Stream.POSITIONS, received, after, AT_ONCE, with_token=True)
    return [key for key in keys if key < announced]


async def _page(unit: MonitoringUnitOfWork, page_id: UUID) -> RawPage | None:
    try:
        return await unit.raw_pages.get(page_id)
    except NotFound:
        # taken away by retention: who is that late has nothing to alert anybody of
        log.warning("page %s is gone, it is not watched", page_id)
        return None
