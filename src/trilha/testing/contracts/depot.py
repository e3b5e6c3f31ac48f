"""The contract of Depot: which vehicles counts are shown with."""

from collections.abc import Sequence

import pytest

from trilha.application.ports import FleetUnitOfWork, UnitsOfWork
from trilha.domain.fleet import Group, MasterKind, MasterRecord, Vehicle
from trilha.domain.kernel import GroupId, NotFound, OrganisationId, VehicleId
from trilha.domain.performance import Depot, Plated
from trilha.testing.contracts.fresh import NewOrganisation, WithOrganisations

Units = UnitsOfWork[FleetUnitOfWork]
_BUSES = (
    Vehicle(VehicleId(2**63 - 1), "Ônibus 10", "ABC1D23", "10", GroupId(7)),
    Vehicle(VehicleId(-5), "onibus 2", group_id=GroupId(8), active=False),
    Vehicle(VehicleId(3), "Onibus 10"),
)


class DepotContract(WithOrganisations):
    """Needs the fixtures `organisations`, `units` (which serve the fleet) and `depot`."""

    async def _save(
        self, units: Units, organisation_id: OrganisationId, kind: MasterKind, records: Sequence[MasterRecord]
    ) -> None:
        async with units(organisation_id) as unit:
            await unit.master_data.save(kind, records)
            await unit.commit()

    async def test_vehicles_come_by_folded_description_then_id(
        self, units: Units, depot: Depot, organisation_id: OrganisationId
    ) -> None:
        await self._save(units, organisation_id, "vehicles", _BUSES)
        assert list(await depot.vehicles(organisation_id)) == [
            Plated(VehicleId(3), "Onibus 10", None, None, active=True),
            Plated(VehicleId(2**63 - 1), "Ônibus 10", "ABC1D23", "10", active=True),
            Plated(VehicleId(-5), "onibus 2", None, None, active=False),
        ]

    @pytest.mark.parametrize(("group", "expected"), [(6, {2**63 - 1, -5}), (7, {2**63 - 1, -5}), (8, {-5})])
    async def test_a_group_holds_the_vehicles_of_all_below_it(
        self, units: Units, depot: Depot, organisation_id: OrganisationId, group: int, expected: set[int]
    ) -> None:
        tree = [Group(GroupId(6), "Frota"), Group(GroupId(7), "Garagem", "", GroupId(6))]
        await self._save(units, organisation_id, "groups", [*tree, Group(GroupId(8), "Linha", "", GroupId(7))])
        await self._save(units, organisation_id, "vehicles", _BUSES)
        assert {one.vehicle_id for one in await depot.vehicles(organisation_id, GroupId(group))} == expected

    async def test_what_the_organisation_does_not_have_is_not_found(
        self, units: Units, depot: Depot, organisation_id: OrganisationId, new_organisation: NewOrganisation
    ) -> None:
        await self._save(units, organisation_id, "vehicles", _BUSES)
        elsewhere = await new_organisation()
        assert (await depot.vehicle(organisation_id, VehicleId(3))).description == "Onibus 10"
        for organisation, key in ((organisation_id, 99), (elsewhere, 3)):
            with pytest.raises(NotFound):
                await depot.vehicle(organisation, VehicleId(key))
        with pytest.raises(NotFound):
            await depot.vehicles(organisation_id, GroupId(77))
        assert list(await depot.vehicles(elsewhere)) == []
