"""The contract of AuditLog: what was done keeps its place, and nobody else's."""

from datetime import timedelta

import pytest

from trilha.application.ports import IdentityUnitOfWork, UnitsOfWork
from trilha.domain.identity import AuditEntry, chain_entries, verify_chain
from trilha.domain.kernel import Conflict, OrganisationId
from trilha.testing.contracts.fresh import NOON, NewOrganisation, WithOrganisations, new_id

Units = UnitsOfWork[IdentityUnitOfWork]


def an_entry(organisation_id: OrganisationId, number: int) -> AuditEntry:
    """What somebody did, not yet kept."""
    return AuditEntry(
        id=new_id(),
        organisation_id=organisation_id,
        at=NOON + timedelta(microseconds=number),
        actor="operator",
        action="identity.role_given",
        subject=f"membership:{new_id()}",
        details=(("role", "analyst"), ("before", "driver")),
    )


class AuditLogContract(WithOrganisations):
    """Needs the fixtures `organisations` and `units`."""

    async def test_entries_wait_for_their_places_and_keep_them(
        self, units: Units, organisation_id: OrganisationId, new_organisation: NewOrganisation
    ) -> None:
        entries = [an_entry(organisation_id, number) for number in range(5)]
        async with units(organisation_id) as unit:
            for entry in reversed(entries):
                await unit.audit.add(entry)
            await unit.commit()
        for batch in (entries[:3], entries[3:]):
            async with units(organisation_id) as unit:
                assert list(await unit.audit.unchained(3)) == batch
                await unit.audit.append(list(chain_entries(await unit.audit.last(), batch)))
                await unit.commit()
        async with units(organisation_id) as unit:
            assert list(await unit.audit.unchained(3)) == []
            links = list(await unit.audit.links(0, 100))
            assert [link.entry for link in links] == entries
            assert verify_chain(links) == await unit.audit.last() == links[-1]
            assert list(await unit.audit.links(1, 2)) == links[1:3]
        async with units(await new_organisation()) as unit:
            assert await unit.audit.last() is None
            assert list(await unit.audit.unchained(9)) == []

    async def test_of_two_that_chain_at_once_one_wins(self, units: Units, organisation_id: OrganisationId) -> None:
        async with units(organisation_id) as unit:
            await unit.audit.add(an_entry(organisation_id, 1))
            await unit.commit()
        async with units(organisation_id) as slower:
            waiting = await slower.audit.unchained(9)
            async with units(organisation_id) as faster:
                await faster.audit.append(list(chain_entries(None, await faster.audit.unchained(9))))
                await faster.commit()
            with pytest.raises(Conflict):  # noqa: PT012 - at once or with the commit
                await slower.audit.append(list(chain_entries(None, waiting)))
                await slower.commit()

    async def test_an_entry_has_one_place(self, units: Units, organisation_id: OrganisationId) -> None:
        entry = an_entry(organisation_id, 1)
        async with units(organisation_id) as unit:
            await unit.audit.add(entry)
            await unit.audit.append(list(chain_entries(None, [entry])))
            await unit.commit()
        async with units(organisation_id) as unit:
            with pytest.raises(Conflict):  # noqa: PT012 - at once or with the commit
                await unit.audit.append(list(chain_entries(await unit.audit.last(), [entry])))
                await unit.commit()
