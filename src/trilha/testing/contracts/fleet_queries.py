"""The contract of FleetQueries: what is found, in which order, and that paging neither skips nor repeats."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeVar

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trilha.application.fleet.queries import (
    ClassificationChangeView,
    DriverFilter,
    DriverView,
    EventTypeView,
    FleetQueries,
    GroupView,
    VehicleFilter,
    VehicleView,
    classification_change_view,
    driver_view,
    event_type_view,
    group_view,
    vehicle_view,
)
from trilha.application.ports import FleetUnitOfWork, PageRequest, UnitsOfWork
from trilha.domain.fleet import (
    Classification,
    ClassificationChange,
    Driver,
    DriverKind,
    EventType,
    Group,
    MasterKind,
    MasterRecord,
    Vehicle,
)
from trilha.domain.kernel import DriverId, EventTypeId, GroupId, InvalidValue, NotFound, OrganisationId, VehicleId, fold
from trilha.testing.contracts.fresh import NewOrganisation, WithOrganisations, new_id
from trilha.testing.contracts.reading import walk
from trilha.testing.strategies import classification_changes, drivers, event_types, groups, names, vehicles

Units = UnitsOfWork[FleetUnitOfWork]
Save = Callable[[OrganisationId, MasterKind, Sequence[MasterRecord]], Awaitable[None]]

PEOPLE = [
    Driver(DriverId(1), "José da Silva", badge="100%", group_id=GroupId(7)),
    Driver(DriverId(2), "JOSE  DA CONCEIÇÃO", badge="A_1", group_id=GroupId(8)),
    Driver(DriverId(-3), "Ângela", badge=None, group_id=GroupId(7), active=False),
    Driver(DriverId(2**63 - 1), "Unknown Driver", kind=DriverKind.UNKNOWN),
    Driver(DriverId(-(2**63)), "angela", badge="José"),
]
Record = TypeVar("Record", Driver, Vehicle, Group, EventType)
_checked = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors])


def _by_id(record: MasterRecord) -> int:
    return record.id


class FleetQueriesContract(WithOrganisations):
    """Needs the fixtures `organisations`, `units` and `fleet_queries`."""

    @pytest.fixture
    def save(self, units: Units) -> Save:
        """Keeps master data."""

        async def save(organisation_id: OrganisationId, kind: MasterKind, records: Sequence[MasterRecord]) -> None:
            async with units(organisation_id) as unit:
                await unit.master_data.save(kind, records)
                await unit.commit()

        return save

    @pytest.fixture
    async def staffed(self, save: Save, organisation_id: OrganisationId) -> OrganisationId:
        """An organisation with the drivers of PEOPLE."""
        await save(organisation_id, "drivers", PEOPLE)
        return organisation_id

    async def _drivers(
        self, queries: FleetQueries, organisation_id: OrganisationId, where: DriverFilter, limit: int = 500
    ) -> list[int]:
        views = await walk(lambda page: queries.drivers(organisation_id, where, page), DriverView, limit)
        return [int(view.id) for view in views]

    @pytest.mark.parametrize("limit", [1, 2, 3, 500])
    async def test_drivers_come_by_folded_name_then_id(
        self, fleet_queries: FleetQueries, staffed: OrganisationId, limit: int
    ) -> None:
        expected = [-(2**63), -3, 2, 1, 2**63 - 1]
        assert await self._drivers(fleet_queries, staffed, DriverFilter(), limit) == expected

    @pytest.mark.parametrize(
        ("where", "expected"),
        [
            (DriverFilter(search="jose"), {1, 2, -(2**63)}),
            (DriverFilter(search="  JOSÉ   da "), {1, 2}),
            (DriverFilter(search="conceicao a_1"), {2}),
            (DriverFilter(search="%"), {1}),
            (DriverFilter(search="_"), {2}),
            (DriverFilter(search="\\"), set()),
            (DriverFilter(search="nobody"), set()),
            (DriverFilter(search=" "), {driver.id for driver in PEOPLE}),
            (DriverFilter(people_only=True), {1, 2, -3, -(2**63)}),
            (DriverFilter(active=False), {-3}),
            (DriverFilter(active=True), {1, 2, 2**63 - 1, -(2**63)}),
            (DriverFilter(group_id=7), {1, -3}),
            (DriverFilter(group_id=7, active=True, search="SILVA"), {1}),
        ],
    )
    async def test_a_filter_finds_exactly_what_it_says(
        self, fleet_queries: FleetQueries, staffed: OrganisationId, where: DriverFilter, expected: set[int]
    ) -> None:
        assert set(await self._drivers(fleet_queries, staffed, where)) == expected

    @_checked
    @given(people=st.lists(drivers(), max_size=6, unique_by=_by_id), search=st.none() | names(3))
    async def test_a_search_means_the_same_everywhere(
        self,
        fleet_queries: FleetQueries,
        save: Save,
        new_organisation: NewOrganisation,
        people: list[Driver],
        search: str | None,
    ) -> None:
        organisation_id = await new_organisation()
        await save(organisation_id, "drivers", people)
        found = await self._drivers(fleet_queries, organisation_id, DriverFilter(search=search), limit=2)
        matching = [driver for driver in people if fold(search or "") in driver.search_text]
        assert found == [driver.id for driver in sorted(matching, key=lambda one: (fold(one.name), one.id))]

    @_checked
    @given(
        people=st.lists(drivers(), max_size=8, unique_by=_by_id),
        late=st.lists(drivers(), max_size=8, unique_by=_by_id),
        limit=st.integers(1, 3),
    )
    async def test_paging_neither_skips_nor_repeats_whatever_is_inserted_meanwhile(
        self,
        fleet_queries: FleetQueries,
        save: Save,
        new_organisation: NewOrganisation,
        people: list[Driver],
        late: list[Driver],
        limit: int,
    ) -> None:
        organisation_id = await new_organisation()
        ids = {driver.id for driver in people}
        newcomers = iter([driver for driver in late if driver.id not in ids])
        await save(organisation_id, "drivers", people)

        async def somebody_joins() -> None:
            await save(organisation_id, "drivers", [driver for driver in [next(newcomers, None)] if driver])

        views = await walk(
            lambda page: fleet_queries.drivers(organisation_id, DriverFilter(), page),
            DriverView,
            limit,
            somebody_joins,
        )
        shown = [int(view.id) for view in views]
        assert len(shown) == len(set(shown))
        expected = [driver.id for driver in sorted(people, key=lambda one: (fold(one.name), one.id))]
        assert [identifier for identifier in shown if identifier in ids] == expected

    @_checked
    @given(
        people=st.lists(drivers(), max_size=3, unique_by=_by_id),
        fleet=st.lists(vehicles(), max_size=3, unique_by=_by_id),
        sites=st.lists(groups(), max_size=3, unique_by=_by_id),
        library=st.lists(event_types(), max_size=3, unique_by=_by_id),
    )
    async def test_every_field_shows(
        self,
        fleet_queries: FleetQueries,
        save: Save,
        new_organisation: NewOrganisation,
        people: list[Driver],
        fleet: list[Vehicle],
        sites: list[Group],
        library: list[EventType],
    ) -> None:
        here = await new_organisation()
        await save(here, "drivers", people)
        await save(here, "vehicles", fleet)
        await save(here, "groups", sites)
        await save(here, "event_types", library)
        queries = fleet_queries
        assert await walk(lambda page: queries.drivers(here, DriverFilter(), page), DriverView) == [
            driver_view(row) for row in _sorted(people, lambda row: row.name)
        ]
        assert await walk(lambda page: queries.vehicles(here, VehicleFilter(), page), VehicleView) == [
            vehicle_view(row) for row in _sorted(fleet, lambda row: row.description)
        ]
        assert await walk(lambda page: queries.groups(here, page), GroupView) == [
            group_view(row) for row in _sorted(sites, lambda row: row.name)
        ]
        assert await walk(lambda page: queries.event_types(here, None, page), EventTypeView) == [
            event_type_view(row) for row in _sorted(library, lambda row: row.description)
        ]
        for driver in people:
            assert await queries.driver(here, driver.id) == driver_view(driver)
        for vehicle in fleet:
            assert await queries.vehicle(here, vehicle.id) == vehicle_view(vehicle)

    @pytest.mark.parametrize(
        ("where", "expected"),
        [
            (VehicleFilter(search="ônibus"), {1}),
            (VehicleFilter(search="abc-1"), {1}),
            (VehicleFilter(search="f 20"), {2}),
            (VehicleFilter(active=False), {2}),
            (VehicleFilter(group_id=7), {1}),
        ],
    )
    async def test_vehicles_are_found_by_description_plate_and_fleet_number(
        self,
        fleet_queries: FleetQueries,
        save: Save,
        organisation_id: OrganisationId,
        where: VehicleFilter,
        expected: set[int],
    ) -> None:
        bus = Vehicle(VehicleId(1), "Onibus 10", plate="ABC-1D23", group_id=GroupId(7))
        truck = Vehicle(VehicleId(2), "Caminhão", fleet_number="F  20", active=False)
        await save(organisation_id, "vehicles", [bus, truck])
        views = await walk(lambda page: fleet_queries.vehicles(organisation_id, where, page), VehicleView)
        assert {int(view.id) for view in views} == expected

    async def test_a_type_shows_as_what_it_was_last_classified(
        self, fleet_queries: FleetQueries, save: Save, organisation_id: OrganisationId
    ) -> None:
        idle = EventType(EventTypeId(5), "Idle", classification=Classification.NORMAL_OPERATION)
        await save(organisation_id, "event_types", [idle])
        now = msgspec.structs.replace(idle, classification=Classification.SAFETY)
        await save(organisation_id, "event_types", [now])
        for classification, expected in (("safety", [idle.id]), ("normal_operation", []), (None, [idle.id])):
            views = await walk(
                lambda page, named=classification: fleet_queries.event_types(organisation_id, named, page),  # type: ignore[misc] # the default binds the loop's value
                EventTypeView,
            )
            assert [int(view.id) for view in views] == expected
            assert {view.classification for view in views} <= {"safety"}
        assert await fleet_queries.event_type(organisation_id, idle.id) == event_type_view(now)

    @_checked
    @given(
        changes=st.lists(classification_changes(), max_size=6, unique_by=lambda one: one.id), limit=st.integers(1, 3)
    )
    async def test_changes_of_classification_come_newest_first(
        self,
        fleet_queries: FleetQueries,
        units: Units,
        save: Save,
        new_organisation: NewOrganisation,
        changes: list[ClassificationChange],
        limit: int,
    ) -> None:
        here, elsewhere = await new_organisation(), await new_organisation()
        one, other = EventType(EventTypeId(1), "One"), EventType(EventTypeId(2), "Other")
        await save(here, "event_types", [one, other])
        of_one = [msgspec.structs.replace(change, id=new_id(), event_type_id=one.id) for change in changes]
        async with units(here) as unit:
            for change in of_one:
                await unit.master_data.add_change(change)
            await unit.commit()
        expected = sorted(of_one, key=lambda change: (change.changed_at, change.id), reverse=True)
        expected_views = [classification_change_view(change) for change in expected]
        for named, shown in ((None, expected_views), (one.id, expected_views), (other.id, [])):
            views = await walk(
                lambda page, of=named: fleet_queries.classification_changes(here, of, page),  # type: ignore[misc] # the default binds the loop's value
                ClassificationChangeView,
                limit,
            )
            assert views == shown
        assert (await fleet_queries.classification_changes(elsewhere, None, PageRequest())).items == []

    async def test_what_is_not_there_is_not_found(
        self, fleet_queries: FleetQueries, staffed: OrganisationId, new_organisation: NewOrganisation
    ) -> None:
        with pytest.raises(NotFound):
            await fleet_queries.driver(staffed, DriverId(999))
        with pytest.raises(NotFound):
            await fleet_queries.vehicle(staffed, VehicleId(1))
        with pytest.raises(NotFound):
            await fleet_queries.event_type(staffed, EventTypeId(1))
        with pytest.raises(NotFound):
            await fleet_queries.classification_changes(staffed, EventTypeId(1), PageRequest())
        with pytest.raises(NotFound):
            await fleet_queries.driver(await new_organisation(), DriverId(1))

    async def test_a_cursor_that_is_none_is_refused(self, fleet_queries: FleetQueries, staffed: OrganisationId) -> None:
        page = await fleet_queries.drivers(staffed, DriverFilter(), PageRequest(limit=1))
        assert page.next_cursor is not None
        for cursor in ("", "nonsense", "é", page.next_cursor[:-3], "AAAA"):
            with pytest.raises(InvalidValue):
                await fleet_queries.drivers(staffed, DriverFilter(), PageRequest(cursor=cursor))
        with pytest.raises(InvalidValue):
            await fleet_queries.groups(staffed, PageRequest(cursor=page.next_cursor))
        with pytest.raises(InvalidValue):
            await fleet_queries.vehicles(staffed, VehicleFilter(), PageRequest(cursor=page.next_cursor))
        with pytest.raises(InvalidValue):
            await fleet_queries.event_types(staffed, None, PageRequest(cursor=page.next_cursor))
        with pytest.raises(InvalidValue):
            await fleet_queries.classification_changes(staffed, None, PageRequest(cursor=page.next_cursor))

    async def test_the_last_page_says_so(self, fleet_queries: FleetQueries, staffed: OrganisationId) -> None:
        page = await fleet_queries.drivers(staffed, DriverFilter(), PageRequest(limit=len(PEOPLE)))
        assert page.next_cursor is None
        assert len(page.items) == len(PEOPLE)

    async def test_a_driver_that_vanished_still_shows(
        self, fleet_queries: FleetQueries, save: Save, staffed: OrganisationId
    ) -> None:
        await save(staffed, "drivers", [msgspec.structs.replace(PEOPLE[0], active=False)])
        assert not (await fleet_queries.driver(staffed, PEOPLE[0].id)).active


def _sorted(records: Iterable[Record], name: Callable[[Record], str]) -> list[Record]:
    return sorted(records, key=lambda record: (fold(name(record)), record.id))
