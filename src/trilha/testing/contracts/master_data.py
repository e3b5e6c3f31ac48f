"""The contract of MasterData, driven by scripts against a plain dict."""

import asyncio
from typing import Literal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trilha.application.ports import FleetUnitOfWork, UnitsOfWork
from trilha.domain.fleet import MASTER_KINDS, Classification, Driver, MasterKind, MasterRecord
from trilha.domain.kernel import Conflict, DriverId, EventTypeId, OrganisationId
from trilha.testing.contracts.fresh import NewOrganisation, WithOrganisations
from trilha.testing.strategies import master_records, source_ids

Units = UnitsOfWork[FleetUnitOfWork]
Known = dict[MasterKind, dict[int, MasterRecord]]
End = Literal["commit", "roll back"]


@st.composite
def _saves(draw: st.DrawFn) -> tuple[MasterKind, list[MasterRecord], End]:
    kind = draw(st.sampled_from(MASTER_KINDS))
    records = draw(st.lists(master_records(kind), max_size=4, unique_by=lambda record: record.id))
    return kind, records, draw(st.sampled_from(["commit", "commit", "roll back"]))


_checked = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors])


class MasterDataContract(WithOrganisations):
    """Needs the fixtures `organisations` and `units`."""

    async def _known(self, units: Units, organisation_id: OrganisationId) -> Known:
        async with units(organisation_id) as unit:
            return {kind: dict(await unit.master_data.known(kind)) for kind in MASTER_KINDS}

    @_checked
    @given(script=st.lists(_saves(), max_size=8))
    async def test_holds_what_a_dict_would_hold(
        self,
        units: Units,
        new_organisation: NewOrganisation,
        script: list[tuple[MasterKind, list[MasterRecord], End]],
    ) -> None:
        organisation_id, model = await new_organisation(), Known({kind: {} for kind in MASTER_KINDS})
        for kind, records, end in script:
            async with units(organisation_id) as unit:
                await unit.master_data.save(kind, records)
                written = model[kind] | {record.id: record for record in records}
                assert await unit.master_data.known(kind) == written
                if end == "commit":
                    await unit.commit()
                    model[kind] = written
            assert await self._known(units, organisation_id) == model

    @_checked
    @given(
        overrides=st.lists(
            st.tuples(source_ids() | st.integers(0, 2), st.none() | st.sampled_from(Classification)), max_size=6
        )
    )
    async def test_the_last_override_of_a_classification_counts(
        self, units: Units, new_organisation: NewOrganisation, overrides: list[tuple[int, Classification | None]]
    ) -> None:
        organisation_id = await new_organisation()
        async with units(organisation_id) as unit:
            for event_type_id, classification in overrides:
                await unit.master_data.classify(EventTypeId(event_type_id), classification)
            await unit.commit()
        async with units(organisation_id) as unit:
            left = {key: word for key, word in dict(overrides).items() if word is not None}
            assert await unit.master_data.classifications() == left

    async def test_who_decides_by_the_overrides_takes_turns(
        self, units: Units, organisation_id: OrganisationId
    ) -> None:
        async def decide(number: int) -> int:
            async with units(organisation_id) as unit:
                seen = len(await unit.master_data.classifications())
                await asyncio.sleep(0)
                await unit.master_data.classify(EventTypeId(number), Classification.SAFETY)
                await unit.commit()
            return seen

        ended = await asyncio.gather(*(decide(number) for number in range(3)), return_exceptions=True)
        through = sorted(end for end in ended if isinstance(end, int))
        assert through == list(range(len(through)))
        assert through
        assert all(isinstance(end, int | Conflict) for end in ended)

    async def test_organisations_may_have_the_same_ids(
        self, units: Units, organisation_id: OrganisationId, new_organisation: NewOrganisation
    ) -> None:
        other = await new_organisation()
        for owner, name in ((organisation_id, "Ana"), (other, "Bia")):
            async with units(owner) as unit:
                await unit.master_data.save("drivers", [Driver(DriverId(1), name)])
                await unit.commit()
        assert (await self._known(units, organisation_id))["drivers"] == {1: Driver(DriverId(1), "Ana")}
        assert (await self._known(units, other))["drivers"] == {1: Driver(DriverId(1), "Bia")}
