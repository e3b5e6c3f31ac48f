"""Domain events on their way: out of a transaction, over the bus, into another transaction, each effect once."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

import msgspec

from trilha.domain.kernel import OrganisationId


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """A domain event as others see it: CloudEvents 1.0 in structured JSON."""

    id: UUID
    type: str
    source: str
    subject: str
    time: datetime
    organisationid: OrganisationId
    dataschema: str
    data: msgspec.Raw
    correlationid: str | None = None
    causationid: str | None = None
    aggregateversion: int | None = None
    datacontenttype: str = "application/json"
    specversion: str = "1.0"


class Outbox(Protocol):
    """Committed events that have not been published. One relay at a time reads it."""

    def claim(self, limit: int) -> AbstractAsyncContextManager["OutboxClaim"]:
        """Lock up to `limit` unsent events, oldest commit first; leaving the block without `mark_sent` frees them."""
        ...

    async def unsent(self) -> int:
        """How many wait."""
        ...


class OutboxClaim(Protocol):
    """Events locked by this relay."""

    @property
    def envelopes(self) -> Sequence[Envelope]:
        """The events, in the order in which they were recorded per organisation."""
        ...

    async def mark_sent(self, event_ids: Sequence[UUID]) -> None:
        """They are safely on the bus."""
        ...


Handler = Callable[[Envelope], Awaitable[None]]


class EventBus(Protocol):
    """Carries events at least once, in order per organisation where nothing fails."""

    async def publish(self, envelopes: Sequence[Envelope]) -> Sequence[UUID]:
        """Hand over; returns the ids that the bus has safely stored. Publishing an id twice is harmless."""
        ...

    async def consume(
        self, consumer: str, event_types: Sequence[str], handler: Handler, *, in_order: bool = False
    ) -> None:
        """Call `handler` for each event until cancelled. `consumer` is durable: it goes on where it stopped.

        A handler that raises gets the event again, a bounded number of times with growing pauses; then the event is
        handed to the dead letters that the adapter was given. Others go on meanwhile; `in_order` they wait, all of
        them, so that none overtakes one that failed, or whose consumer died.
        """
        ...


class LetterStatus(StrEnum):
    """What becomes of a dead letter. `requested` means: a worker hands it to its consumer once more."""

    OPEN = "open"
    REQUESTED = "requested"
    REPLAYED = "replayed"
    DISCARDED = "discarded"


class DeadLetter(msgspec.Struct, frozen=True):
    """An event that a consumer could not digest; `failed_at` is the last time, `attempts` counts all of them."""

    consumer: str
    envelope: Envelope
    attempts: int
    error: str
    failed_at: datetime
    status: LetterStatus = LetterStatus.OPEN
    settled_at: datetime | None = None


class DeadLetters(Protocol):
    """Where poison goes, until a person decides."""

    async def add(self, letter: DeadLetter) -> None:
        """Keep it, once per consumer and event."""
        ...

    async def all(self, organisation_id: OrganisationId) -> Sequence[DeadLetter]:
        """Those of an organisation, oldest first."""
        ...

    async def open_count(self, organisation_id: OrganisationId) -> int:
        """How many of an organisation wait for a person to decide."""
        ...

    async def get(self, organisation_id: OrganisationId, consumer: str, event_id: UUID) -> DeadLetter | None:
        """One of them."""
        ...

    async def requested(self, limit: int) -> Sequence[DeadLetter]:
        """Those of all organisations that are to be handed over once more, oldest first."""
        ...

    async def save(self, letter: DeadLetter, *, if_status: LetterStatus) -> bool:
        """Write a letter over itself if it still has that status; False, and nothing written, if it has not."""
        ...
