"""Leases by the database's clock."""

from datetime import timedelta

import msgspec

from trilha.adapters.memory.database import HeldLease, MemoryDatabase
from trilha.application.ports import Lease, LeaseLost
from trilha.domain.kernel import OrganisationId


def is_newest(database: MemoryDatabase, lease: Lease) -> bool:
    """Whether nobody took the lease since, and it was not given back."""
    held = database.leases.get((lease.organisation_id, lease.name))
    return held is not None and held.lease is not None and held.fence == lease.fence


class MemoryLeases:
    """Leases of all simulated processes."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def acquire(self, organisation_id: OrganisationId, name: str, holder: str, ttl: timedelta) -> Lease | None:
        """Take the lease if it is free, expired, or ours."""
        now = self._database.clock.now()
        held = self._database.leases.setdefault((organisation_id, name), HeldLease(fence=0, lease=None))
        if held.lease is not None and held.lease.holder != holder and held.lease.expires_at > now:
            return None
        if held.lease is None or held.lease.holder != holder:
            held.fence += 1
        held.lease = Lease(organisation_id, name, holder, held.fence, now + ttl)
        return held.lease

    async def renew(self, lease: Lease, ttl: timedelta) -> Lease:
        """Hold it longer."""
        if not is_newest(self._database, lease):
            raise LeaseLost(lease.name, lease.fence)
        renewed = msgspec.structs.replace(lease, expires_at=self._database.clock.now() + ttl)
        self._database.leases[(lease.organisation_id, lease.name)].lease = renewed
        return renewed

    async def release(self, lease: Lease) -> None:
        """Give it back."""
        if is_newest(self._database, lease):
            self._database.leases[(lease.organisation_id, lease.name)].lease = None
