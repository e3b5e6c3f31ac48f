"""The contract of Roster: whom and what counts are shown with."""

from collections.abc import Sequence

import pytest

from trilha.application.ports import FleetUnitOfWork, UnitsOfWork
from trilha.domain.fleet import Classification, Driver, DriverKind, EventType, Group, MasterKind, MasterRecord
from trilha.domain.kernel import DriverId, EventTypeId, GroupId, NotFound, OrganisationId
from trilha.domain.performance import EventKind, Rated, Roster
from trilha.testing.contracts.fleet_queries import PEOPLE
from trilha.testing.contracts.fresh import NewOrganisation, WithOrganisations

Units = UnitsOfWork[FleetUnitOfWork]
_TREE = [(6, None), (7, 6), (8, 7), (9, 6), (1, 2), (2, 1)]
"""Groups with the one above; the last two hold each other."""


class RosterContract(WithOrganisations):
    """Needs the fixtures `organisations`, `units` (which serve the fleet) and `roster`."""

    async def _save(
        self, units: Units, organisation_id: OrganisationId, kind: MasterKind, records: Sequence[MasterRecord]
    ) -> None:
        async with units(organisation_id) as unit:
            await unit.master_data.save(kind, records)
            await unit.commit()

    async def test_drivers_come_by_folded_name_then_id_special_ones_too(
        self, units: Units, roster: Roster, organisation_id: OrganisationId
    ) -> None:
        await self._save(units, organisation_id, "drivers", PEOPLE)
        found = await roster.drivers(organisation_id)
        assert [one.driver_id for one in found] == [-(2**63), -3, 2, 1, 2**63 - 1]
        assert found[1] == Rated(DriverId(-3), "Ângela", None, is_person=True, active=False)
        assert [one.driver_id for one in found if not one.is_person] == [2**63 - 1]

    @pytest.mark.parametrize(
        ("group", "expected"), [(6, {1, 2, -3}), (7, {1, 2, -3}), (8, {2}), (9, set()), (1, set())]
    )
    async def test_a_group_holds_the_drivers_of_all_below_it(
        self, units: Units, roster: Roster, organisation_id: OrganisationId, group: int, expected: set[int]
    ) -> None:
        groups = [Group(GroupId(one), "Garagem", parent_id=None if up is None else GroupId(up)) for one, up in _TREE]
        await self._save(units, organisation_id, "groups", groups)
        await self._save(units, organisation_id, "drivers", PEOPLE)
        found = await roster.drivers(organisation_id, GroupId(group))
        assert {one.driver_id for one in found} == expected
        assert [one for one in await roster.drivers(organisation_id) if one.driver_id in expected] == list(found)

    async def test_what_the_organisation_does_not_have_is_not_found(
        self, units: Units, roster: Roster, organisation_id: OrganisationId, new_organisation: NewOrganisation
    ) -> None:
        await self._save(units, organisation_id, "groups", [Group(GroupId(7), "Garagem")])
        await self._save(units, organisation_id, "drivers", PEOPLE)
        elsewhere = await new_organisation()
        for key in (GroupId(77), GroupId(8)):
            with pytest.raises(NotFound):
                await roster.drivers(organisation_id, key)
        with pytest.raises(NotFound):
            await roster.drivers(elsewhere, GroupId(7))
        for organisation in (organisation_id, elsewhere):
            with pytest.raises(NotFound):
                await roster.driver(organisation, DriverId(99))
        assert list(await roster.drivers(elsewhere)) == []

    async def test_one_driver(self, units: Units, roster: Roster, organisation_id: OrganisationId) -> None:
        special = Driver(DriverId(5), "Unknown", kind=DriverKind.UNKNOWN)
        await self._save(units, organisation_id, "drivers", [*PEOPLE, special])
        assert await roster.driver(organisation_id, DriverId(1)) == Rated(
            DriverId(1), "José da Silva", "100%", is_person=True, active=True
        )
        assert not (await roster.driver(organisation_id, DriverId(5))).is_person

    async def test_event_types_come_with_what_they_mean_now(
        self, units: Units, roster: Roster, organisation_id: OrganisationId
    ) -> None:
        names = {3: "Excesso", 1: "ábaco", -2: "Zelo", 2: "excesso"}
        types = [EventType(EventTypeId(key), name) for key, name in names.items()]
        await self._save(units, organisation_id, "event_types", types)
        infraction = EventType(EventTypeId(-2), "Zelo", classification=Classification.DRIVING_INFRACTION)
        await self._save(units, organisation_id, "event_types", [infraction])
        assert list(await roster.event_kinds(organisation_id)) == [
            EventKind(EventTypeId(1), "ábaco", "unclassified"),
            EventKind(EventTypeId(2), "excesso", "unclassified"),
            EventKind(EventTypeId(3), "Excesso", "unclassified"),
            EventKind(EventTypeId(-2), "Zelo", "driving_infraction"),
        ]
