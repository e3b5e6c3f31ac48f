"""What the command line does for people who run a feed: the use cases behind the operators' routes, in here."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from trilha.application.dead_letters import SettleDeadLetterCommand
from trilha.application.fleet.classify_event_type import ClassifyEventTypeCommand
from trilha.application.fleet.queries import ClassificationChangeView, EventTypeView
from trilha.application.list_dead_letters import DeadLetterView, dead_letter_view, page_of_letters
from trilha.application.maintenance.find_due import DueFilter
from trilha.application.maintenance.views import DueView, due_view
from trilha.application.monitoring.command_geofences import AddGeofencesCommand
from trilha.application.monitoring.geofence_files import read_features, write_features
from trilha.application.monitoring.geofence_queries import GeofenceFilter
from trilha.application.monitoring.geofence_views import GeofenceView
from trilha.application.monitoring.queries import AlertFilter
from trilha.application.monitoring.settle_alerts import SettleAlertCommand
from trilha.application.monitoring.views import AlertRuleView, AlertView
from trilha.application.ports import MAX_LIMIT, LetterStatus, Page, PageRequest
from trilha.application.telemetry.command_backfills import CancelBackfillCommand, RequestBackfillCommand
from trilha.application.telemetry.replay_raw import ReplayRawCommand
from trilha.application.telemetry.settle_quarantine import SettleQuarantineCommand
from trilha.application.telemetry.views import BackfillView, QuarantineView, RunView, run_view
from trilha.application.telemetry.watch_feeds import FeedHealth
from trilha.domain.fleet import Classification
from trilha.domain.identity import OPERATOR, Organisation
from trilha.domain.kernel import Conflict, EventTypeId, GroupId, NotFound, OrganisationId, TimeRange, VehicleId
from trilha.domain.maintenance import DueStatus
from trilha.domain.telemetry import RawPageKey, RunKind, RunStatus, Settlement, Stream, parse_streams
from trilha.entrypoints.container.database import open_database
from trilha.entrypoints.container.table import Container
from trilha.entrypoints.mistakes import ExitCode, Mistake
from trilha.entrypoints.report_desk import ReportDesk
from trilha.entrypoints.settings import Settings

View = TypeVar("View")
POLL_S = 0.5
_COUNTED_AT_ONCE = 1_000
_NEWEST = PageRequest(limit=1)


class Operator:
    """One organisation's feed, over opened pools."""

    def __init__(self, container: Container, organisation: Organisation) -> None:
        self._container = container
        self.organisation = organisation

    @property
    def _id(self) -> OrganisationId:
        return self.organisation.id

    @property
    def reports(self) -> ReportDesk:
        """Its reports."""
        return ReportDesk(self._container, self._id)

    async def health(self) -> FeedHealth:
        """How the feed is."""
        return await self._container.watch_feeds()(self._id)

    async def event_types(self, classification: Classification | None) -> list[EventTypeView]:
        """All of them, by description."""
        fleet = self._container.fleet_queries()

        async def read(page: PageRequest) -> Page[EventTypeView | msgspec.Raw]:
            return await fleet.event_types(self._id, None if classification is None else classification.value, page)

        return await _all(read, EventTypeView)

    async def classify(
        self, event_type_id: EventTypeId, classification: Classification | None, reason: str | None
    ) -> EventTypeView:
        """Say what one means; raises what ClassifyEventType raises."""
        command = ClassifyEventTypeCommand(
            organisation_id=self._id,
            event_type_id=event_type_id,
            classification=classification,
            changed_by=OPERATOR,
            reason=reason,
        )
        return await self._container.classify_event_type()(command)

    async def classification_changes(
        self, event_type_id: EventTypeId | None, limit: int
    ) -> list[ClassificationChangeView]:
        """The newest ones, of one type or of all. Raises NotFound."""
        page = await self._container.fleet_queries().classification_changes(
            self._id, event_type_id, PageRequest(limit=limit)
        )
        return [_decoded(item, ClassificationChangeView) for item in page.items]

    async def maintenance(
        self, status: DueStatus | None, vehicle_id: VehicleId | None, group_id: GroupId | None
    ) -> list[DueView]:
        """What vehicles are due for, the most urgent first. Raises NotFound."""
        where = DueFilter(status=status, vehicle_id=vehicle_id, group_id=group_id)
        return [due_view(one) for one in await self._container.find_due()(self._id, where)]

    async def geofences(self, search: str | None) -> list[GeofenceView]:
        """Those whose name has it, or all, by name."""
        queries, where = self._container.geofence_queries(), GeofenceFilter(search=search)
        return await _all(lambda page: queries.geofences(self._id, where, page), GeofenceView)

    async def import_geofences(self, document: object) -> tuple[GeofenceView, ...]:
        """Make one of each feature; raises MalformedArea, and what AddGeofences and `read_features` raise."""
        return await self._container.add_geofences()(AddGeofencesCommand(self._id, read_features(document)))

    async def export_geofences(self) -> dict[str, Any]:
        """All of them as GeoJSON."""
        return write_features(await self._container.find_geofences()(self._id))

    async def alerts(self, where: AlertFilter, limit: int) -> list[AlertView]:
        """The newest ones."""
        page = await self._container.alert_queries().alerts(self._id, where, PageRequest(limit=limit))
        return list(page.items)

    async def alert_rules(self) -> list[AlertRuleView]:
        """All of them, the one changed last first."""
        return await _all(lambda page: self._container.alert_queries().rules(self._id, page), AlertRuleView)

    async def acknowledge_alert(self, alert_id: UUID, note: str | None) -> AlertView:
        """Say that somebody is on it; raises what AcknowledgeAlert raises."""
        command = SettleAlertCommand(self._id, alert_id, by=OPERATOR, note=note)
        return await self._container.acknowledge_alert()(command)

    async def resolve_alert(self, alert_id: UUID, note: str | None) -> AlertView:
        """Say that it is over; raises what ResolveAlert raises."""
        command = SettleAlertCommand(self._id, alert_id, by=OPERATOR, note=note)
        return await self._container.resolve_alert()(command)

    async def start_backfill(self, start: datetime, end: datetime, streams: tuple[str, ...]) -> BackfillView:
        """Ask for one; raises what RequestBackfill raises."""
        command = RequestBackfillCommand(organisation_id=self._id, start=start, end=end, streams=streams)
        return await self._container.request_backfill()(command)

    async def backfills(self, limit: int) -> list[BackfillView]:
        """The newest ones."""
        now = self._container.clock().now()
        page = await self._container.ingestion_queries().backfills(self._id, None, now, PageRequest(limit=limit))
        return list(page.items)

    async def backfill(self, backfill_id: UUID | None) -> BackfillView:
        """One of them, the newest where none is named. Raises NotFound."""
        if backfill_id is not None:
            return await self._container.find_backfill()(self._id, backfill_id)
        for newest in await self.backfills(1):
            return newest
        raise Conflict("there was never a backfill: `trilha backfill start` starts one")

    async def follow_backfill(self, backfill_id: UUID) -> AsyncIterator[BackfillView]:
        """How it stands, again and again until it ends."""
        while True:
            view = await self.backfill(backfill_id)
            yield view
            if view.finished_at is not None:
                return
            await asyncio.sleep(POLL_S)

    async def cancel_backfill(self, backfill_id: UUID) -> BackfillView:
        """Stop it; raises what CancelBackfill raises."""
        return await self._container.cancel_backfill()(CancelBackfillCommand(self._id, backfill_id))

    async def quarantine(self, stream: str | None, limit: int, *, everything: bool) -> list[QuarantineView]:
        """The newest entries, those that are open or all."""
        queries = self._container.ingestion_queries()
        page = await queries.quarantine(self._id, stream, PageRequest(limit=limit), only_open=not everything)
        return list(page.items)

    async def quarantined(self, entry_id: UUID) -> QuarantineView:
        """One entry with its text; raises NotFound."""
        entry = await self._container.ingestion_queries().quarantined(self._id, entry_id)
        if entry is None:
            raise NotFound("quarantine entry", entry_id)
        return entry

    async def settle_quarantine(self, entry_id: UUID, settlement: Settlement) -> QuarantineView:
        """Decide about one; raises what SettleQuarantine raises."""
        await self._container.settle_quarantine()(SettleQuarantineCommand(self._id, entry_id, settlement))
        return await self.quarantined(entry_id)

    async def dead_letters(self, limit: int, *, everything: bool) -> list[DeadLetterView]:
        """Those that failed last, open or all."""
        letters = await self._container.dead_letters().all(self._id)
        status = None if everything else LetterStatus.OPEN
        return list(page_of_letters(letters, status, PageRequest(limit=limit)).items)

    async def dead_letter(self, consumer: str, event_id: UUID) -> DeadLetterView:
        """One with its event; raises NotFound."""
        letter = await self._container.dead_letters().get(self._id, consumer, event_id)
        if letter is None:
            raise NotFound("dead letter", f"{consumer}/{event_id}")
        return dead_letter_view(letter, whole=True)

    async def settle_dead_letter(self, consumer: str, event_id: UUID, status: LetterStatus) -> DeadLetterView:
        """Decide about one; raises what SettleDeadLetter raises."""
        command = SettleDeadLetterCommand(self._id, consumer, event_id, status)
        return dead_letter_view(await self._container.settle_dead_letter()(command))

    async def replay(self, stream: str, received: TimeRange, progress: Callable[[int, int], None]) -> RunView:
        """Read kept pages again, here; `progress` is told the pages done and all of them. Raises Conflict."""
        (feed,) = parse_streams([stream])
        total = await self._count_pages(feed, received)
        progress(0, total)
        command = ReplayRawCommand(organisation_id=self._id, stream=feed, received=received)
        replaying = asyncio.create_task(self._container.replay_raw()(command))
        while not (await asyncio.wait({replaying}, timeout=POLL_S))[0]:
            progress(await self._replayed(), total)
        run = await replaying
        if run is None:
            raise Conflict("another replay is under way: try again when it has ended")
        progress(run.pages, total)
        return run_view(run)

    async def _replayed(self) -> int:
        queries = self._container.ingestion_queries()
        page = await queries.runs(self._id, RunKind.REPLAY, RunStatus.RUNNING, _NEWEST)
        return sum(run.pages for run in page.items)

    async def _count_pages(self, feed: Stream, received: TimeRange) -> int:
        total = 0
        after: RawPageKey | None = None
        async with self._container.units()(self._id) as unit:
            while keys := await unit.raw_pages.keys(feed, received, after, _COUNTED_AT_ONCE):
                total, after = total + len(keys), keys[-1]
        return total


