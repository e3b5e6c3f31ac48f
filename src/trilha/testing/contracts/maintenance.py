"""The contracts of plans, services and notices, of the queries that show them, and of what vehicles have run."""

import asyncio
from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trilha.application.maintenance.queries import (
    MaintenanceQueries,
    PlanView,
    ServiceView,
    plan_view,
    service_view,
)
from trilha.application.ports import (
    MaintenanceUnitOfWork,
    PageRequest,
    TelemetryUnitOfWork,
    UnitsOfWork,
)
from trilha.domain.kernel import Conflict, InvalidValue, NotFound, OrganisationId, VehicleId, fold
from trilha.domain.maintenance import (
    LOOKED_FOR,
    Driven,
    FleetUse,
    MaintenancePlan,
    Odometer,
    PlanHasServices,
    ServiceRecord,
    Since,
)
from trilha.domain.telemetry import Standing, Stream, Trip
from trilha.testing.contracts.fresh import NOON, NewOrganisation, WithOrganisations, new_id
from trilha.testing.contracts.reading import walk
from trilha.testing.contracts.telemetry_records import a_trip
from trilha.testing.strategies import maintenance_plans, service_records

Units = UnitsOfWork[MaintenanceUnitOfWork]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BUS, TRUCK = VehicleId(7), VehicleId(-8)
_checked = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors])


def a_plan(name: str = "Troca de óleo", plan_id: UUID | None = None) -> MaintenancePlan:
    """Every 10,000 km."""
    return MaintenancePlan(id=plan_id or new_id(), name=name, starts_on=date(2026, 1, 1), every_km=10_000.0)


def a_service(plan: MaintenancePlan, vehicle_id: VehicleId = BUS, minutes: int = 0) -> ServiceRecord:
    """Done on the first of March."""
    return ServiceRecord(
        id=new_id(),
        plan_id=plan.id,
        vehicle_id=vehicle_id,
        done_on=date(2026, 3, 1),
        recorded_at=NOON + timedelta(minutes=minutes),
        recorded_by="operator",
    )


async def save(units: Units, organisation_id: OrganisationId, *kept: MaintenancePlan | ServiceRecord) -> None:
    """Write plans and services, each in a unit of its own."""
    for one in kept:
        async with units(organisation_id) as unit:
            if isinstance(one, MaintenancePlan):
                await unit.maintenance_plans.save(one)
            else:
                await unit.service_records.add(one)
            await unit.commit()


