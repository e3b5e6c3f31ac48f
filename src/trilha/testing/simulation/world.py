"""The simulated world: fleets that drive, people who meddle, and the platform that follows."""

import asyncio
from collections.abc import Awaitable, Mapping
from datetime import timedelta, tzinfo
from zoneinfo import ZoneInfo

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
from trilha.application.holding import LEASE_TTL
from trilha.application.identity.connect_organisations import ConnectOrganisations, ConnectOrganisationsCommand
from trilha.application.ports import Envelope, Handler
from trilha.application.relay_outbox import RelayOutbox
from trilha.application.schedule import INGESTING, DailyAt
from trilha.application.subscriptions import SUBSCRIPTIONS
from trilha.application.tick_schedule import TickSchedule
from trilha.domain.fleet import Driver, MasterList, SourceOrganisation
from trilha.domain.kernel import DriverId
from trilha.domain.telemetry import FEEDS
from trilha.testing.simulation.checks import check
from trilha.testing.simulation.faults import (
    CALM,
    SLOWEST,
    Chance,
    Faults,
    Killed,
    MortalUnits,
    Process,
    UnreliableBus,
    UnreliableSource,
)
from trilha.testing.simulation.operator import Operator
from trilha.testing.simulation.platform import Worker, consumer
from trilha.testing.simulation.traffic import Traffic

BEAT = timedelta(seconds=10)
TURNS = 100
"""How often everybody may go on within a beat."""
OUTAGE_DAYS = (7, 10)
MINUTE = 6
"""Beats after which every stream has had a turn."""
ENOUGH = 100
"""Minutes within which a calm world has to come to rest."""


_DAILY = {job.task for job in INGESTING if isinstance(job.cadence, DailyAt)}


class World:
    """An installation with its fleets, from a seed. `roads` is what the source has made, by organisation."""

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
        self.roads: dict[int, Traffic] = {}
        self.operator = Operator(self.database, self.chance)
        self._again: list[QueuedTask] = []
        self._at_work: list[asyncio.Task[None]] = []
        self._workers = 0
        self._is_alive = True

    async def connect(self, organisations: int = 2) -> None:
        """Show the platform some organisations of the source."""
        for number in range(1, organisations + 1):
            fleet = SourceFleet(SourceOrganisation(number, f"Viação {number}", "America/Sao_Paulo"))
            fleet.drivers = MasterList(tuple(Driver(DriverId(badge), f"Motorista {badge}") for badge in range(1, 4)))
            self.source.add(fleet)
            self.roads[number] = Traffic(number, self.source, self.chance)
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
            for one in consumers:
                one.cancel()
            await asyncio.gather(*consumers, return_exceptions=True)

    async def settle(self) -> None:
        """No more faults, no more records, a reader that understands all: let everything that waits come to its end."""
        self.chance.faults, self._is_alive = CALM, False
        await self.run(int((2 * LEASE_TTL + SLOWEST) / BEAT) + 2 * MINUTE)
        for _ in range(ENOUGH):
            if self.operator.is_content:
                break
            await self.operator.watch_gaps()
            await self.run(MINUTE)
        self.source.not_understood.clear()
        for organisation_id, _ in list(self.database.tables()):
            for feed in FEEDS:
                await self._worker().replay(organisation_id, feed)
        self.clock.advance(timedelta(days=1))
        await self.run(MINUTE)

    async def _beat(self) -> None:
        self.clock.advance(BEAT)
        if self._is_alive:
            self._live()
            await self._survive(self.operator.meddle(self.clock.now()))
        await self._survive(self._tick())
        for task in self._delivered():
            self._at_work.append(asyncio.ensure_future(self._work(task)))
        await self._survive(RelayOutbox(outbox=MemoryOutbox(self.database), bus=self.bus)())
        for _ in range(TURNS):
            await asyncio.sleep(0)
        for ended in [task for task in self._at_work if task.done()]:
            self._at_work.remove(ended)
            ended.result()

    def _live(self) -> None:
        """The fleets drive on, also while the platform is down for days."""
        if self._has_begun and self.chance.of(lambda faults: faults.outage):
            for _ in range(self.chance.random.randint(*OUTAGE_DAYS)):
                self.clock.advance(timedelta(days=1))
                self._drive()
        self._drive()

    @property
    def _has_begun(self) -> bool:
        """Whether all feeds are followed: what was made long before that is history, which a person has to ask for."""
        return all(tables.checkpoints.keys() >= set(FEEDS) for _, tables in self.database.tables())

    def _drive(self) -> None:
        for traffic in self.roads.values():
            traffic.drive(self.clock.now())

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

    def _worker(self) -> Worker:
        self._workers += 1
        return Worker(Process(self.chance), self.database, self.source, f"worker {self._workers}")

    async def _work(self, task: QueuedTask) -> None:
        """A fresh process does one task; the queue delivers it again until it was done."""
        try:
            done = await self._worker().do(task)
        except (Killed, ConnectionError):
            done = None
        if done is None and task not in self._again and task.task in _DAILY:
            # Also where another is at it: he may be dead, and the next turn of a daily job is a day away.
            self._again.append(task)

    async def _survive(self, beat: Awaitable[object]) -> None:
        """A beat of a loop that its process starts again after a fault."""
        try:
            await beat
        except (Killed, ConnectionError):
            return

    def _use_case(self, name: str) -> Handler:
        """The use case that a subscription names, in a process that is started again when it dies."""

        async def handle(envelope: Envelope) -> None:
            try:
                units = MortalUnits(Process(self.chance), self.database)
                await consumer(name, units, self.database, self.source)(envelope)
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
    check(world.database, world.roads)
    return world
