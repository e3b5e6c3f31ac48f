"""Committed events on their way to the bus, and those that no consumer could digest."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC
from typing import Final, LiteralString
from uuid import UUID

import msgspec

from trilha.adapters.postgres import system
from trilha.adapters.postgres.pools import Connection, Pool
from trilha.adapters.postgres.session import Row
from trilha.application.ports import Clock, DeadLetter, Envelope, LetterStatus
from trilha.domain.kernel import OrganisationId

_envelopes = msgspec.json.Decoder(Envelope)
_encoder = msgspec.json.Encoder()


class PostgresOutboxClaim:
    """Events whose rows this relay has locked; see OutboxClaim."""

    def __init__(self, connection: Connection, envelopes: Sequence[Envelope], clock: Clock) -> None:
        self._connection = connection
        self._clock = clock
        self._envelopes = envelopes

    @property
    def envelopes(self) -> Sequence[Envelope]:
        """In the order in which they were recorded."""
        return self._envelopes

    async def mark_sent(self, event_ids: Sequence[UUID]) -> None:
        """They are safely on the bus."""
        await self._connection.execute(
            "update outbox set sent_at = %s where id = any(%s)", (self._clock.now(), list(event_ids))
        )


class PostgresOutbox:
    """See Outbox. Unsent rows are looked for, never "higher than the last": rows become visible in commit order."""

    def __init__(self, system_pool: Pool, clock: Clock) -> None:
        self._pool = system_pool
        self._clock = clock

    @asynccontextmanager
    async def claim(self, limit: int) -> AsyncIterator[PostgresOutboxClaim]:
        """Lock up to `limit` unsent events; nothing for a second relay, which would overtake the first."""
        async with system.transaction(self._pool) as connection:
            cursor = await connection.execute(
                "select envelope::text from outbox where sent_at is null "
                "and (select pg_try_advisory_xact_lock(7241006)) order by seq limit %s",
                (limit,),
            )
            envelopes = [_envelopes.decode(text) for (text,) in await cursor.fetchall()]
            yield PostgresOutboxClaim(connection, envelopes, self._clock)

    async def unsent(self) -> int:
        """How many wait."""
        found = await system.rows(self._pool, "select count(*) from outbox where sent_at is null")
        return int(found[0][0])


class PostgresDeadLetters:
    """See DeadLetters."""

    def __init__(self, system_pool: Pool) -> None:
        self._pool = system_pool

    async def add(self, letter: DeadLetter) -> None:
        """Keep it, once per consumer and event."""
        envelope = letter.envelope
        await system.changed(
            self._pool,
            f"insert into dead_letters (organisation_id, {_LETTER_COLUMNS}, event_id) "
            "values (%s, %s, %s::json, %s, %s, %s, %s, %s, %s) on conflict do nothing",
            (envelope.organisationid, *_row_of(letter), envelope.id),
        )

    async def all(self, organisation_id: OrganisationId) -> Sequence[DeadLetter]:
        """Those of an organisation, oldest first."""
        return await self._letters(
            f"{_LETTERS} where organisation_id = %s order by failed_at, event_id, consumer", (organisation_id,)
        )

    async def open_count(self, organisation_id: OrganisationId) -> int:
        """How many of an organisation wait for a person to decide."""
        found = await system.rows(
            self._pool,
            "select count(*) from dead_letters where organisation_id = %s and status = 'open'",
            (organisation_id,),
        )
        return int(found[0][0])

    async def get(self, organisation_id: OrganisationId, consumer: str, event_id: UUID) -> DeadLetter | None:
        """One of them."""
        if "\0" in consumer:  # which no text of the database can hold
            return None
        key = (organisation_id, consumer, event_id)
        found = await self._letters(f"{_LETTERS} where organisation_id = %s and consumer = %s and event_id = %s", key)
        return found[0] if found else None

    async def requested(self, limit: int) -> Sequence[DeadLetter]:
        """Those of all organisations that are to be handed over once more, oldest first."""
        return await self._letters(
            f"{_LETTERS} where status = 'requested' order by failed_at, event_id, consumer limit %s", (limit,)
        )

    async def save(self, letter: DeadLetter, *, if_status: LetterStatus) -> bool:
        """Write a letter over itself if it still has that status."""
        envelope = letter.envelope
        written = await system.changed(
            self._pool,
            f"update dead_letters set ({_LETTER_COLUMNS}) = (%s, %s::json, %s, %s, %s, %s, %s) "
            "where organisation_id = %s and consumer = %s and event_id = %s and status = %s",
            (*_row_of(letter), envelope.organisationid, letter.consumer, envelope.id, if_status.value),
        )
        return written == 1

    async def _letters(self, statement: LiteralString, params: Sequence[object]) -> list[DeadLetter]:
        return [_letter_of(row) for row in await system.rows(self._pool, statement, params)]


_LETTER_COLUMNS: Final = "consumer, envelope, attempts, error, failed_at, status, settled_at"
_LETTERS: Final = "select consumer, envelope::text, attempts, error, failed_at, status, settled_at from dead_letters"


def _row_of(letter: DeadLetter) -> tuple[object, ...]:
    consumer, envelope, attempts, error, failed_at, status, settled_at = msgspec.structs.astuple(letter)
    return consumer, _encoder.encode(envelope).decode(), attempts, error, failed_at, status.value, settled_at


def _letter_of(row: Row) -> DeadLetter:
    consumer, envelope, attempts, error, failed_at, status, settled_at = row
    return DeadLetter(
        consumer=consumer,
        envelope=_envelopes.decode(envelope),
        attempts=attempts,
        error=error,
        failed_at=failed_at.astimezone(UTC),
        status=LetterStatus(status),
        settled_at=settled_at and settled_at.astimezone(UTC),
    )