class MaintenanceContract(WithOrganisations):
    """Plans, services and notices inside a unit of work. Needs the fixtures `organisations` and `units`."""

    async def _get(self, units: Units, organisation_id: OrganisationId, plan_id: UUID) -> MaintenancePlan | None:
        async with units(organisation_id) as unit:
            return await unit.maintenance_plans.get(plan_id)

    @_checked
    @given(plans=st.lists(maintenance_plans(), max_size=4, unique_by=lambda plan: plan.id))
    async def test_plans_come_back_exactly_by_folded_name(
        self, units: Units, new_organisation: NewOrganisation, plans: list[MaintenancePlan]
    ) -> None:
        organisation_id = await new_organisation()
        await save(units, organisation_id, *plans)
        async with units(organisation_id) as unit:
            kept = await unit.maintenance_plans.all()
        assert list(kept) == sorted(plans, key=lambda plan: (fold(plan.name), plan.id))

    @pytest.mark.parametrize("version", [0, 2])
    async def test_any_version_but_the_next_is_refused(
        self, units: Units, organisation_id: OrganisationId, version: int
    ) -> None:
        plan = a_plan()
        await save(units, organisation_id, plan)
        with pytest.raises(Conflict):
            await save(units, organisation_id, msgspec.structs.replace(plan, version=version))
        following = msgspec.structs.replace(plan, version=1, name="Freios", active=False)
        await save(units, organisation_id, following)
        assert await self._get(units, organisation_id, plan.id) == following

    async def test_of_two_changes_at_once_one_gets_through(self, units: Units, organisation_id: OrganisationId) -> None:
        plan = a_plan()
        await save(units, organisation_id, plan)

        async def change(name: str) -> None:
            async with units(organisation_id) as unit:
                known = await unit.maintenance_plans.get(plan.id)
                assert known is not None
                await asyncio.sleep(0)
                changed = msgspec.structs.replace(known, name=name, version=known.version + 1)
                await unit.maintenance_plans.save(changed)
                await unit.commit()

        ended = await asyncio.gather(change("a"), change("b"), return_exceptions=True)
        kept = await self._get(units, organisation_id, plan.id)
        assert kept is not None
        assert kept.version == sum(end is None for end in ended) >= 1
        assert all(end is None or isinstance(end, Conflict) for end in ended)

    async def test_a_plan_goes_unless_something_was_done_under_it(
        self, units: Units, organisation_id: OrganisationId, new_organisation: NewOrganisation
    ) -> None:
        plan, used = a_plan(), a_plan("Pneus")
        await save(units, organisation_id, plan, used, a_service(used))
        for one in (plan, used):
            async with units(await new_organisation()) as elsewhere:
                await elsewhere.maintenance_plans.remove(one.id)
                await elsewhere.commit()
        async with units(organisation_id) as unit:
            assert await unit.due_notices.first_time(plan.id, BUS, plan.id)
            await unit.commit()
        async with units(organisation_id) as unit:
            await unit.maintenance_plans.remove(plan.id)
            await unit.commit()
        with pytest.raises(PlanHasServices):
            async with units(organisation_id) as unit:
                await unit.maintenance_plans.remove(used.id)
        assert await self._get(units, organisation_id, plan.id) is None
        assert await self._get(units, organisation_id, used.id) == used

    async def test_of_a_removal_and_a_service_at_once_one_gets_through(
        self, units: Units, organisation_id: OrganisationId
    ) -> None:
        plan = a_plan()
        await save(units, organisation_id, plan)

        async def record() -> bool:
            async with units(organisation_id) as unit:
                known = await unit.maintenance_plans.get(plan.id)
                await asyncio.sleep(0)
                if known is None:
                    return False
                await unit.service_records.add(a_service(plan))
                await unit.commit()
                return True

        async def remove() -> bool:
            async with units(organisation_id) as unit:
                await unit.maintenance_plans.remove(plan.id)
                await asyncio.sleep(0)
                await unit.commit()
                return True

        ended = await asyncio.gather(record(), remove(), return_exceptions=True)
        assert sorted(end is True for end in ended) == [False, True]
        assert (await self._get(units, organisation_id, plan.id) is not None) == (ended[0] is True)

    @_checked
    @given(records=st.lists(service_records(), max_size=6, unique_by=lambda record: record.id), which=st.randoms())
    async def test_the_last_service_of_each_vehicle_under_each_plan_counts(
        self, units: Units, new_organisation: NewOrganisation, records: list[ServiceRecord], which: object
    ) -> None:
        organisation_id = await new_organisation()
        plans = [a_plan("a"), a_plan("b")]
        choose = which.choice  # type: ignore[attr-defined] # a Random
        given_records = [
            msgspec.structs.replace(one, id=new_id(), plan_id=choose(plans).id, vehicle_id=choose([BUS, TRUCK]))
            for one in records
        ]
        await save(units, organisation_id, *plans, *given_records)
        expected: dict[tuple[UUID, VehicleId], ServiceRecord] = {}
        for record in sorted(given_records, key=lambda one: one.order):
            expected[record.plan_id, record.vehicle_id] = record
        async with units(organisation_id) as unit:
            assert await unit.service_records.last() == expected

    async def test_what_came_due_is_told_once(self, units: Units, organisation_id: OrganisationId) -> None:
        plan, other = a_plan(), new_id()
        await save(units, organisation_id, plan)

        async def tell(vehicle_id: VehicleId, cycle_id: UUID, *, commit: bool = True) -> bool:
            async with units(organisation_id) as unit:
                news = await unit.due_notices.first_time(plan.id, vehicle_id, cycle_id)
                if commit:
                    await unit.commit()
            return news

        assert await tell(BUS, plan.id, commit=False)
        assert [await tell(BUS, plan.id), await tell(BUS, plan.id)] == [True, False]
        assert [await tell(TRUCK, plan.id), await tell(BUS, other)] == [True, True]


