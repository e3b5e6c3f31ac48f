"""The worker that gives entries of the audit trail their places, and whoever checks that the chain holds."""

from trilha.application.ports import IdentityUnitOfWork, UnitsOfWork
from trilha.domain.identity import AuditLink, chain_entries, verify_chain
from trilha.domain.kernel import OrganisationId

BATCH = 500


class ChainAudit:
    """Safe to repeat and to run twice at once: a place is taken once, and the slower gets Conflict."""

    def __init__(self, *, units: UnitsOfWork[IdentityUnitOfWork]) -> None:
        self._units = units

    async def __call__(self, organisation_id: OrganisationId) -> int:
        """How many entries got their places."""
        chained = 0
        while True:
            async with self._units(organisation_id) as unit:
                waiting = await unit.audit.unchained(BATCH)
                if not waiting:
                    return chained
                await unit.audit.append(tuple(chain_entries(await unit.audit.last(), waiting)))
                await unit.commit()
            chained += len(waiting)


class VerifyAudit:
    """Reads the whole chain, some at a time."""

    def __init__(self, *, units: UnitsOfWork[IdentityUnitOfWork]) -> None:
        self._units = units

    async def __call__(self, organisation_id: OrganisationId) -> AuditLink | None:
        """The last link, to be kept elsewhere and compared; raises AuditBroken."""
        last: AuditLink | None = None
        while True:
            async with self._units(organisation_id) as unit:
                links = await unit.audit.links(0 if last is None else last.sequence, BATCH)
            if not links:
                return last
            last = verify_chain(links, after=last)
