"""Values of maintenance."""

from datetime import date

from hypothesis import strategies as st

from trilha.domain.kernel import GroupId, VehicleId
from trilha.domain.maintenance import CameDue, DueStatus, Limit, MaintenancePlan, ServiceRecord, ServiceRecorded
from trilha.testing.strategies.values import Strategy, instants, names, source_ids, uuids7

DAYS = st.dates(date(1970, 1, 1), date(2200, 1, 1))
MaintenanceFact = CameDue | ServiceRecorded


@st.composite
def maintenance_plans(draw: st.DrawFn) -> MaintenancePlan:
    """First versions of plans, with any intervals and for anybody."""
    limits = draw(st.sets(st.sampled_from(Limit), min_size=1))
    km = draw(st.floats(0.5, 1_000_000)) if Limit.DISTANCE in limits else None
    engine_h = draw(st.floats(0.5, 100_000)) if Limit.ENGINE_HOURS in limits else None
    days = draw(st.integers(1, 36_500)) if Limit.DATE in limits else None
    warned = draw(st.booleans())
    vehicles = draw(st.none() | st.lists(source_ids().map(VehicleId), min_size=1, max_size=4, unique=True))
    group = draw(st.none() | source_ids().map(GroupId)) if vehicles is None else None
    return MaintenancePlan(
        id=draw(uuids7()),
        name=draw(names()),
        starts_on=draw(DAYS),
        every_km=km,
        every_engine_h=engine_h,
        every_days=days,
        warn_before_km=km / 2 if warned and km else None,
        warn_before_engine_h=engine_h / 2 if warned and engine_h else None,
        warn_before_days=days // 2 if warned and days else None,
        group_id=group,
        vehicle_ids=None if vehicles is None else tuple(vehicles),
        active=draw(st.booleans()),
    )


def service_records() -> Strategy[ServiceRecord]:
    """Services under any plan; few days, so that several are of one."""
    return st.builds(
        ServiceRecord,
        id=uuids7(),
        plan_id=uuids7(),
        vehicle_id=source_ids().map(VehicleId),
        done_on=st.dates(date(2026, 3, 1), date(2026, 3, 3)) | DAYS,
        recorded_at=instants(),
        recorded_by=names(),
        odometer_km=st.none() | st.floats(0, 1_000_000),
        engine_h=st.none() | st.floats(0, 100_000),
        note=st.none() | names(),
    )


def maintenance_events() -> Strategy[MaintenanceFact]:
    """Every domain event of maintenance."""
    vehicle = source_ids().map(str)
    came_due = st.builds(
        CameDue,
        vehicle_id=vehicle,
        plan_id=uuids7(),
        cycle_id=uuids7(),
        status=st.sampled_from(DueStatus),
        binding=st.sampled_from(Limit),
        due_on=st.none() | DAYS,
    )
    recorded = st.builds(ServiceRecorded, vehicle_id=vehicle, plan_id=uuids7(), service_id=uuids7(), done_on=DAYS)
    return came_due | recorded