class MaintenanceQueriesContract(WithOrganisations):
    """Needs the fixtures `organisations`, `units` and `maintenance_queries`."""

    @_checked
    @given(plans=st.lists(maintenance_plans(), max_size=5, unique_by=lambda plan: plan.id), limit=st.integers(1, 3))
    async def test_plans_show_by_folded_name(
        self,
        maintenance_queries: MaintenanceQueries,
        units: Units,
        new_organisation: NewOrganisation,
        plans: list[MaintenancePlan],
        limit: int,
    ) -> None:
        here = await new_organisation()
        await save(units, here, *plans)
        shown = await walk(lambda page: maintenance_queries.plans(here, page), PlanView, limit)
        assert shown == [plan_view(plan) for plan in sorted(plans, key=lambda one: (fold(one.name), one.id))]
        for plan in plans:
            assert await maintenance_queries.plan(here, plan.id) == plan_view(plan)

    @pytest.mark.parametrize("limit", [1, 2, 500])
    async def test_services_show_recorded_last_first(
        self, maintenance_queries: MaintenanceQueries, units: Units, organisation_id: OrganisationId, limit: int
    ) -> None:
        plan, other = a_plan(), a_plan("Outro")
        done = [a_service(plan, BUS, 1), a_service(plan, TRUCK, 1), a_service(plan, BUS, 0), a_service(other, BUS, 5)]
        await save(units, organisation_id, plan, other, *done)
        by_time = sorted(done[:3], key=lambda one: (one.recorded_at, one.id), reverse=True)
        for vehicle_id in (None, BUS, TRUCK):
            shown = await walk(
                lambda page, of=vehicle_id: maintenance_queries.services(organisation_id, plan.id, of, page),  # type: ignore[misc] # the default binds the loop's value
                ServiceView,
                limit,
            )
            assert shown == [service_view(one) for one in by_time if vehicle_id in (None, one.vehicle_id)]

    async def test_what_is_not_there_is_not_found_and_a_foreign_cursor_refused(
        self,
        maintenance_queries: MaintenanceQueries,
        units: Units,
        organisation_id: OrganisationId,
        new_organisation: NewOrganisation,
    ) -> None:
        plan = a_plan()
        await save(units, organisation_id, plan, a_plan("b"), a_service(plan), a_service(plan))
        elsewhere = await new_organisation()
        with pytest.raises(NotFound):
            await maintenance_queries.plan(elsewhere, plan.id)
        with pytest.raises(NotFound):
            await maintenance_queries.services(elsewhere, plan.id, None, PageRequest())
        cursor = (await maintenance_queries.plans(organisation_id, PageRequest(limit=1))).next_cursor
        with pytest.raises(InvalidValue):
            await maintenance_queries.services(organisation_id, plan.id, None, PageRequest(cursor=cursor))


def drove(identifier: int, hours_ago: float, **fields: object) -> Trip:
    """A trip of the bus that began so many hours before noon."""
    return a_trip(identifier, **{"vehicle_id": BUS, "occurred_at": NOON - hours_ago * HOUR, **fields})


