"""How a vehicle stands with a plan, as screens show it."""

from datetime import date
from uuid import UUID

import msgspec

from trilha.application.maintenance.find_due import Standing
from trilha.domain.maintenance import Limit


class DueView(msgspec.Struct, frozen=True):
    """What a vehicle is due for; what is left is below zero where it is overdue, null where the plan has no such limit.

    `binding` is the limit that comes first. `due_on` is when that is: certain for a date, estimated by the use of the
    last 30 days for the others, null where the vehicle is hardly in use. `km_since` counts from the last service, or
    from `since` where none was recorded. `odometer_trouble` says why the odometer was not believed, so that `km_since`
    is the sum of the trips.
    """

    plan_id: UUID
    plan: str
    vehicle_id: str
    vehicle: str
    plate: str | None
    fleet_number: str | None
    status: str
    binding: str
    due_on: date | None
    km_left: float | None
    engine_h_left: float | None
    days_left: int | None
    km_since: float
    engine_h_since: float | None
    since: date
    last_service_id: UUID | None
    odometer_km: float | None
    odometer_trouble: str | None


def due_view(standing: Standing) -> DueView:
    """A standing as screens show it."""
    plan, vehicle, usage, due = standing.plan, standing.vehicle, standing.usage, standing.due
    days_left = due.left(Limit.DATE)
    return DueView(
        plan_id=plan.id,
        plan=plan.name,
        vehicle_id=str(vehicle.vehicle_id),
        vehicle=vehicle.description,
        plate=vehicle.plate,
        fleet_number=vehicle.fleet_number,
        status=due.status.value,
        binding=due.binding.limit.value,
        due_on=due.binding.due_on,
        km_left=due.left(Limit.DISTANCE),
        engine_h_left=due.left(Limit.ENGINE_HOURS),
        days_left=None if days_left is None else int(days_left),
        km_since=usage.km,
        engine_h_since=None if plan.every_engine_h is None else usage.engine_h,
        since=standing.basis.since,
        last_service_id=None if standing.last is None else standing.last.id,
        odometer_km=usage.odometer_km,
        odometer_trouble=None if usage.trouble is None else usage.trouble.value,
    )
