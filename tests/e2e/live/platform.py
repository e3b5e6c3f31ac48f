"""The way of a position in full: source, page, commit in PostgreSQL, NATS, and the API as it is wired in production."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from tests.e2e.http.world import TOKEN
from trilha.adapters.memory import MemorySource, SourceFleet
from trilha.adapters.nats import NatsLiveFeed, ensure_streams, open_nats
from trilha.adapters.postgres import DatabaseUrls
from trilha.adapters.system import SystemClock
from trilha.application.fleet.sync_master_data import SyncMasterDataCommand
from trilha.application.identity.connect_organisations import ConnectOrganisationsCommand
from trilha.application.telemetry.ingest_stream import IngestStream, IngestStreamCommand
from trilha.domain.fleet import Driver, EventType, Group, MasterList, SourceOrganisation, Vehicle
from trilha.domain.kernel import DriverId, EventTypeId, GroupId, OrganisationId, PositionId, VehicleId
from trilha.domain.telemetry import Position, RunStatus, Stream
from trilha.entrypoints.container.api import open_api
from trilha.entrypoints.container.database import open_database
from trilha.entrypoints.http import HttpParts
from trilha.entrypoints.settings import Settings

EXTERNAL_ID = 77
DEPOT = GroupId(10)


class Company:
    """A source whose vehicles drive when told: vehicle 1 belongs to the depot, vehicle 2 to nobody."""

    def __init__(self, source: MemorySource, ingest: IngestStream, organisation_id: OrganisationId) -> None:
        self._source = source
        self._ingest = ingest
        self._clock = SystemClock()
        self._moves = 0
        self.organisation_id = organisation_id

    async def drive(self, *vehicles: int) -> list[str]:
        """Each a step further, all in one page; gives the ids of the positions once they are committed."""
        positions = [self._position(vehicle) for vehicle in vehicles]
        self._source.emit(EXTERNAL_ID, positions)
        run = await self._ingest(IngestStreamCommand(self.organisation_id, Stream.POSITIONS))
        assert run is not None
        assert run.status is RunStatus.SUCCEEDED, run.error_message
        return [str(position.id) for position in positions]

    def _position(self, vehicle: int) -> Position:
        self._moves += 1
        return Position(
            id=PositionId(self._moves),
            occurred_at=self._clock.now(),
            driver_id=DriverId(1),
            vehicle_id=VehicleId(vehicle),
            latitude_deg=-23.5,
            longitude_deg=-46.6,
        )


@asynccontextmanager
async def running_company(urls: DatabaseUrls, nats_url: str) -> AsyncIterator[tuple[Company, HttpParts]]:
    """A company that is connected, its vehicles known, and the parts of an API process."""
    settings = Settings(
        database_url=urls.app,
        database_owner_url=urls.owner,
        database_system_url=urls.system,
        nats_url=nats_url,
        api_token=TOKEN,
        log_level="warning",
    )
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(open_nats(nats_url))
        await ensure_streams(client)
        container = await stack.enter_async_context(open_database(settings, "e2e"))
        source = MemorySource(SystemClock())
        fleet = source.add(SourceFleet(SourceOrganisation(EXTERNAL_ID, "Viação", "America/Sao_Paulo")))
        fleet.groups = MasterList((Group(DEPOT, "Garagem"),))
        fleet.drivers = MasterList((Driver(DriverId(1), "Ana"),))
        fleet.vehicles = MasterList((Vehicle(VehicleId(1), "Bus 1", group_id=DEPOT), Vehicle(VehicleId(2), "Bus 2")))
        fleet.event_types = MasterList((EventType(EventTypeId(1), "Idle"),))
        container.source.override(source)
        container.live.override(NatsLiveFeed(client))
        container.worker.override("e2e")
        connect: Callable[[ConnectOrganisationsCommand], Awaitable[object]] = container.connect_organisations()
        await connect(ConnectOrganisationsCommand(source="memory", only=(), default_time_zone="America/Sao_Paulo"))
        (organisation,) = await container.organisations().all()
        await container.sync_master_data()(SyncMasterDataCommand(organisation_id=organisation.id))
        parts = await stack.enter_async_context(open_api(settings))
        yield Company(source, container.ingest_stream(), organisation.id), parts
