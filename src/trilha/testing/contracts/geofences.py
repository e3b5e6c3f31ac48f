"""The contracts of Geofences, Visits, and the queries that show them."""

import asyncio
from datetime import timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trilha.application.monitoring.geofence_queries import GeofenceFilter, GeofenceQueries, VisitFilter
from trilha.application.monitoring.geofence_views import GeofenceView, VisitView, geofence_view, visit_view
from trilha.application.ports import GeofenceUnitOfWork, PageRequest, UnitsOfWork
from trilha.domain.areas import Circle
from trilha.domain.kernel import (
    Conflict,
    DriverId,
    GeoPoint,
    InvalidValue,
    NotFound,
    OrganisationId,
    TimeRange,
    VehicleId,
)
from trilha.domain.monitoring import (
    Departure,
    Geofence,
    GeofenceContent,
    Passage,
    Visit,
    change_geofence,
    delete_geofence,
    new_geofences,
)
from trilha.testing.contracts.fresh import NOON, NewOrganisation, WithOrganisations, new_id
from trilha.testing.contracts.reading import decoded, walk
from trilha.testing.strategies import geofence_contents, geofences, visits

Units = UnitsOfWork[GeofenceUnitOfWork]
HOUR = timedelta(hours=1)
DEPOT = Circle(GeoPoint(-19.92, -43.94), 150)
ANY_FENCE, ANY_VISIT = GeofenceFilter(), VisitFilter()
BUS, TRUCK = VehicleId(7), VehicleId(-8)
_checked = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors])


def a_geofence(name: str = "Garagem", *, active: bool = True) -> Geofence:
    """A depot."""
    (fence,) = new_geofences([(new_id(), GeofenceContent(name=name, area=DEPOT, active=active))], NOON, others=0)
    return fence


def renamed(fence: Geofence, name: str) -> Geofence:
    """Its next version."""
    return change_geofence(fence, msgspec.structs.replace(fence.content, name=name), NOON + HOUR)


async def save(units: Units, organisation_id: OrganisationId, *fences: Geofence) -> None:
    """Write versions, each in a unit of its own."""
    for fence in fences:
        async with units(organisation_id) as unit:
            await unit.geofences.save([fence])
            await unit.commit()


class GeofencesContract(WithOrganisations):
    """Needs the fixtures `organisations` and `units`."""

    async def _all(self, units: Units, organisation_id: OrganisationId) -> list[Geofence]:
        async with units(organisation_id) as unit:
            return list(await unit.geofences.all())

    @_checked
    @given(fences=st.lists(geofences(), max_size=3, unique_by=lambda fence: fence.id))
    async def test_they_come_back_exactly_by_id(
        self, units: Units, new_organisation: NewOrganisation, fences: list[Geofence]
    ) -> None:
        organisation_id = await new_organisation()
        async with units(organisation_id) as unit:
            await unit.geofences.save(fences)
            await unit.commit()
        assert await self._all(units, organisation_id) == sorted(fences, key=lambda fence: fence.id)
        async with units(organisation_id) as unit:
            for fence in fences:
                assert await unit.geofences.get(fence.id) == fence

    async def test_one_of_another_organisation_is_not_there(
        self, units: Units, organisation_id: OrganisationId, new_organisation: NewOrganisation
    ) -> None:
        fence = a_geofence()
        await save(units, await new_organisation(), fence)
        assert await self._all(units, organisation_id) == []
        async with units(organisation_id) as unit:
            with pytest.raises(NotFound):
                await unit.geofences.get(fence.id)

    async def test_a_deleted_one_is_gone_for_good(self, units: Units, organisation_id: OrganisationId) -> None:
        fence = a_geofence()
        deleted = delete_geofence(fence, NOON + HOUR)
        await save(units, organisation_id, fence, deleted)
        assert await self._all(units, organisation_id) == []
        async with units(organisation_id) as unit:
            with pytest.raises(NotFound):
                await unit.geofences.get(fence.id)
            with pytest.raises(Conflict):
                await unit.geofences.save([fence])

    @pytest.mark.parametrize("version", [0, 1, 3])
    async def test_any_version_but_the_next_is_refused(
        self, units: Units, organisation_id: OrganisationId, version: int
    ) -> None:
        fence = a_geofence()
        second = renamed(fence, "Pátio")
        await save(units, organisation_id, fence, second)
        with pytest.raises(Conflict):
            await save(units, organisation_id, msgspec.structs.replace(second, version=version))
        assert await self._all(units, organisation_id) == [second]

    async def test_of_two_changes_at_once_one_gets_through(self, units: Units, organisation_id: OrganisationId) -> None:
        fence = a_geofence()
        await save(units, organisation_id, fence)
        rivals = [renamed(fence, "Pátio"), delete_geofence(fence, NOON)]
        ended = await asyncio.gather(*(save(units, organisation_id, rival) for rival in rivals), return_exceptions=True)
        assert sorted(type(end).__name__ for end in ended) == ["Conflict", "NoneType"]

    async def test_every_change_shows_in_the_stamp(self, units: Units, organisation_id: OrganisationId) -> None:
        fence, other = a_geofence(), a_geofence("Terminal")
        changed = renamed(fence, "Pátio")
        stamps = [await self._stamp(units, organisation_id)]
        for version in (fence, other, changed, delete_geofence(changed, NOON), delete_geofence(other, NOON)):
            await save(units, organisation_id, version)
            stamps.append(await self._stamp(units, organisation_id))
        assert len(set(stamps)) == len(stamps)
        assert await self._stamp(units, organisation_id) == stamps[-1]

    async def _stamp(self, units: Units, organisation_id: OrganisationId) -> str:
        async with units(organisation_id) as unit:
            return await unit.geofences.stamp()

    async def test_what_was_not_committed_did_not_change(self, units: Units, organisation_id: OrganisationId) -> None:
        async with units(organisation_id) as unit:
            await unit.geofences.save([a_geofence()])
        assert await self._all(units, organisation_id) == []


