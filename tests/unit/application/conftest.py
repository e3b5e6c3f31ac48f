"""One connected organisation on memory adapters, and the use cases on it."""

from dataclasses import dataclass, field
from uuid import UUID

import pytest
from trilha.application.telemetry.ingest_events import IngestEvents

from trilha.adapters.memory import (
    MemoryDatabase,
    MemoryJobs,
    MemoryLeases,
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
from trilha.application.telemetry.store_page import StorePage
from trilha.domain.fleet import SourceOrganisation
from trilha.domain.identity import Organisation, OrganisationSource
from trilha.domain.kernel import OrganisationId

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
        self.leases = MemoryLeases(self.database)
        self.jobs = MemoryJobs(self.database)
        self.queue = MemoryTaskQueue()
        self.source = MemorySource(self.clock, page_size=3)
        self.fleet = self.source.add(SourceFleet(SourceOrganisation(EXTERNAL_ID, "Viação", "America/Sao_Paulo")))

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

    def ingest(self, worker: str = "worker") -> IngestEvents:
        store = StorePage(source=self.source, units=self.units, clock=self.clock, ids=self.ids)
        return IngestEvents(
            run=self.run(worker),
            source=self.source,
            units=self.units,
            store_page=store,
            clock=self.clock,
        )

    def sync(self) -> SyncMasterData:
        return SyncMasterData(run=self.run(), source=self.source, units=self.units, clock=self.clock)


@pytest.fixture
async def here() -> Installation:
    here = Installation()
    organisation = Organisation(ORGANISATION_ID, "Viação", "America/Sao_Paulo", here.clock.now())
    await here.organisations.add(organisation, OrganisationSource(ORGANISATION_ID, "mix", EXTERNAL_ID))
    return here
