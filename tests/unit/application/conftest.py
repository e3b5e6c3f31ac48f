"""One connected organisation on memory adapters, and the use cases on it."""

from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

import msgspec
import pytest

from trilha.adapters.memory import (
    MemoryDatabase,
    MemoryJobs,
    MemoryLeases,
    MemoryLiveFeed,
    MemoryOrganisations,
    MemorySource,
    MemoryTaskQueue,
    MemoryUnitsOfWork,
    OrganisationTables,
    SimulatedClock,
    SimulatedIds,
    SourceFleet,
)
from trilha.application.exclusive_run import ExclusiveRun
from trilha.application.fleet.sync_master_data import SyncMasterData
from trilha.application.telemetry.command_backfills import CancelBackfill, RequestBackfill
from trilha.application.telemetry.fill_backfills import FillBackfills
from trilha.application.telemetry.ingest_stream import IngestStream
from trilha.application.telemetry.read_amendments import ReadAmendments
from trilha.application.telemetry.replay_raw import ReplayRaw
from trilha.application.telemetry.settle_quarantine import SettleQuarantine
from trilha.application.telemetry.store_page import StorePage
from trilha.domain.fleet import SourceOrganisation
from trilha.domain.identity import Organisation, OrganisationSource
from trilha.domain.kernel import DomainEvent, OrganisationId

Event = TypeVar("Event", bound=DomainEvent)
EXTERNAL_ID = 77
ORGANISATION_ID = OrganisationId(UUID(int=5))


@dataclass
class Installation:
    clock: SimulatedClock = field(default_factory=SimulatedClock)

    def __post_init__(self) -> None:
        self.ids = SimulatedIds(self.clock)
        self.database = MemoryDatabase(self.clock, self.ids)
        self.organisations = MemoryOrganisations(self.database)
        self.units = MemoryUnitsOfWork(self.database)
        self.live = MemoryLiveFeed()
        self.leases = MemoryLeases(self.database)
        self.jobs = MemoryJobs(self.database)
        self.queue = MemoryTaskQueue()
        self.source = MemorySource(self.clock, page_size=3)
        self.fleet = self.source.add(SourceFleet(SourceOrganisation(EXTERNAL_ID, "Viação", "America/Sao_Paulo")))

    def told(self, event: type[Event]) -> list[Event]:
        """What was recorded, in its order."""
        sent = [one for one in self.database.outbox.values() if one.type == event.event_type]
        return [msgspec.json.decode(one.data, type=event) for one in sent]

    @property
    def tables(self) -> OrganisationTables:
        return self.database.of(ORGANISATION_ID)

    def run(self, worker: str = "worker") -> ExclusiveRun:
        return ExclusiveRun(
            organisations=self.organisations,
            units=self.units,
            leases=self.leases,
            clock=self.clock,
            ids=self.ids,
            worker=worker,
        )

    def ingest(self, worker: str = "worker") -> IngestStream:
        store = StorePage(source=self.source, units=self.units, live=self.live, clock=self.clock, ids=self.ids)
        return IngestStream(
            run=self.run(worker),
            source=self.source,
            units=self.units,
            store_page=store,
            clock=self.clock,
            ids=self.ids,
        )

    def sync(self) -> SyncMasterData:
        return SyncMasterData(run=self.run(), source=self.source, units=self.units, clock=self.clock, ids=self.ids)

    def fill(self, worker: str = "worker") -> FillBackfills:
        return FillBackfills(run=self.run(worker), source=self.source, units=self.units, clock=self.clock, ids=self.ids)

    def request_backfill(self) -> RequestBackfill:
        return RequestBackfill(units=self.units, clock=self.clock, ids=self.ids)

    def cancel_backfill(self) -> CancelBackfill:
        return CancelBackfill(units=self.units, clock=self.clock)

    def read_amendments(self) -> ReadAmendments:
        return ReadAmendments(run=self.run(), source=self.source, units=self.units, clock=self.clock, ids=self.ids)

    def replay(self) -> ReplayRaw:
        return ReplayRaw(run=self.run(), reader=self.source, units=self.units, clock=self.clock)

    def settle(self) -> SettleQuarantine:
        return SettleQuarantine(reader=self.source, units=self.units, clock=self.clock)


async def connected() -> Installation:
    """An installation with one organisation."""
    here = Installation()
    organisation = Organisation(ORGANISATION_ID, "Viação", "America/Sao_Paulo", here.clock.now())
    await here.organisations.add(organisation, OrganisationSource(ORGANISATION_ID, "mix", EXTERNAL_ID))
    return here


@pytest.fixture
async def here() -> Installation:
    return await connected()