def a_visit(fence: Geofence, hours: int = 0, vehicle_id: VehicleId = BUS) -> Visit:
    """One that has begun."""
    return Visit(
        id=new_id(),
        geofence_id=fence.id,
        vehicle_id=vehicle_id,
        driver_id=DriverId(3),
        entered_at=NOON + hours * HOUR,
        entry=GeoPoint(-19.92, -43.9401),
    )


def departure(visit: Visit, hours: float = 1) -> Departure:
    """The end of one, so many hours after it began."""
    return Departure(
        geofence_id=visit.geofence_id,
        vehicle_id=visit.vehicle_id,
        left_at=visit.entered_at + hours * HOUR,
        exit=GeoPoint(-19.93, -43.95),
    )


def ended(visit: Visit, hours: float = 1) -> Visit:
    """A visit after its departure."""
    left = departure(visit, hours)
    return msgspec.structs.replace(visit, left_at=max(left.left_at, visit.entered_at), exit=left.exit)


class VisitsContract(WithOrganisations):
    """Needs the fixtures `organisations`, `units` and `geofence_queries`."""

    async def _follow(self, units: Units, organisation_id: OrganisationId, *passages: Passage) -> None:
        async with units(organisation_id) as unit:
            await unit.visits.follow(passages)
            await unit.commit()

    async def _visits(
        self, queries: GeofenceQueries, organisation_id: OrganisationId, where: VisitFilter = ANY_VISIT
    ) -> list[VisitView]:
        page = await queries.visits(organisation_id, where, PageRequest())
        return decoded(page.items, VisitView)

    @_checked
    @given(kept=st.lists(visits(), max_size=3, unique_by=lambda visit: visit.id))
    async def test_they_come_back_exactly_newest_first(
        self, units: Units, geofence_queries: GeofenceQueries, new_organisation: NewOrganisation, kept: list[Visit]
    ) -> None:
        organisation_id, fence = await new_organisation(), a_geofence()
        await save(units, organisation_id, fence)
        # each at a vehicle of its own, so that all may be open
        mine = [
            msgspec.structs.replace(visit, geofence_id=fence.id, vehicle_id=VehicleId(number))
            for number, visit in enumerate(kept)
        ]
        await self._follow(units, organisation_id, *mine)
        expected = sorted(mine, key=lambda visit: (visit.entered_at, visit.id), reverse=True)
        assert await self._visits(geofence_queries, organisation_id) == [
            visit_view(visit, fence.content.name) for visit in expected
        ]
        assert await self._visits(geofence_queries, await new_organisation()) == []

    @pytest.mark.parametrize("in_one_page", [True, False])
    async def test_passages_are_followed_in_order(
        self, units: Units, geofence_queries: GeofenceQueries, organisation_id: OrganisationId, in_one_page: bool
    ) -> None:
        fence, other = a_geofence(), a_geofence("Terminal")
        await save(units, organisation_id, fence, other)
        first, second, beside, elsewhere = (
            a_visit(fence),
            a_visit(fence, 5),
            a_visit(fence, 2, TRUCK),
            a_visit(other, 3),
        )
        passages: list[Passage] = [
            first,
            beside,
            departure(first),
            elsewhere,
            second,
            departure(second, 2),
            departure(elsewhere, 0.5),
        ]
        if in_one_page:
            await self._follow(units, organisation_id, *passages)
        else:
            for passage in passages:
                await self._follow(units, organisation_id, passage)
        assert await self._visits(geofence_queries, organisation_id) == [
            visit_view(ended(second, 2), "Garagem"),
            visit_view(ended(elsewhere, 0.5), "Terminal"),
            visit_view(beside, "Garagem"),
            visit_view(ended(first), "Garagem"),
        ]

    async def test_said_again_nothing_changes(
        self, units: Units, geofence_queries: GeofenceQueries, organisation_id: OrganisationId
    ) -> None:
        fence = a_geofence()
        await save(units, organisation_id, fence)
        visit = a_visit(fence)
        await self._follow(units, organisation_id, visit, a_visit(fence, 1))
        await self._follow(units, organisation_id, msgspec.structs.replace(visit, id=new_id()))
        assert await self._visits(geofence_queries, organisation_id) == [visit_view(visit, "Garagem")]
        await self._follow(units, organisation_id, departure(visit), departure(visit, 7))
        await self._follow(units, organisation_id, departure(visit, 9), msgspec.structs.replace(visit, id=new_id()))
        assert await self._visits(geofence_queries, organisation_id) == [visit_view(ended(visit), "Garagem")]

    async def test_nobody_leaves_before_coming(
        self, units: Units, geofence_queries: GeofenceQueries, organisation_id: OrganisationId
    ) -> None:
        fence = a_geofence()
        await save(units, organisation_id, fence)
        visit = a_visit(fence)
        await self._follow(units, organisation_id, departure(visit), visit, departure(visit, -3))
        (shown_visit,) = await self._visits(geofence_queries, organisation_id)
        assert (shown_visit.left_at, shown_visit.dwelled_s) == (visit.entered_at, 0)

    async def test_visits_to_what_is_watched_no_longer_end(
        self, units: Units, geofence_queries: GeofenceQueries, organisation_id: OrganisationId
    ) -> None:
        fence, other = a_geofence(), a_geofence("Terminal")
        await save(units, organisation_id, fence, other)
        over, open_, later, elsewhere = a_visit(fence), a_visit(fence, 2), a_visit(fence, 9, TRUCK), a_visit(other, 1)
        await self._follow(units, organisation_id, over, departure(over), open_, later, elsewhere)
        async with units(organisation_id) as unit:
            ended = await unit.visits.end_all(fence.id, NOON + 5 * HOUR)
            assert sorted(ended) == sorted([open_.vehicle_id, later.vehicle_id])
            await unit.commit()
        assert [view.dwelled_s for view in await self._visits(geofence_queries, organisation_id)] == [
            0,
            3 * 3600,
            None,
            3600,
        ]

    async def test_what_was_not_committed_was_no_visit(
        self, units: Units, geofence_queries: GeofenceQueries, organisation_id: OrganisationId
    ) -> None:
        fence = a_geofence()
        await save(units, organisation_id, fence)
        async with units(organisation_id) as unit:
            await unit.visits.follow([a_visit(fence)])
        assert await self._visits(geofence_queries, organisation_id) == []

    async def test_filters_hold_together(
        self, units: Units, geofence_queries: GeofenceQueries, organisation_id: OrganisationId
    ) -> None:
        fence, other = a_geofence(), a_geofence("Terminal")
        await save(units, organisation_id, fence, other)
        over, still = a_visit(fence), a_visit(other, 3, TRUCK)
        still = msgspec.structs.replace(still, driver_id=None)
        await self._follow(units, organisation_id, over, departure(over), still)
        first, second = visit_view(ended(over), "Garagem"), visit_view(still, "Terminal")
        for where, expected in (
            (VisitFilter(geofence_id=fence.id), [first]),
            (VisitFilter(vehicle_ids=(TRUCK,)), [second]),
            (VisitFilter(vehicle_ids=(TRUCK, BUS)), [second, first]),
            (VisitFilter(vehicle_ids=()), []),
            (VisitFilter(driver_id=3), [first]),
            (VisitFilter(open=True), [second]),
            (VisitFilter(open=False), [first]),
            (VisitFilter(entered=TimeRange(NOON, NOON + 3 * HOUR)), [first]),
            (VisitFilter(entered=TimeRange(NOON + HOUR, None)), [second]),
            (VisitFilter(vehicle_ids=(TRUCK,), open=False), []),
        ):
            assert await self._visits(geofence_queries, organisation_id, where) == expected, where

    @pytest.mark.parametrize("oldest_first", [True, False])
    async def test_pages_follow_one_another(
        self, units: Units, geofence_queries: GeofenceQueries, organisation_id: OrganisationId, oldest_first: bool
    ) -> None:
        """Those of the same moment too, in the order of their ids."""
        fence = a_geofence()
        await save(units, organisation_id, fence)
        kept = [a_visit(fence, number // 2, VehicleId(number)) for number in range(5)]
        await self._follow(units, organisation_id, *kept)
        seen = await walk(
            lambda page: geofence_queries.visits(organisation_id, ANY_VISIT, page, oldest_first=oldest_first),
            VisitView,
            2,
        )
        in_order = sorted(kept, key=lambda visit: (visit.entered_at, visit.id), reverse=not oldest_first)
        assert [view.id for view in seen] == [visit.id for visit in in_order]

    async def test_visits_to_a_deleted_geofence_keep_its_name(
        self, units: Units, geofence_queries: GeofenceQueries, organisation_id: OrganisationId
    ) -> None:
        fence = a_geofence()
        await save(units, organisation_id, fence)
        await self._follow(units, organisation_id, visit := a_visit(fence))
        await save(units, organisation_id, delete_geofence(fence, NOON))
        assert await self._visits(geofence_queries, organisation_id) == [visit_view(visit, "Garagem")]


class GeofenceQueriesContract(WithOrganisations):
    """Needs the fixtures `organisations`, `units` and `geofence_queries`."""

    async def _names(
        self, queries: GeofenceQueries, organisation_id: OrganisationId, where: GeofenceFilter = ANY_FENCE
    ) -> list[str]:
        page = await queries.geofences(organisation_id, where, PageRequest())
        return [view.name for view in decoded(page.items, GeofenceView)]

    @_checked
    @given(content=geofence_contents())
    async def test_one_is_shown_as_it_was_decided(
        self,
        units: Units,
        geofence_queries: GeofenceQueries,
        new_organisation: NewOrganisation,
        content: GeofenceContent,
    ) -> None:
        organisation_id = await new_organisation()
        (fence,) = new_geofences([(new_id(), content)], NOON, others=0)
        await save(units, organisation_id, fence)
        assert await geofence_queries.geofence(organisation_id, fence.id) == geofence_view(fence)
        page = await geofence_queries.geofences(organisation_id, GeofenceFilter(), PageRequest())
        assert decoded(page.items, GeofenceView) == [geofence_view(fence)]

    async def test_a_search_ignores_accents_and_case(
        self, units: Units, geofence_queries: GeofenceQueries, organisation_id: OrganisationId
    ) -> None:
        fences = [a_geofence("Pátio Sul"), a_geofence("garagem"), a_geofence("Área 100%", active=False)]
        await save(units, organisation_id, *fences)
        assert await self._names(geofence_queries, organisation_id) == ["Área 100%", "garagem", "Pátio Sul"]
        for where, expected in (
            (GeofenceFilter(search="PATIO"), ["Pátio Sul"]),
            (GeofenceFilter(search="0%"), ["Área 100%"]),
            (GeofenceFilter(search="_"), []),
            (GeofenceFilter(active=True), ["garagem", "Pátio Sul"]),
            (GeofenceFilter(active=False, search="a"), ["Área 100%"]),
        ):
            assert await self._names(geofence_queries, organisation_id, where) == expected, where

    async def test_pages_follow_one_another(
        self, units: Units, geofence_queries: GeofenceQueries, organisation_id: OrganisationId
    ) -> None:
        """Those of the same name too, in the order of their ids."""
        fences = [a_geofence("Pátio"), a_geofence("patio"), a_geofence("PATIO"), a_geofence("Garagem")]
        await save(units, organisation_id, *fences, delete_geofence(fences[0], NOON))
        seen = await walk(lambda page: geofence_queries.geofences(organisation_id, ANY_FENCE, page), GeofenceView, 1)
        assert [view.id for view in seen] == [fences[3].id, *sorted(fence.id for fence in fences[1:3])]

    async def test_an_unknown_one_is_refused(
        self, units: Units, geofence_queries: GeofenceQueries, organisation_id: OrganisationId
    ) -> None:
        fence = a_geofence()
        await save(units, organisation_id, fence, delete_geofence(fence, NOON))
        for unknown in (new_id(), fence.id):
            with pytest.raises(NotFound):
                await geofence_queries.geofence(organisation_id, unknown)
        with pytest.raises(InvalidValue):
            await geofence_queries.geofences(organisation_id, GeofenceFilter(), PageRequest(cursor="nonsense"))
