"""What commands need: recurring work brought forward, and answers that were given before."""

from datetime import datetime, timedelta
from typing import Final

from trilha.adapters.postgres.session import Session
from trilha.application.ports import IdempotencyScope, KeyReused, StillRunning
from trilha.domain.kernel import NotFound, OrganisationId

KEPT: Final = timedelta(hours=24)


class PostgresJobRequests:
    """See JobRequests."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def bring_forward(self, kind: str, to: datetime) -> None:
        """Make the job due at `to` if it is due later."""
        found = await self._session.changed(
            "update jobs set next_run_at = least(next_run_at, %s) where kind = %s", (to, kind)
        )
        if not found:
            raise NotFound("job", kind)


class PostgresIdempotency:
    """See Idempotency. The lock on a key lasts as long as the transaction, so a crash frees it."""

    def __init__(self, session: Session, organisation_id: OrganisationId) -> None:
        self._session = session
        self._organisation_id = organisation_id

    async def remembered(self, scope: IdempotencyScope) -> bytes | None:
        """The first answer, or None."""
        key = _key(scope)
        # the lock first: an answer committed between a look and a lock would be missed
        locked = await self._session.rows(
            "select pg_try_advisory_xact_lock(hashtextextended(%s, 7241005))",
            ("\n".join((str(self._organisation_id), *key)),),
        )
        if not locked[0][0]:
            raise StillRunning("the first request with this Idempotency-Key has not ended: ask again in a moment")
        found = await self._session.rows(
            "select body_digest, answer from idempotency_keys where user_name = %s and route = %s and key = %s", key
        )
        if not found:
            return None
        digest, answer = found[0]
        if digest != scope.body_digest:
            raise KeyReused("this Idempotency-Key came with another body before: use a new key for a new command")
        return bytes(answer)

    async def remember(self, scope: IdempotencyScope, answer: bytes, at: datetime) -> None:
        """Keep the answer, and forget those older than a day."""
        self._session.later("delete from idempotency_keys where answered_at < %s", (at - KEPT,))
        self._session.later(
            "insert into idempotency_keys (organisation_id, user_name, route, key, body_digest, answer, answered_at) "
            "values (%s, %s, %s, %s, %s, %s, %s)",
            (self._organisation_id, *_key(scope), scope.body_digest, answer, at),
        )


def _key(scope: IdempotencyScope) -> tuple[str, str, str]:
    return (scope.user, scope.route, scope.key)
