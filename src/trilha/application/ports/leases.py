"""One worker at a time, proven at the moment of writing."""

from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from trilha.domain.kernel import Conflict, OrganisationId


class Lease(msgspec.Struct, frozen=True):
    """The right to be the only one doing `name` for an organisation until `expires_at`.

    `fence` grows with every change of holder. A lease alone proves nothing, for its holder may have slept; every write
    made under it therefore checks the fence in its own transaction (`UnitOfWork.guard`).
    """

    organisation_id: OrganisationId
    name: str
    holder: str
    fence: int
    expires_at: datetime


class LeaseLost(Conflict):
    """Somebody else holds the lease now; whatever was not committed must be dropped."""

    code = "lease.lost"

    def __init__(self, name: str, fence: int) -> None:
        super().__init__(f"the lease {name} with fence {fence} has passed to another worker")


class Leases(Protocol):
    """Leases across all processes. Expiry is judged by one clock, that of the store."""

    async def acquire(self, organisation_id: OrganisationId, name: str, holder: str, ttl: timedelta) -> Lease | None:
        """Take the lease if it is free, expired, or ours already; None if another holds it."""
        ...

    async def renew(self, lease: Lease, ttl: timedelta) -> Lease:
        """Hold it longer, also after expiry if nobody took it since; raises LeaseLost."""
        ...

    async def release(self, lease: Lease) -> None:
        """Give it back at once; nothing happens if it is not ours any more."""
        ...