class FleetUseContract(WithOrganisations):
    """Needs the fixtures `organisations`, `units` (which also serve telemetry) and `fleet_use`."""

    async def _keep(
        self, units: UnitsOfWork[TelemetryUnitOfWork], organisation_id: OrganisationId, trips: Sequence[Trip]
    ) -> None:
        async with units(organisation_id) as unit:
            await unit.records(Stream.TRIPS).merge(new_id(), NOON, trips)
            await unit.commit()

    async def test_trips_are_summed_for_each_question(
        self, units: UnitsOfWork[TelemetryUnitOfWork], fleet_use: FleetUse, organisation_id: OrganisationId
    ) -> None:
        trips = [
            drove(1, 30, distance_km=100.0, engine_s=7200),
            drove(2, 20, distance_km=50.5, engine_s=None),
            drove(3, 10, distance_km=None, engine_s=1800),
            drove(4, 0, distance_km=1000.0),
            drove(5, 15, distance_km=7.0, vehicle_id=TRUCK),
            drove(6, 12, distance_km=999.0, engine_s=3600),
        ]
        await self._keep(units, organisation_id, trips)
        async with units(organisation_id) as unit:
            await unit.amendments.save([Standing(Stream.TRIPS, 6, withdrawn_at=NOON)])
            await unit.commit()
        asked = [
            Since(BUS, NOON - 20 * HOUR),
            Since(TRUCK, NOON - 20 * HOUR),
            Since(BUS, NOON - 400 * DAY),
            Since(VehicleId(99), NOON - DAY),
            Since(BUS, NOON + DAY),
        ]
        assert await fleet_use.driven(organisation_id, asked, NOON) == [
            Driven(50.5, 0.5),
            Driven(7.0, 0.0),
            Driven(150.5, 2.5),
            Driven(0.0, 0.0),
            Driven(0.0, 0.0),
        ]
        assert await fleet_use.driven(organisation_id, [], NOON) == []

    async def test_odometers_tell_then_and_now(
        self, units: UnitsOfWork[TelemetryUnitOfWork], fleet_use: FleetUse, organisation_id: OrganisationId
    ) -> None:
        await self._keep(
            units,
            organisation_id,
            [
                drove(1, 30, odometer_start_km=100.0, odometer_end_km=110.0),
                drove(2, 20, odometer_start_km=None, odometer_end_km=120.0),
                drove(3, 10, odometer_start_km=130.0, odometer_end_km=140.0),
                drove(4, 5, odometer_start_km=150.0, odometer_end_km=None),
                drove(5, 0, odometer_start_km=900.0, odometer_end_km=910.0),
                drove(6, 4, vehicle_id=TRUCK, distance_km=3.0),
            ],
        )
        asked = [
            Since(BUS, NOON - 40 * HOUR),
            Since(BUS, NOON - 20 * HOUR),
            Since(BUS, NOON - 10 * HOUR),
            Since(BUS, NOON - HOUR),
            Since(TRUCK, NOON - 40 * HOUR),
            Since(VehicleId(99), NOON - 40 * HOUR),
        ]
        assert await fleet_use.odometers(organisation_id, asked, NOON) == [
            Odometer(100.0, 140.0),
            Odometer(130.0, 140.0),
            Odometer(130.0, 140.0),
            Odometer(140.0, 140.0),
            Odometer(None, None),
            Odometer(None, None),
        ]

    async def test_an_odometer_is_looked_for_near_the_moment_only(
        self, units: UnitsOfWork[TelemetryUnitOfWork], fleet_use: FleetUse, organisation_id: OrganisationId
    ) -> None:
        long_ago = LOOKED_FOR / HOUR + 1
        first = drove(1, long_ago, odometer_start_km=100.0, odometer_end_km=110.0)
        await self._keep(units, organisation_id, [first])
        asked = [Since(BUS, first.occurred_at), Since(BUS, first.occurred_at - LOOKED_FOR)]
        assert await fleet_use.odometers(organisation_id, asked, NOON) == [Odometer(100.0, None), Odometer(None, None)]

    async def test_an_organisation_sees_only_its_own(
        self,
        units: UnitsOfWork[TelemetryUnitOfWork],
        fleet_use: FleetUse,
        organisation_id: OrganisationId,
        new_organisation: NewOrganisation,
    ) -> None:
        await self._keep(units, organisation_id, [drove(1, 5, distance_km=9.0, odometer_end_km=9.0)])
        elsewhere, asked = await new_organisation(), [Since(BUS, NOON - DAY)]
        assert await fleet_use.driven(elsewhere, asked, NOON) == [Driven(0.0, 0.0)]
        assert await fleet_use.odometers(elsewhere, asked, NOON) == [Odometer(None, None)]
