"""Watch vehicles as pages of records come in: each page once, whatever is delivered or killed in between."""

import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta

import msgspec

from trilha.application.monitoring.observing import by_vehicle
from trilha.application.monitoring.rulebooks import Kept, Rulebooks
from trilha.application.monitoring.writing import write_down
from trilha.application.ports import Envelope, IdSource, MonitoringUnitOfWork, UnitsOfWork
from trilha.domain.kernel import NotFound, VehicleId
from trilha.domain.monitoring import Moment, VehicleWatch, Watched, watch
from trilha.domain.monitoring.watching import HISTORIC
from trilha.domain.telemetry import FEEDS, EventsIngested, PageReader, RawPage, Record, Stream

CONSUMER = "monitoring-watch"

log = logging.getLogger(__name__)


class WatchVehicles:
    """What vehicles are known to do, visits, alerts and the note that this page was seen are one transaction.

    So a page that is delivered twice counts once, and one whose consumer died counts when it is delivered again. A
    backfill brings the past: it is not watched at all. A page that is read again, because the reader understands more
    of it now, is: its positions are late then and change nothing, its events are judged by their age at that time.
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
        """Watch what a page tells."""
        event = msgspec.json.decode(envelope.data, type=EventsIngested)
        if event.stream not in FEEDS or event.backfill_id is not None:
            return
        async with self._units(envelope.organisationid) as unit:
            if not await unit.first_time(CONSUMER, envelope.id):
                return
            kept = await self._rulebooks.of(envelope.organisationid, unit)
            page = None if kept.watches_nothing else await _page(unit, event)
            if page is not None:
                records = self._reader.understand(event.stream, page.body, page.received_at).records
                moment = Moment.of(page.received_at, envelope.time, self._historic)
                await watch_records(unit, records, kept, moment, self._ids)
                if event.stream is Stream.POSITIONS:
                    await unit.watches.reach(page.received_at)
            await unit.commit()


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


async def _page(unit: MonitoringUnitOfWork, event: EventsIngested) -> RawPage | None:
    try:
        return await unit.raw_pages.get(event.page_id)
    except NotFound:
        # taken away by retention: who is that late has nothing to alert anybody of
        log.warning("page %s is gone, it is not watched", event.page_id)
        return None
