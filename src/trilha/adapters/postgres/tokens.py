"""Access tokens of outside systems, shared by all processes; the system role alone may see them."""

from datetime import UTC, datetime

from trilha.adapters.postgres import system
from trilha.adapters.postgres.pools import Pool
from trilha.application.ports import Clock, SourceToken


class PostgresTokenStore:
    """See TokenStore. A lock that runs out by the clock of whoever asks frees what a dead process held."""

    def __init__(self, system_pool: Pool, clock: Clock) -> None:
        self._pool = system_pool
        self._clock = clock

    async def load(self, key: str) -> SourceToken | None:
        """The newest token."""
        found = await system.rows(
            self._pool,
            "select access_token, refresh_token, expires_at, version from source_tokens where key = %s and version > 0",
            (key,),
        )
        if not found:
            return None
        access, refresh, expires_at, version = found[0]
        return SourceToken(access, refresh, expires_at.astimezone(UTC), version)

    async def save(self, key: str, token: SourceToken) -> bool:
        """Keep version n + 1; False if another process has saved one meanwhile."""
        values = (key, token.access_token, token.refresh_token, token.expires_at, token.version)
        if token.version == 1:
            statement = (
                "insert into source_tokens as t (key, access_token, refresh_token, expires_at, version) "
                "values (%s, %s, %s, %s, %s) on conflict (key) do update set access_token = excluded.access_token, "
                "refresh_token = excluded.refresh_token, expires_at = excluded.expires_at, version = excluded.version "
                "where t.version = 0"
            )
            return await system.changed(self._pool, statement, values) == 1
        statement = (
            "update source_tokens set access_token = %s, refresh_token = %s, expires_at = %s, version = %s "
            "where key = %s and version = %s"
        )
        return await system.changed(self._pool, statement, (*values[1:], key, token.version - 1)) == 1

    async def lock(self, key: str, holder: str, until: datetime) -> bool:
        """Be the one process that renews."""
        taken = await system.changed(
            self._pool,
            "insert into source_tokens as t (key, locked_by, locked_until) values (%s, %s, %s) "
            "on conflict (key) do update set locked_by = excluded.locked_by, locked_until = excluded.locked_until "
            "where t.locked_by is null or t.locked_by = excluded.locked_by or t.locked_until <= %s",
            (key, holder, until, self._clock.now()),
        )
        return taken == 1

    async def unlock(self, key: str, holder: str) -> None:
        """Renewal is over."""
        await system.changed(
            self._pool,
            "update source_tokens set locked_by = null, locked_until = null where key = %s and locked_by = %s",
            (key, holder),
        )
