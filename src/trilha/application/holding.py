"""Being the only one at work on something: a lease that is held for as long as the work takes."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import msgspec

from trilha.application.ports import Clock, IdSource, Lease, LeaseLost, Leases
from trilha.domain.kernel import DomainError, OrganisationId

LEASE_TTL = timedelta(seconds=15)
"""How long a dead worker keeps others out. A living one renews every third of it, however long the work takes."""


class Holding(msgspec.Struct, frozen=True):
    """Takes leases in the name of a worker."""

    leases: Leases
    clock: Clock
    ids: IdSource
    worker: str
    ttl: timedelta = LEASE_TTL

    @asynccontextmanager
    async def __call__(self, organisation_id: OrganisationId, name: str) -> AsyncGenerator[Lease | None, None]:
        """The lease, renewed until the block ends and then given back; None if somebody else is at it."""
        # a holder a run, not a worker: two runs in one process must keep each other out as well
        holder = f"{self.worker}/{self.ids.new()}"
        lease = await self.leases.acquire(organisation_id, name, holder, self.ttl)
        if lease is None:
            yield None
            return
        renewal = asyncio.create_task(self._renew(lease))
        try:
            yield lease
        finally:
            renewal.cancel()
            await asyncio.gather(renewal, return_exceptions=True)
            with suppress(DomainError):  # a lease that cannot be given back expires by itself
                await self.leases.release(lease)

    async def _renew(self, lease: Lease) -> None:
        """Hold the lease while the work lives. Losing it needs no alarm here: the next write finds out by its guard."""
        while True:
            await self.clock.sleep_until(self.clock.now() + self.ttl / 3)
            try:
                await self.leases.renew(lease, self.ttl)
            except LeaseLost:
                return
            except DomainError:
                continue
