"""Committed events on their way to the bus, and those that no consumer could digest."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC
from uuid import UUID

import msgspec

from trilha.adapters.postgres import system
from trilha.adapters.postgres.pools import Connection, Pool
from trilha.application.ports import Clock, DeadLetter, Envelope
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
            "insert into dead_letters (organisation_id, consumer, event_id, envelope, attempts, error, failed_at) "
            "values (%s, %s, %s, %s::json, %s, %s, %s) on conflict do nothing",
            (
                envelope.organisationid,
                letter.consumer,
                envelope.id,
                _encoder.encode(envelope).decode(),
                letter.attempts,
                letter.error,
                letter.failed_at,
            ),
        )

    async def all(self, organisation_id: OrganisationId) -> Sequence[DeadLetter]:
        """Those of an organisation, oldest first."""
        found = await system.rows(
            self._pool,
            "select consumer, envelope::text, attempts, error, failed_at from dead_letters "
            "where organisation_id = %s order by failed_at, event_id, consumer",
            (organisation_id,),
        )
        return [
            DeadLetter(
                consumer=consumer,
                envelope=_envelopes.decode(envelope),
                attempts=attempts,
                error=error,
                failed_at=failed_at.astimezone(UTC),
            )
            for consumer, envelope, attempts, error, failed_at in found
        ]
