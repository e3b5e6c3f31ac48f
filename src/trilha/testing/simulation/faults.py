"""What goes wrong in a simulated world, and the adapters through which it does."""

import asyncio
import random
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from types import TracebackType
from typing import Self
from uuid import UUID

import msgspec

from trilha.adapters.memory import (
    MemoryDatabase,
    MemoryDeadLetters,
    MemoryEventBus,
    MemoryLeases,
    MemorySource,
    MemoryUnitOfWork,
)
from trilha.application.ports import Clock, Envelope, Lease
from trilha.domain.kernel import OrganisationId, SourceUnavailable
from trilha.domain.telemetry import AmendmentPage, SourcePage, Stream

SLOWEST = timedelta(seconds=150)
"""The longest that an answer is on its way."""

PATIENCE = (timedelta(seconds=5),) * 50
"""So many attempts that nothing becomes a dead letter by chance."""


class Faults(msgspec.Struct, frozen=True):
    """How likely each thing goes wrong, each time it could."""

    kill: float = 0.03
    """A process ends at a step of a use case, like by SIGKILL: not even its clean-up has an effect."""
    commit: float = 0.05
    """A transaction fails, half of the time after it was committed."""
    source: float = 0.1
    """The source does not answer."""
    slow: float = 0.1
    """An answer is long on its way."""
    repeat: float = 0.2
    """The source sends a record again, sometimes changed."""
    amend: float = 0.1
    """The source amends a record."""
    fast_clock: float = 0.02
    """The clock of a device is ahead."""
    not_understood: float = 0.02
    """A record is beyond today's reader."""
    outage: float = 0.01
    """The whole platform is down for longer than tokens live."""
    backfill: float = 0.05
    """A person asks for a past time."""
    cancel: float = 0.05
    """A person cancels a backfill, whoever wanted it."""
    bus: float = 0.1
    """The bus stores events and the answer is lost."""
    task_twice: float = 0.1
    """A task is delivered twice."""


CALM = Faults(*[0.0] * len(Faults.__struct_fields__))


class Chance:
    """The dice of a world, from its seed. The faults may change on the way."""

    def __init__(self, seed: int, faults: Faults) -> None:
        self.random = random.Random(seed)  # noqa: S311 - reproducible on purpose
        self.faults = faults

    def of(self, how_likely: Callable[[Faults], float]) -> bool:
        """Whether a thing happens now."""
        return self.random.random() < how_likely(self.faults)


class Killed(BaseException):
    """The process is gone. No handler of ordinary errors may catch it."""


class Process:
    """Everything one worker process does goes through here, so that it can die at any step."""

    def __init__(self, chance: Chance) -> None:
        self.chance = chance
        self._alive = True

    def step(self) -> None:
        """Do one more step, or die; the dead do nothing."""
        if self.chance.of(lambda faults: faults.kill):
            self._alive = False
        if not self._alive:
            raise Killed


class MortalUnit(MemoryUnitOfWork):
    """A unit of work of a process that may die, on a connection that may break."""

    def __init__(self, process: Process, database: MemoryDatabase, organisation_id: OrganisationId) -> None:
        super().__init__(database, organisation_id)
        self._process = process
        self._chance = process.chance

    async def __aenter__(self) -> Self:
        """Begin, if still alive."""
        self._process.step()
        return await super().__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """The database rolls back whoever is gone."""
        await super().__aexit__(kind, error, traceback)
        await asyncio.sleep(0)

    async def commit(self) -> None:
        """Commit, unless the connection breaks before; or break after."""
        self._process.step()
        breaks = self._chance.of(lambda faults: faults.commit)
        if breaks and self._chance.of(lambda _: 0.5):
            raise ConnectionError("broken before the commit")
        await super().commit()
        self._process.step()
        if breaks:
            raise ConnectionError("broken after the commit")


class MortalUnits:
    """Begins units of work of one process."""

    def __init__(self, process: Process, database: MemoryDatabase) -> None:
        self._process = process
        self._database = database

    def __call__(self, organisation_id: OrganisationId) -> MortalUnit:
        """A unit for one organisation."""
        return MortalUnit(self._process, self._database, organisation_id)


class MortalLeases(MemoryLeases):
    """Leases of one process."""

    def __init__(self, process: Process, database: MemoryDatabase) -> None:
        super().__init__(database)
        self._process = process

    async def acquire(self, organisation_id: OrganisationId, name: str, holder: str, ttl: timedelta) -> Lease | None:
        """Acquire, if still alive."""
        self._process.step()
        return await super().acquire(organisation_id, name, holder, ttl)

    async def renew(self, lease: Lease, ttl: timedelta) -> Lease:
        """Renew, if still alive."""
        self._process.step()
        return await super().renew(lease, ttl)

    async def release(self, lease: Lease) -> None:
        """Release, if still alive."""
        self._process.step()
        await super().release(lease)


class UnreliableSource(MemorySource):
    """Fails now and then, and takes its time."""

    def __init__(self, chance: Chance, clock: Clock, page_size: int) -> None:
        super().__init__(clock, page_size)
        self._chance = chance

    async def page_since(self, stream: Stream, external_id: int, token: str, *, urgent: bool) -> SourcePage:
        """A page, or an excuse."""
        await self._refuse()
        return await self._sent(await super().page_since(stream, external_id, token, urgent=urgent))

    async def page_between(self, stream: Stream, external_id: int, start: datetime, end: datetime) -> SourcePage:
        """A page, or an excuse."""
        await self._refuse()
        return await self._sent(await super().page_between(stream, external_id, start, end))

    async def amendments(self, stream: Stream, external_id: int, first: date, last: date) -> AmendmentPage:
        """Amendments, or an excuse."""
        await self._refuse()
        return await super().amendments(stream, external_id, first, last)

    async def _sent(self, page: SourcePage) -> SourcePage:
        """The page on its way: what changes meanwhile is not in it, and it counts as received when it arrives."""
        if self._chance.of(lambda faults: faults.slow):
            await self._clock.sleep_until(self._clock.now() + self._chance.random.random() * SLOWEST)
        return msgspec.structs.replace(page, received_at=self._clock.now())

    async def _refuse(self) -> None:
        await asyncio.sleep(0)
        if self._chance.of(lambda faults: faults.source):
            raise SourceUnavailable("the source is down")


class UnreliableBus(MemoryEventBus):
    """Stores everything and sometimes forgets to say so, in part or at all."""

    def __init__(self, chance: Chance, clock: Clock, dead_letters: MemoryDeadLetters) -> None:
        super().__init__(clock, dead_letters, PATIENCE)
        self._chance = chance

    async def publish(self, envelopes: Sequence[Envelope]) -> Sequence[UUID]:
        """Publish."""
        stored = await super().publish(envelopes)
        if self._chance.of(lambda faults: faults.bus):
            raise ConnectionError("the answer of the bus was lost")
        return stored[: len(stored) // 2] if self._chance.of(lambda faults: faults.bus) else stored
