"""Small parts around the bus."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID, uuid4

import msgspec

from trilha.application.ports import DeadLetter, Envelope, EventBus, Handler
from trilha.domain.kernel import OrganisationId

INGESTED = "telemetry.events_ingested"


class WallClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep_until(self, moment: datetime) -> None:
        await asyncio.sleep((moment - self.now()).total_seconds())


class MemoryDeadLetters:
    """Keeps letters; refuses the first `refusals` of them."""

    def __init__(self) -> None:
        self.letters: list[DeadLetter] = []
        self.refusals = 0

    async def add(self, letter: DeadLetter) -> None:
        if self.refusals:
            self.refusals -= 1
            raise ConnectionError("the database is away")
        if not any((one.consumer, one.envelope.id) == (letter.consumer, letter.envelope.id) for one in self.letters):
            self.letters.append(letter)

    async def all(self, organisation_id: OrganisationId) -> Sequence[DeadLetter]:
        return [one for one in self.letters if one.envelope.organisationid == organisation_id]


def an_event(organisation: UUID, number: int = 0, event_type: str = INGESTED) -> Envelope:
    return Envelope(
        id=uuid4(),
        type=event_type,
        source=f"/{event_type.partition('.')[0]}",
        subject=str(number),
        time=datetime.now(UTC),
        organisationid=OrganisationId(organisation),
        dataschema=f"/events/{event_type}/1",
        data=msgspec.Raw(msgspec.json.encode({"number": number})),
    )


@asynccontextmanager
async def consuming(
    bus: EventBus, consumer: str, handler: Handler, *event_types: str, in_order: bool = False
) -> AsyncIterator[None]:
    task = asyncio.create_task(bus.consume(consumer, event_types or (INGESTED,), handler, in_order=in_order))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    if not task.cancelled():
        task.result()


async def until(condition: Callable[[], bool], within_s: float = 20) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within_s:g} s")
        await asyncio.sleep(0.01)
