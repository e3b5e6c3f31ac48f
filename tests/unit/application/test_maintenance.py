"""Due lists, services and what is told of them, on a fleet in memory."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from tests.unit.application.conftest import ORGANISATION_ID, Installation
from trilha.adapters.memory import MemoryDepot, MemoryFleetUse
from trilha.adapters.memory.database import StoredRecord
from trilha.application.maintenance.calendar import Calendar
from trilha.application.maintenance.command_plans import PlanTerms, RemovePlan, SavePlan, SavePlanCommand
from trilha.application.maintenance.find_due import DueFilter, FindDue, Standing
from trilha.application.maintenance.queries import PlanView, ServiceView
from trilha.application.maintenance.record_service import RecordService, RecordServiceCommand
from trilha.application.maintenance.report import MaintenanceReport
from trilha.application.maintenance.tell_due import TellDue
from trilha.application.ports import IdempotencyScope, PageRequest
from trilha.domain.fleet import Group, Vehicle
from trilha.domain.kernel import (
    DayRange,
    DriverId,
    GroupId,
    InvalidValue,
    NotFound,
    TripId,
    VehicleId,
)
from trilha.domain.maintenance import CameDue, DueStatus, Limit, PlanHasServices, ServiceRecorded
from trilha.domain.reporting import ReportRequest
from trilha.domain.telemetry import Stream, Trip

BUS, VAN, OLD = VehicleId(1), VehicleId(-2), VehicleId(3)
NORTH, DEPOT = GroupId(10), GroupId(11)


class Workshop:
    """The use cases on one fleet: a bus in the depot of the north, a van elsewhere, and one that was sold."""

    def __init__(self, here: Installation) -> None:
        self.here = here
        depot = MemoryDepot(here.database)
        calendar = Calendar(here.organisations, here.clock, ZoneInfo)
        common: dict[str, Any] = {"units": here.units, "depot": depot, "calendar": calendar}
        self.find_due = FindDue(**common, use=MemoryFleetUse(here.database))
        self.save_plan = SavePlan(**common, ids=here.ids)
        self.remove_plan = RemovePlan(units=here.units)
        self.record_service = RecordService(**common, ids=here.ids)
        self.tell_due = TellDue(find_due=self.find_due, units=here.units)
        self.report = MaintenanceReport(find_due=self.find_due, calendar=calendar)
        self.today = here.clock.now().astimezone(ZoneInfo("America/Sao_Paulo")).date()
        master = here.tables.master
        master["groups"] = {10: Group(NORTH, "Norte"), 11: Group(DEPOT, "Garagem", parent_id=NORTH)}
        master["vehicles"] = {
            one.id: one
            for one in (
                Vehicle(BUS, "Ônibus 1", plate="ABC", group_id=DEPOT),
                Vehicle(VAN, "Van"),
                Vehicle(OLD, "Vendido", group_id=NORTH, active=False),
            )
        }

    async def plan(self, name: str = "Óleo", **terms: Any) -> PlanView:
        begins = {"starts_on": self.today - timedelta(days=100)}
        command = SavePlanCommand(organisation_id=ORGANISATION_ID, terms=PlanTerms(name=name, **{**begins, **terms}))
        return await self.save_plan(command)

    async def serviced(self, plan: PlanView, **fields: Any) -> ServiceView:
        given = {"vehicle_id": BUS, "recorded_by": "operator", **fields}
        return await self.record_service(
            RecordServiceCommand(organisation_id=ORGANISATION_ID, plan_id=plan.id, **given)
        )

    def drives(self, km: float, days_ago: int, vehicle_id: VehicleId = BUS, **fields: Any) -> None:
        trips = self.here.tables.records[Stream.TRIPS]
        trip = Trip(
            id=TripId(len(trips)),
            occurred_at=self.here.clock.now() - timedelta(days=days_ago),
            driver_id=DriverId(1),
            vehicle_id=vehicle_id,
            distance_km=km,
            **fields,
        )
        trips[trip.id] = (StoredRecord(trip, UUID(int=0), self.here.clock.now()),)

    async def stands(self, **where: Any) -> list[Standing]:
        return await self.find_due(ORGANISATION_ID, DueFilter(**where))


@pytest.fixture
def shop(here: Installation) -> Workshop:
    return Workshop(here)


async def test_without_a_service_counting_begins_with_the_plan_and_with_one_there(shop: Workshop) -> None:
    plan = await shop.plan(every_km=10_000)
    shop.drives(4_000, 90)
    shop.drives(3_000, 20)
    shop.drives(9_999, 120)
    bus, _ = await shop.stands()
    assert (bus.vehicle.vehicle_id, bus.usage.km, bus.due.binding.left) == (BUS, 7_000, 3_000)
    assert bus.due.binding.due_on == shop.today + timedelta(days=30)
    await shop.serviced(plan, done_on=shop.today - timedelta(days=25))
    assert next(one.usage.km for one in await shop.stands(vehicle_id=BUS)) == 3_000
    assert shop.here.told(ServiceRecorded)[0].vehicle_id == str(BUS)


async def test_a_service_entered_late_does_not_undo_a_later_one_and_the_same_day_again_corrects(shop: Workshop) -> None:
    plan = await shop.plan(every_days=100)
    last = await shop.serviced(plan, done_on=shop.today - timedelta(days=5))
    shop.here.clock.advance(timedelta(minutes=1))
    await shop.serviced(plan, done_on=shop.today - timedelta(days=50))
    (bus,) = await shop.stands(vehicle_id=BUS)
    assert bus.basis.cycle_id == last.id
    shop.here.clock.advance(timedelta(minutes=1))
    again = await shop.serviced(plan, done_on=last.done_on, note="corrigido")
    (bus,) = await shop.stands(vehicle_id=BUS)
    assert bus.basis.cycle_id == again.id


async def test_a_replaced_odometer_is_said_and_the_trips_are_summed(shop: Workshop) -> None:
    await shop.plan(every_km=10_000)
    shop.drives(600, 90, odometer_start_km=200_000.0, odometer_end_km=200_600.0)
    (whole, _) = await shop.stands()
    assert (whole.usage.km, whole.usage.trouble) == (600, None)
    shop.drives(50, 2, odometer_start_km=0.0, odometer_end_km=50.0)
    (broken, _) = await shop.stands()
    assert (broken.usage.km, broken.usage.trouble) == (650, "odometer_went_back")


async def test_hours_of_the_engine_are_those_of_the_trips(shop: Workshop) -> None:
    await shop.plan(every_engine_h=10)
    shop.drives(1, 50, engine_s=9 * 3600 + 1800)
    bus, _ = await shop.stands()
    assert (bus.due.status, bus.due.left(Limit.ENGINE_HOURS)) == (DueStatus.DUE_SOON, 0.5)


async def test_a_plan_is_for_all_for_a_group_with_those_below_or_for_those_named(shop: Workshop) -> None:
    for terms, expected in (
        ({}, {BUS, VAN}),
        ({"group_id": NORTH}, {BUS}),
        ({"group_id": DEPOT}, {BUS}),
        ({"vehicle_ids": (VAN, OLD)}, {VAN}),
        ({"active": False}, set()),
    ):
        plan = await shop.plan(every_days=10, **terms)
        assert {one.vehicle.vehicle_id for one in await shop.stands()} == expected
        await shop.remove_plan(ORGANISATION_ID, plan.id)


async def test_a_plan_whose_group_has_vanished_is_for_nobody(shop: Workshop) -> None:
    await shop.plan(every_days=10, group_id=NORTH)
    shop.here.tables.master["groups"].clear()
    assert await shop.stands() == []


async def test_the_most_urgent_come_first_and_pages_follow_on(shop: Workshop) -> None:
    soon = await shop.plan("a", every_days=105)
    late = await shop.plan("b", every_days=50)
    fine = await shop.plan("c", every_days=1_000)
    latest = await shop.plan("d", every_days=20)
    order = [one.plan.id for one in await shop.stands(vehicle_id=BUS)]
    assert order == [latest.id, late.id, soon.id, fine.id]
    assert {one.plan.id for one in await shop.stands(status=DueStatus.OVERDUE)} == {latest.id, late.id}
    assert {one.vehicle.vehicle_id for one in await shop.stands(group_id=NORTH)} == {BUS}
    with pytest.raises(NotFound):
        await shop.stands(group_id=GroupId(404))
    seen, cursor = list[Standing](), None
    while True:
        page = await shop.find_due.page(ORGANISATION_ID, DueFilter(), PageRequest(limit=3, cursor=cursor))
        seen, cursor = [*seen, *page.items], page.next_cursor
        if cursor is None:
            break
    assert seen == await shop.stands()
    assert len(seen) == 8


async def test_what_came_due_is_told_once_until_the_next_service(shop: Workshop) -> None:
    plan = await shop.plan(every_days=100, vehicle_ids=(BUS,))
    await shop.plan(every_days=1_000)
    assert [await shop.tell_due(ORGANISATION_ID), await shop.tell_due(ORGANISATION_ID)] == [1, 0]
    (told,) = shop.here.told(CameDue)
    assert (told.vehicle_id, told.status, told.binding) == (str(BUS), DueStatus.OVERDUE, Limit.DATE)
    await shop.serviced(plan, done_on=shop.today - timedelta(days=95))
    assert [await shop.tell_due(ORGANISATION_ID), await shop.tell_due(ORGANISATION_ID)] == [1, 0]
    assert shop.here.told(CameDue)[1].status is DueStatus.DUE_SOON


async def test_saying_a_plan_anew_keeps_its_start_and_its_services(shop: Workshop) -> None:
    plan = await shop.plan(every_days=100)
    await shop.serviced(plan, done_on=shop.today)
    terms = PlanTerms(name="Revisão", every_days=200)
    anew = await shop.save_plan(SavePlanCommand(organisation_id=ORGANISATION_ID, terms=terms, plan_id=plan.id))
    assert (anew.id, anew.starts_on, anew.name) == (plan.id, plan.starts_on, "Revisão")
    (bus,) = await shop.stands(vehicle_id=BUS)
    assert bus.due.left(Limit.DATE) == 200
    with pytest.raises(PlanHasServices):
        await shop.remove_plan(ORGANISATION_ID, plan.id)
    with pytest.raises(NotFound):
        await shop.save_plan(SavePlanCommand(organisation_id=ORGANISATION_ID, terms=terms, plan_id=UUID(int=9)))


async def test_a_new_plan_begins_today_where_the_organisation_is(shop: Workshop) -> None:
    shop.here.clock.advance(timedelta(hours=14))  # past midnight in UTC, not yet in São Paulo
    assert (await shop.plan(every_days=1, starts_on=None)).starts_on == shop.today


@pytest.mark.parametrize(
    ("terms", "refusal"),
    [({"group_id": GroupId(404)}, NotFound), ({"vehicle_ids": (VehicleId(404),)}, InvalidValue)],
)
async def test_a_plan_for_what_is_not_there_is_refused(
    shop: Workshop, terms: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        await shop.plan(every_days=1, **terms)


async def test_a_service_that_cannot_have_been_is_refused(shop: Workshop) -> None:
    plan = await shop.plan(every_days=1, vehicle_ids=(BUS,))
    with pytest.raises(InvalidValue, match="vehicle_id"):
        await shop.serviced(plan, vehicle_id=VAN)
    with pytest.raises(InvalidValue, match="done_on"):
        await shop.serviced(plan, done_on=shop.today + timedelta(days=1))
    assert shop.here.tables.service_records == {}


async def test_the_same_request_again_gets_the_first_answer(shop: Workshop) -> None:
    plan = await shop.plan(every_days=1)
    scope = IdempotencyScope(ORGANISATION_ID, "token", "POST", "once", "digest")
    assert await shop.serviced(plan, scope=scope) == await shop.serviced(plan, scope=scope)
    assert len(shop.here.tables.service_records) == 1
    terms = PlanTerms(name="Uma", every_days=1)
    made = SavePlanCommand(
        organisation_id=ORGANISATION_ID,
        terms=terms,
        scope=IdempotencyScope(ORGANISATION_ID, "token", "POST", "plan", "digest"),
    )
    assert await shop.save_plan(made) == await shop.save_plan(made)
    assert len(shop.here.tables.maintenance_plans) == 2


@pytest.mark.parametrize(
    ("language", "status", "title"), [("pt-BR", "vencida", "Manutenção"), ("en", "overdue", "due")]
)
async def test_the_report_has_a_row_for_each_vehicle_and_plan(
    shop: Workshop, language: str, status: str, title: str
) -> None:
    await shop.plan(every_days=50, group_id=NORTH)
    request = ReportRequest(kind="maintenance", days=DayRange(shop.today, shop.today), language=language)
    report = await shop.report.open(ORGANISATION_ID, request)
    (row,) = [row async for row in report.rows]
    told = dict(zip((column.key for column in report.head.columns), row, strict=True))
    assert title in report.head.title
    assert told["vehicle"] == "Ônibus 1"
    assert (told["status"], told["days_left"], told["due_on"]) == (status, -50, shop.today - timedelta(days=50))
    assert isinstance(told["since"], date)
    with pytest.raises(InvalidValue):
        await shop.report.open(
            ORGANISATION_ID, ReportRequest(kind="maintenance", days=request.days, driver_id=DriverId(1))
        )
