"""The simulated world: fleets that drive, and the platform that follows them."""

import asyncio
from collections.abc import Awaitable, Mapping
from datetime import timedelta, tzinfo
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from trilha.adapters.memory import (
    MemoryDatabase,
    MemoryDeadLetters,
    MemoryJobs,
    MemoryOrganisations,
    MemoryOutbox,
    MemoryTaskQueue,
    QueuedTask,
    SimulatedClock,
    SimulatedIds,
    SourceFleet,
)
from trilha.application.exclusive_run import LEASE_TTL, ExclusiveRun
from trilha.application.fleet.sync_master_data import SyncMasterData, SyncMasterDataCommand
from trilha.application.identity.connect_organisations import ConnectOrganisations, ConnectOrganisationsCommand
from trilha.application.ports import Envelope, Handler
from trilha.application.relay_outbox import RelayOutbox
from trilha.application.schedule import INGEST_EVENTS, job_of
from trilha.application.subscriptions import SUBSCRIPTIONS
from trilha.application.telemetry.ingest_events import IngestEvents, IngestEventsCommand
from trilha.application.telemetry.on_events_ingested import CountThroughput
from trilha.application.telemetry.store_page import StorePage
from trilha.application.tick_schedule import TickSchedule
from trilha.domain.fleet import Driver, MasterList, SourceOrganisation
from trilha.domain.kernel import DriverId, EventId, EventTypeId, OrganisationId, VehicleId
from trilha.domain.telemetry import TelemetryEvent
from trilha.testing.simulation.checks import check
from trilha.testing.simulation.faults import (
    CALM,
    Chance,
    Faults,
    Killed,
    MortalLeases,
    MortalUnits,
    Process,
    UnreliableBus,
    UnreliableSource,
)

BEAT = timedelta(seconds=10)
TURNS = 20
"""How often everybody may go on within a beat."""


