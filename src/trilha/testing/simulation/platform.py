"""What one worker process of a simulated world does: the same use cases as in production, on adapters that may die."""

from collections.abc import Mapping
from uuid import UUID
from zoneinfo import ZoneInfo

from trilha.adapters.memory import (
    MemoryDatabase,
    MemoryLiveFeed,
    MemoryOrganisations,
    MemorySource,
    QueuedTask,
)
from trilha.application.exclusive_run import ExclusiveRun
from trilha.application.fleet.sync_master_data import SyncMasterData, SyncMasterDataCommand
from trilha.application.monitoring.notice_silence import NoticeSilence, NoticeSilenceCommand
from trilha.application.monitoring.on_events_ingested import WatchVehicles
from trilha.application.monitoring.rulebooks import Rulebooks
from trilha.application.ports import Handler
from trilha.application.schedule import INGESTING
from trilha.application.telemetry.fill_backfills import FillBackfills, FillBackfillsCommand
from trilha.application.telemetry.ingest_stream import IngestStream, IngestStreamCommand
from trilha.application.telemetry.on_events_ingested import CountThroughput
from trilha.application.telemetry.read_amendments import ReadAmendments, ReadAmendmentsCommand
from trilha.application.telemetry.replay_raw import ReplayRaw, ReplayRawCommand
from trilha.application.telemetry.store_page import StorePage
from trilha.domain.kernel import OrganisationId
from trilha.domain.telemetry import IngestionRun, PageReader, RunKind, Stream
from trilha.testing.simulation.faults import MortalLeases, MortalUnits, Process

_KINDS: Mapping[str, RunKind] = {job.task: RunKind(job.kind) for job in INGESTING}


class Worker:
    """A process with everything it needs; it may die at any step."""

    def __init__(self, process: Process, database: MemoryDatabase, source: MemorySource, name: str) -> None:
        self._source = source
        self._rulebooks = _rulebooks(database)
        self._clock = database.clock
        self._ids = database.ids
        self._live = MemoryLiveFeed()
        self.units = MortalUnits(process, database)
        self._run = ExclusiveRun(
            organisations=MemoryOrganisations(database),
            units=self.units,
            leases=MortalLeases(process, database),
            clock=self._clock,
            ids=self._ids,
            worker=name,
        )

    async def do(self, task: QueuedTask) -> IngestionRun | None:
        """A task from the queue; None if another process is at it, or if it brings nothing in."""
        organisation_id = OrganisationId(UUID(task.arguments["organisation_id"]))
        if task.task == "notice_silence":
            await self._notice_silence(organisation_id)
            return None
        if task.task not in _KINDS:
            return None
        match _KINDS[task.task]:
            case RunKind.MASTER_DATA:
                return await self._sync(organisation_id)
            case RunKind.AMENDMENTS:
                return await self._read_amendments(organisation_id)
            case RunKind.BACKFILL:
                return await self._fill(organisation_id)
            case kind:
                return await self._ingest(organisation_id, Stream(kind))

    async def replay(self, organisation_id: OrganisationId, stream: Stream) -> IngestionRun | None:
        """Read every kept page of a feed again."""
        replay = ReplayRaw(run=self._run, reader=self._source, units=self.units, clock=self._clock)
        return await replay(ReplayRawCommand(organisation_id, stream))

    async def _notice_silence(self, organisation_id: OrganisationId) -> None:
        notice = NoticeSilence(units=self.units, rulebooks=self._rulebooks, clock=self._clock, ids=self._ids)
        await notice(NoticeSilenceCommand(organisation_id))

    async def _sync(self, organisation_id: OrganisationId) -> IngestionRun | None:
        sync = SyncMasterData(run=self._run, source=self._source, units=self.units, clock=self._clock, ids=self._ids)
        return await sync(SyncMasterDataCommand(organisation_id))

    async def _read_amendments(self, organisation_id: OrganisationId) -> IngestionRun | None:
        read = ReadAmendments(run=self._run, source=self._source, units=self.units, clock=self._clock, ids=self._ids)
        return await read(ReadAmendmentsCommand(organisation_id))

    async def _fill(self, organisation_id: OrganisationId) -> IngestionRun | None:
        fill = FillBackfills(run=self._run, source=self._source, units=self.units, clock=self._clock, ids=self._ids)
        return await fill(FillBackfillsCommand(organisation_id))

    async def _ingest(self, organisation_id: OrganisationId, stream: Stream) -> IngestionRun | None:
        store = StorePage(source=self._source, units=self.units, live=self._live, clock=self._clock, ids=self._ids)
        ingest = IngestStream(
            run=self._run,
            source=self._source,
            units=self.units,
            store_page=store,
            clock=self._clock,
            ids=self._ids,
        )
        return await ingest(IngestStreamCommand(organisation_id, stream))


def consumer(name: str, units: MortalUnits, database: MemoryDatabase, reader: PageReader) -> Handler:
    """The use case that a subscription names."""
    use_cases: Mapping[str, Handler] = {
        "count_throughput": CountThroughput(units=units),
        "watch_vehicles": WatchVehicles(units=units, reader=reader, rulebooks=_rulebooks(database), ids=database.ids),
    }
    return use_cases[name]


def _rulebooks(database: MemoryDatabase) -> Rulebooks:
    return Rulebooks(organisations=MemoryOrganisations(database), clock=database.clock, zone_of=ZoneInfo)
