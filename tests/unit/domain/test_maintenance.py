"""What a vehicle is due for: arithmetic that a mechanic would check by hand."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trilha.domain.kernel import GroupId, InvalidValue, VehicleId
from trilha.domain.maintenance import (
    Basis,
    Driven,
    Due,
    DueStatus,
    Limit,
    MaintenancePlan,
    Odometer,
    OdometerTrouble,
    VehicleUsage,
    basis_of,
    due,
    measure,
    odometer_trouble,
)
from trilha.testing.strategies import maintenance_plans, service_records

TODAY = date(2026, 3, 10)
PLAN_ID, SERVICE_ID = UUID(int=1), UUID(int=2)
STILL = Driven()
URGENCY = [DueStatus.OK, DueStatus.DUE_SOON, DueStatus.OVERDUE]


def a_plan(**terms: Any) -> MaintenancePlan:
    return MaintenancePlan(**{"id": PLAN_ID, "name": "Revisão", "starts_on": date(2026, 1, 1), **terms})


def stands(plan: MaintenancePlan, *, km: float = 0, engine_h: float = 0, days_ago: int = 0, **usage: float) -> Due:
    used = VehicleUsage(km, engine_h, usage.get("km_a_day", 0), usage.get("engine_h_a_day", 0))
    return due(plan, Basis(SERVICE_ID, TODAY - timedelta(days=days_ago)), used, TODAY)


@pytest.mark.parametrize(
    ("km", "status", "left", "due_on"),
    [
        (0, DueStatus.OK, 10_000, date(2026, 6, 18)),
        (8_999, DueStatus.OK, 1_001, date(2026, 3, 20)),
        (9_000, DueStatus.DUE_SOON, 1_000, date(2026, 3, 20)),
        (9_250, DueStatus.DUE_SOON, 750, date(2026, 3, 17)),
        (10_000, DueStatus.OVERDUE, 0, TODAY),
        (10_250, DueStatus.OVERDUE, -250, date(2026, 3, 7)),
    ],
)
def test_a_distance_is_left_warned_of_and_overdue(km: float, status: DueStatus, left: float, due_on: date) -> None:
    at = stands(a_plan(every_km=10_000), km=km, km_a_day=100, days_ago=60)
    assert (at.status, at.left(Limit.DISTANCE), at.binding.due_on) == (status, left, due_on)
    assert at.left(Limit.ENGINE_HOURS) is at.left(Limit.DATE) is None


@pytest.mark.parametrize(
    ("days_ago", "status", "left"),
    [(0, DueStatus.OK, 180), (150, DueStatus.DUE_SOON, 30), (149, DueStatus.OK, 31), (181, DueStatus.OVERDUE, -1)],
)
def test_a_date_is_certain(days_ago: int, status: DueStatus, left: int) -> None:
    at = stands(a_plan(every_days=180, warn_before_days=30), days_ago=days_ago)
    assert (at.status, at.left(Limit.DATE)) == (status, left)
    assert at.binding.due_on == TODAY + timedelta(days=left)


def test_the_limit_that_comes_first_binds() -> None:
    plan = a_plan(every_km=10_000, every_engine_h=500, every_days=365)
    calm = stands(plan, km=1_000, engine_h=100, days_ago=10, km_a_day=100, engine_h_a_day=8)
    assert (calm.binding.limit, calm.binding.due_on) == (Limit.ENGINE_HOURS, date(2026, 4, 29))
    urgent = stands(plan, km=9_500, engine_h=501, days_ago=10, km_a_day=10_000, engine_h_a_day=8)
    assert (urgent.status, urgent.binding.limit) == (DueStatus.OVERDUE, Limit.ENGINE_HOURS)


@pytest.mark.parametrize("a_day", [0, 1e-9])
def test_nobody_guesses_when_a_vehicle_that_stands_will_have_driven(a_day: float) -> None:
    assert stands(a_plan(every_km=10_000), km=100, km_a_day=a_day).binding.due_on is None


def test_nothing_is_due_before_counting_began() -> None:
    """700 km since the plan began eight days ago, 10 km a day before that: the excess is not twenty days old."""
    at = stands(a_plan(every_km=500), km=700, km_a_day=10, days_ago=8)
    assert (at.status, at.binding.due_on) == (DueStatus.OVERDUE, TODAY - timedelta(days=8))
    to_come = stands(a_plan(every_km=500), km_a_day=100, days_ago=-30)
    assert to_come.binding.due_on == TODAY + timedelta(days=35)


def test_what_is_left_has_no_noise_of_binary_fractions() -> None:
    usage = measure(Basis(None, TODAY), Odometer(0.1, 0.3), Driven(), Driven(), TODAY)
    assert usage.km == 0.2
    assert stands(a_plan(every_km=1.1), km=1).left(Limit.DISTANCE) == 0.1


@st.composite
def _usages(draw: st.DrawFn) -> VehicleUsage:
    amount = st.floats(0, 2_000_000)
    return VehicleUsage(draw(amount), draw(amount), draw(st.floats(0, 3_000)), draw(st.floats(0, 24)))


@given(plan=maintenance_plans(), usage=_usages(), more=_usages(), days=st.integers(0, 3_000))
def test_more_use_is_never_less_urgent_and_nothing_is_more_urgent_than_what_binds(
    plan: MaintenancePlan, usage: VehicleUsage, more: VehicleUsage, days: int
) -> None:
    used_up = msgspec.structs.replace(usage, km=usage.km + more.km, engine_h=usage.engine_h + more.engine_h)
    basis = Basis(SERVICE_ID, TODAY)
    before, after = due(plan, basis, usage, TODAY), due(plan, basis, used_up, TODAY + timedelta(days=days))
    assert URGENCY.index(before.status) <= URGENCY.index(after.status)
    for at in (before, after):
        worst = max(at.lefts, key=lambda one: URGENCY.index(one.status))
        assert at.status is worst.status
        assert (at.status is DueStatus.OVERDUE) == any(one.left <= 0 for one in at.lefts)
    assert {one.limit for one in before.lefts} == {
        limit
        for limit, every in zip(
            (Limit.DISTANCE, Limit.ENGINE_HOURS, Limit.DATE),
            (plan.every_km, plan.every_engine_h, plan.every_days),
            strict=True,
        )
        if every is not None
    }


@pytest.mark.parametrize(
    ("odometer", "written", "trouble", "km"),
    [
        (Odometer(1_000, 1_500), None, None, 500),
        (Odometer(1_000, 1_500), 300_000, None, 500),
        (Odometer(None, 1_500), 1_200, None, 300),
        (Odometer(None, 1_500), None, OdometerTrouble.ABSENT, 42),
        (Odometer(None, None), 1_200, OdometerTrouble.ABSENT, 42),
        (Odometer(200_000, 12), None, OdometerTrouble.WENT_BACK, 42),
        (Odometer(1_000, 900_000), None, OdometerTrouble.JUMPED, 42),
        (Odometer(1_000, 23_000), None, None, 22_000),
        (Odometer(1_000, 23_000.1), None, OdometerTrouble.JUMPED, 42),
    ],
)
def test_an_odometer_that_cannot_be_believed_gives_way_to_the_trips(
    odometer: Odometer, written: float | None, trouble: OdometerTrouble | None, km: float
) -> None:
    basis = Basis(SERVICE_ID, TODAY - timedelta(days=10), written)
    usage = measure(basis, odometer, Driven(42, 3), Driven(3_000, 60), TODAY)
    assert (usage.km, usage.trouble, usage.odometer_km) == (km, trouble, odometer.now_km)
    assert (usage.engine_h, usage.km_a_day, usage.engine_h_a_day) == (3, 100, 2)
    assert odometer_trouble(basis, odometer, TODAY) is trouble


@given(service_records(), maintenance_plans())
def test_counting_begins_with_the_last_service_or_with_the_plan(service: Any, plan: MaintenancePlan) -> None:
    assert basis_of(plan, service) == Basis(service.id, service.done_on, service.odometer_km)
    assert basis_of(plan, None) == Basis(plan.id, plan.starts_on)


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({}, "every_km"),
        ({"every_km": 0}, "every_km"),
        ({"every_km": -1}, "every_km"),
        ({"every_km": float("nan")}, "every_km"),
        ({"every_days": 36_501}, "every_days"),
        ({"every_km": 100, "warn_before_km": 100}, "warn_before_km"),
        ({"every_km": 100, "warn_before_days": 1}, "warn_before_days"),
        ({"every_km": 100, "name": " "}, "name"),
        ({"every_km": 100, "name": "x" * 101}, "name"),
        ({"every_km": 100, "starts_on": date(1, 1, 1)}, "starts_on"),
        ({"every_km": 100, "vehicle_ids": ()}, "vehicle_ids"),
        ({"every_km": 100, "vehicle_ids": (VehicleId(1), VehicleId(1))}, "vehicle_ids"),
        ({"every_km": 100, "vehicle_ids": (VehicleId(1),), "group_id": GroupId(1)}, "vehicle_ids"),
    ],
)
def test_a_plan_that_makes_no_sense_cannot_be(terms: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidValue, match=field):
        a_plan(**terms)


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"odometer_km": -1.0}, "odometer_km"), ({"engine_h": float("inf")}, "engine_h"), ({"note": ""}, "note")],
)
@given(service=service_records())
def test_a_service_that_makes_no_sense_cannot_be(fields: dict[str, Any], field: str, service: Any) -> None:
    with pytest.raises(InvalidValue, match=field):
        msgspec.structs.replace(service, **fields)