class World:
    """An installation with its fleets, from a seed. `emitted` is what the source has made, by organisation and id."""

    def __init__(self, seed: int, faults: Faults | None = None, page_size: int = 7) -> None:
        self.chance = Chance(seed, Faults() if faults is None else faults)
        self.clock = SimulatedClock()
        self.ids = SimulatedIds(self.clock)
        self.database = MemoryDatabase(self.clock, self.ids)
        self.source = UnreliableSource(self.chance, self.clock, page_size)
        self.organisations = MemoryOrganisations(self.database)
        self.jobs = MemoryJobs(self.database)
        self.queue = MemoryTaskQueue()
        self.dead_letters = MemoryDeadLetters(self.database)
        self.bus = UnreliableBus(self.chance, self.clock, self.dead_letters)
        self.emitted: dict[int, dict[EventId, TelemetryEvent]] = {}
        self._again: list[QueuedTask] = []
        self._workers = 0

    async def connect(self, organisations: int = 2) -> None:
        """Show the platform some organisations of the source."""
        for number in range(1, organisations + 1):
            fleet = SourceFleet(SourceOrganisation(number, f"Viação {number}", "America/Sao_Paulo"))
            fleet.drivers = MasterList(tuple(Driver(DriverId(badge), f"Motorista {badge}") for badge in range(1, 4)))
            self.source.add(fleet)
            self.emitted[number] = {}
        connect = ConnectOrganisations(
            source=self.source, organisations=self.organisations, jobs=self.jobs, clock=self.clock, ids=self.ids
        )
        await connect(ConnectOrganisationsCommand(source="mix"))

    async def run(self, beats: int) -> None:
        """Let the world go on, with its consumers at work."""
        consumers = [
            asyncio.ensure_future(self.bus.consume(one.consumer, one.event_types, self._use_case(one.use_case)))
            for one in SUBSCRIPTIONS
        ]
        try:
            for _ in range(beats):
                await self._beat()
        finally:
            for consumer in consumers:
                consumer.cancel()
            await asyncio.gather(*consumers, return_exceptions=True)

    async def settle(self) -> None:
        """No more faults and no more records: let everything that waits come to its end."""
        self.chance.faults = CALM
        await self.run(int(2 * LEASE_TTL / BEAT) + 30)

    async def _beat(self) -> None:
        self.clock.advance(BEAT)
        for external_id in self.emitted:
            self._drive(external_id)
        await self._survive(self._tick())
        await asyncio.gather(*(self._work(task) for task in self._delivered()))
        await self._survive(RelayOutbox(outbox=MemoryOutbox(self.database), bus=self.bus)())
        for _ in range(TURNS):
            await asyncio.sleep(0)

    def _drive(self, external_id: int) -> None:
        """New records, and old ones again; a calm world makes none."""
        if self.chance.faults == CALM:
            return
        known = self.emitted[external_id]
        made = [self._an_event(EventId(len(known) + number)) for number in range(1, self.chance.random.randint(0, 9))]
        if known and self.chance.of(lambda faults: faults.repeat):
            old = self.chance.random.choice(list(known.values()))
            made.append(msgspec.structs.replace(old, occurrences=self.chance.random.choice([1, 2])))
        known |= {event.id: event for event in made}
        self.source.emit(external_id, made)

    def _an_event(self, identifier: EventId) -> TelemetryEvent:
        return TelemetryEvent(
            id=identifier,
            occurred_at=self.clock.now() - timedelta(minutes=self.chance.random.randint(0, 600)),
            driver_id=DriverId(self.chance.random.randint(1, 5)),
            vehicle_id=VehicleId(self.chance.random.randint(1, 5)),
            event_type_id=EventTypeId(1),
        )

    def _delivered(self) -> list[QueuedTask]:
        tasks, self._again = self._again, []
        while (task := self.queue.take()) is not None:
            tasks += [task, task] if self.chance.of(lambda faults: faults.task_twice) else [task]
        return tasks

    async def _tick(self) -> int:
        zones: Mapping[str, tzinfo] = {"America/Sao_Paulo": ZoneInfo("America/Sao_Paulo")}
        tick = TickSchedule(
            jobs=self.jobs,
            organisations=self.organisations,
            queue=self.queue,
            clock=self.clock,
            zone_of=zones.__getitem__,
        )
        return await tick()

    async def _work(self, task: QueuedTask) -> None:
        """A fresh process does one task; the queue delivers it again until it was done."""
        process = Process(self.chance)
        units, leases = MortalUnits(process, self.database), MortalLeases(process, self.database)
        self._workers += 1
        run = ExclusiveRun(
            organisations=self.organisations,
            units=units,
            leases=leases,
            clock=self.clock,
            ids=self.ids,
            worker=f"worker {self._workers}",
        )
        organisation_id = OrganisationId(UUID(task.arguments["organisation_id"]))
        try:
            if task.task == job_of(INGEST_EVENTS).task:
                store = StorePage(source=self.source, units=units, clock=self.clock, ids=self.ids)
                ingest = IngestEvents(run=run, source=self.source, units=units, store_page=store, clock=self.clock)
                done = await ingest(IngestEventsCommand(organisation_id))
            else:
                sync = SyncMasterData(run=run, source=self.source, units=units, clock=self.clock)
                done = await sync(SyncMasterDataCommand(organisation_id))
        except (Killed, ConnectionError):
            done = None
        if done is None and task not in self._again:
            # Also where another is at it: he may be dead, and the next turn of a daily job is a day away.
            self._again.append(task)

    async def _survive(self, beat: Awaitable[int]) -> None:
        """A beat of a loop that its process starts again after a fault."""
        try:
            await beat
        except (Killed, ConnectionError):
            return

    def _use_case(self, name: str) -> Handler:
        """The use case that a subscription names, in a process that is started again when it dies."""

        async def handle(envelope: Envelope) -> None:
            units = MortalUnits(Process(self.chance), self.database)
            use_cases: Mapping[str, Handler] = {"count_throughput": CountThroughput(units=units)}
            try:
                await use_cases[name](envelope)
            except Killed as error:
                raise ConnectionError("the consumer was killed") from error

        return handle


async def simulate(seed: int, beats: int = 200, faults: Faults | None = None) -> World:
    """Run a world under faults, let it settle, and check it; an AssertionError names what broke.

    >>> import asyncio
    >>> world = asyncio.run(simulate(seed=1, beats=5))
    """
    world = World(seed, faults)
    await world.connect()
    await world.run(beats)
    await world.settle()
    check(world.database, world.emitted)
    return world
