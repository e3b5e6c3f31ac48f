"""Events on their way: outbox, bus and dead letters."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

import msgspec

from trilha.adapters.memory.database import MemoryDatabase
from trilha.application.ports import Clock, DeadLetter, DeadLetters, Envelope, Handler, LetterStatus
from trilha.domain.kernel import DomainError, OrganisationId

PAUSES = (timedelta(seconds=1), timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=2))


class MemoryOutboxClaim:
    """Events that one relay has in its hands."""

    def __init__(self, database: MemoryDatabase, envelopes: Sequence[Envelope]) -> None:
        self._database = database
        self._envelopes = tuple(envelopes)

    @property
    def envelopes(self) -> Sequence[Envelope]:
        """The events in the order of their commits."""
        return self._envelopes

    async def mark_sent(self, event_ids: Sequence[UUID]) -> None:
        """They are on the bus."""
        for event_id in event_ids:
            self._database.outbox.pop(event_id, None)


class MemoryOutbox:
    """Committed events that have not been published. While one relay reads, another finds nothing."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    @asynccontextmanager
    async def claim(self, limit: int) -> AsyncIterator[MemoryOutboxClaim]:
        """Take up to `limit` events."""
        if self._database.relay_at_work:
            yield MemoryOutboxClaim(self._database, ())
            return
        self._database.relay_at_work = True
        try:
            yield MemoryOutboxClaim(self._database, tuple(islice(self._database.outbox.values(), limit)))
        finally:
            self._database.relay_at_work = False

    async def unsent(self) -> int:
        """How many wait."""
        return len(self._database.outbox)


class MemoryDeadLetters:
    """Where poison goes."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def add(self, letter: DeadLetter) -> None:
        """Keep it, once per consumer and event."""
        self._database.dead_letters.setdefault((letter.consumer, letter.envelope.id), letter)

    async def all(self, organisation_id: OrganisationId) -> Sequence[DeadLetter]:
        """Those of an organisation, oldest first."""
        letters = self._database.dead_letters.values()
        mine = [letter for letter in letters if letter.envelope.organisationid == organisation_id]
        return sorted(mine, key=_age)

    async def open_count(self, organisation_id: OrganisationId) -> int:
        """How many of an organisation wait for a person to decide."""
        return sum(letter.status is LetterStatus.OPEN for letter in await self.all(organisation_id))

    async def get(self, organisation_id: OrganisationId, consumer: str, event_id: UUID) -> DeadLetter | None:
        """One of them."""
        letter = self._database.dead_letters.get((consumer, event_id))
        return letter if letter is not None and letter.envelope.organisationid == organisation_id else None

    async def requested(self, limit: int) -> Sequence[DeadLetter]:
        """Those that are to be handed over once more, oldest first."""
        letters = self._database.dead_letters.values()
        return sorted((letter for letter in letters if letter.status is LetterStatus.REQUESTED), key=_age)[:limit]

    async def save(self, letter: DeadLetter, *, if_status: LetterStatus) -> bool:
        """Write a letter over itself if it still has that status."""
        key = (letter.consumer, letter.envelope.id)
        known = self._database.dead_letters.get(key)
        if known is None or known.status is not if_status:
            return False
        self._database.dead_letters[key] = letter
        return True


def _age(letter: DeadLetter) -> tuple[datetime, UUID]:
    return (letter.failed_at, letter.envelope.id)


class _Position(msgspec.Struct):
    """How far a durable consumer has come, and the turn that its instances take."""

    turn: asyncio.Lock
    next: int = 0
    attempts: int = 0


class MemoryEventBus:
    """A log of events with durable consumers. An event that fails holds up its consumer until digested or dead."""

    def __init__(self, clock: Clock, dead_letters: DeadLetters, pauses: Sequence[timedelta] = PAUSES) -> None:
        self._clock = clock
        self._dead_letters = dead_letters
        self._pauses = tuple(pauses)
        self._log: list[Envelope] = []
        self._known: set[UUID] = set()
        self._positions: dict[str, _Position] = {}
        self._grown = asyncio.Event()

    async def publish(self, envelopes: Sequence[Envelope]) -> Sequence[UUID]:
        """Append those that are new."""
        for envelope in envelopes:
            if envelope.id not in self._known:
                self._known.add(envelope.id)
                self._log.append(envelope)
        grown, self._grown = self._grown, asyncio.Event()
        grown.set()
        return [envelope.id for envelope in envelopes]

    async def consume(
        self,
        consumer: str,
        event_types: Sequence[str],
        handler: Handler,
        *,
        in_order: bool = False,  # noqa: ARG002 - here they always wait
    ) -> None:
        """Call `handler` for each event until cancelled."""
        position = self._positions.setdefault(consumer, _Position(turn=asyncio.Lock()))
        while True:
            grown = self._grown
            async with position.turn:
                while position.next < len(self._log):
                    envelope = self._log[position.next]
                    if envelope.type in event_types:
                        await self._digest(consumer, position, envelope, handler)
                    position.next, position.attempts = position.next + 1, 0
            await grown.wait()

    def is_idle(self, consumer: str) -> bool:
        """Whether the consumer has been through the whole log."""
        position = self._positions.get(consumer)
        return position is not None and position.next == len(self._log)

    async def _digest(self, consumer: str, position: _Position, envelope: Envelope, handler: Handler) -> None:
        while True:
            position.attempts += 1
            try:
                await handler(envelope)
            except Exception as error:  # noqa: BLE001 - whatever a handler raises is its failure, kept with the event
                if position.attempts > len(self._pauses):
                    await self._bury(consumer, position, envelope, error)
                    return
                await self._clock.sleep_until(self._clock.now() + self._pauses[position.attempts - 1])
            else:
                return

    async def _bury(self, consumer: str, position: _Position, envelope: Envelope, error: Exception) -> None:
        reason = f"{error.code}: {error}" if isinstance(error, DomainError) else type(error).__name__
        await self._dead_letters.add(
            DeadLetter(
                consumer=consumer,
                envelope=envelope,
                attempts=position.attempts,
                error=reason,
                failed_at=self._clock.now(),
            )
        )
