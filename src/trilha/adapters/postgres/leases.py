"""Leases across all processes, judged by the database's clock: the one clock that all of them share."""

from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from trilha.adapters.postgres import system
from trilha.adapters.postgres.pools import Pool
from trilha.application.ports import Lease, LeaseLost
from trilha.domain.kernel import OrganisationId

_ACQUIRE: Final = (
    "insert into leases as l (organisation_id, name, holder, fence, expires_at) "
    "values (%(organisation)s, %(name)s, %(holder)s, 1, clock_timestamp() + %(ttl)s) "
    "on conflict (organisation_id, name) do update set holder = excluded.holder, expires_at = excluded.expires_at, "
    "fence = l.fence + (l.holder is distinct from excluded.holder)::int "
    "where l.holder is null or l.holder = excluded.holder or l.expires_at <= clock_timestamp() "
    "returning fence, expires_at"
)
_HELD: Final = "organisation_id = %s and name = %s and holder = %s and fence = %s"


class PostgresLeases:
    """See Leases.

    A writer that has guarded its lease holds the row, so taking the lease over waits until that writer has committed.
    """

    def __init__(self, system_pool: Pool) -> None:
        self._pool = system_pool

    async def acquire(self, organisation_id: OrganisationId, name: str, holder: str, ttl: timedelta) -> Lease | None:
        """Take the lease if it is free, expired, or ours already."""
        params = {"organisation": organisation_id, "name": name, "holder": holder, "ttl": ttl}
        found = await system.rows(self._pool, _ACQUIRE, params)
        if not found:
            return None
        fence, expires_at = found[0]
        return Lease(
            organisation_id=organisation_id, name=name, holder=holder, fence=fence, expires_at=_utc(expires_at)
        )

    async def renew(self, lease: Lease, ttl: timedelta) -> Lease:
        """Hold it longer."""
        found = await system.rows(
            self._pool,
            f"update leases set expires_at = clock_timestamp() + %s where {_HELD} returning expires_at",
            (ttl, lease.organisation_id, lease.name, lease.holder, lease.fence),
        )
        if not found:
            raise LeaseLost(lease.name, lease.fence)
        return msgspec.structs.replace(lease, expires_at=_utc(found[0][0]))

    async def release(self, lease: Lease) -> None:
        """Give it back at once."""
        await system.changed(
            self._pool,
            f"update leases set holder = null, expires_at = clock_timestamp() where {_HELD}",
            (lease.organisation_id, lease.name, lease.holder, lease.fence),
        )


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)
