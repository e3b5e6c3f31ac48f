"""The contract of Organisations."""

import asyncio
from datetime import timedelta

import msgspec
import pytest

from trilha.domain.identity import Organisations, OrganisationSource
from trilha.domain.kernel import NotFound
from trilha.testing.contracts.fresh import an_organisation, new_external_id


class OrganisationsContract:
    """Needs the fixture `organisations`."""

    async def test_gives_back_what_was_added(self, organisations: Organisations) -> None:
        organisation = an_organisation()
        assert await organisations.add(organisation, None)
        assert await organisations.get(organisation.id) == organisation

    async def test_without_a_source_nothing_feeds_it(self, organisations: Organisations) -> None:
        organisation = an_organisation()
        await organisations.add(organisation, None)
        assert await organisations.source_of(organisation.id) is None

    async def test_an_unknown_one_is_not_found(self, organisations: Organisations) -> None:
        stranger = an_organisation()
        with pytest.raises(NotFound):
            await organisations.get(stranger.id)
        with pytest.raises(NotFound):
            await organisations.update(stranger)
        assert await organisations.source_of(stranger.id) is None
        assert await organisations.fed_by("mix", new_external_id()) is None

    async def test_is_found_by_its_source(self, organisations: Organisations) -> None:
        organisation = an_organisation()
        source = OrganisationSource(organisation.id, "mix", -new_external_id())
        assert await organisations.add(organisation, source)
        assert await organisations.source_of(organisation.id) == source
        assert await organisations.fed_by("mix", source.external_id) == organisation
        assert await organisations.fed_by("other", source.external_id) is None

    async def test_a_source_feeds_one_organisation_only(self, organisations: Organisations) -> None:
        first, second, external_id = an_organisation(), an_organisation(), new_external_id()
        assert await organisations.add(first, OrganisationSource(first.id, "mix", external_id))
        assert not await organisations.add(second, OrganisationSource(second.id, "mix", external_id))
        assert await organisations.fed_by("mix", external_id) == first
        with pytest.raises(NotFound):
            await organisations.get(second.id)

    async def test_of_many_that_add_the_same_source_one_wins(self, organisations: Organisations) -> None:
        external_id = new_external_id()
        rivals = [an_organisation() for _ in range(4)]
        added = await asyncio.gather(
            *(organisations.add(one, OrganisationSource(one.id, "mix", external_id)) for one in rivals)
        )
        assert sorted(added) == [False, False, False, True]
        assert await organisations.fed_by("mix", external_id) == rivals[added.index(True)]

    async def test_follows_a_new_name_and_zone(self, organisations: Organisations) -> None:
        organisation = an_organisation()
        await organisations.add(organisation, None)
        renamed = msgspec.structs.replace(organisation, name="Outra", time_zone="Europe/Lisbon")
        await organisations.update(renamed)
        assert await organisations.get(organisation.id) == renamed

    async def test_lists_the_oldest_first(self, organisations: Organisations) -> None:
        young = an_organisation()
        old = msgspec.structs.replace(an_organisation(), created_at=young.created_at - timedelta(days=1))
        await organisations.add(young, None)
        await organisations.add(old, None)
        mine = [one.id for one in await organisations.all() if one.id in {young.id, old.id}]
        assert mine == [old.id, young.id]