async def _all(read: Callable[[PageRequest], Awaitable[Page[View | msgspec.Raw]]], kind: type[View]) -> list[View]:
    seen, cursor = list[View](), None
    while True:
        page = await read(PageRequest(limit=MAX_LIMIT, cursor=cursor))
        seen += [_decoded(item, kind) for item in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return seen


def _decoded(item: View | msgspec.Raw, kind: type[View]) -> View:
    return msgspec.json.decode(item, type=kind) if isinstance(item, msgspec.Raw) else item


@asynccontextmanager
async def operating(settings: Settings, wanted: str | None) -> AsyncGenerator[Operator, None]:
    """The operator of an organisation, by id or name; of the only one where none is wanted. Raises Mistake."""
    async with open_database(settings, "operator") as container:
        yield Operator(container, _picked(list(await container.organisations().all()), wanted))


async def health_of_all(settings: Settings) -> list[tuple[Organisation, FeedHealth]]:
    """How the feed of every organisation is, oldest organisation first."""
    async with open_database(settings, "operator") as container:
        organisations = await container.organisations().all()
        return [(one, await Operator(container, one).health()) for one in organisations]


def _picked(known: list[Organisation], wanted: str | None) -> Organisation:
    if not known:
        raise Mistake(
            "no organisation is connected yet: a worker does that once its source answers", ExitCode.UNAVAILABLE
        )
    found = [one for one in known if wanted is None or wanted.casefold() in (str(one.id), one.name.casefold())]
    if len(found) == 1:
        return found[0]
    names = ", ".join(f"{one.name} ({one.id})" for one in known)
    told = "there are several organisations" if wanted is None else f"no organisation is called {wanted!r}"
    raise Mistake(f"{told}: name one of them with --organisation, by id or name; there are: {names}", ExitCode.USAGE)
