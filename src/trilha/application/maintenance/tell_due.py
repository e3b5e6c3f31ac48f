"""Telling once what vehicles have come due for."""

from trilha.application.maintenance.find_due import FindDue, Standing
from trilha.application.ports import MaintenanceUnitOfWork, UnitsOfWork
from trilha.domain.kernel import OrganisationId
from trilha.domain.maintenance import CameDue, DueStatus


class TellDue:
    """Records an event for each vehicle that is due soon or overdue, once between one service and the next.

    What is noted and what is told are one transaction, so starting it twice tells nothing twice.
    """

    def __init__(self, *, find_due: FindDue, units: UnitsOfWork[MaintenanceUnitOfWork]) -> None:
        self._find_due = find_due
        self._units = units

    async def __call__(self, organisation_id: OrganisationId) -> int:
        """Returns how many were told; raises Conflict if another does it at the same moment."""
        came = [one for one in await self._find_due(organisation_id) if one.due.status is not DueStatus.OK]
        told = 0
        async with self._units(organisation_id) as unit:
            known = {plan.id for plan in await unit.maintenance_plans.all()}
            for one in came:
                if one.plan.id in known and await _is_news(unit, one):
                    unit.record(_came_due(one))
                    told += 1
            await unit.commit()
        return told


async def _is_news(unit: MaintenanceUnitOfWork, one: Standing) -> bool:
    return await unit.due_notices.first_time(one.plan.id, one.vehicle.vehicle_id, one.basis.cycle_id)


def _came_due(one: Standing) -> CameDue:
    return CameDue(
        vehicle_id=str(one.vehicle.vehicle_id),
        plan_id=one.plan.id,
        cycle_id=one.basis.cycle_id,
        status=one.due.status,
        binding=one.due.binding.limit,
        due_on=one.due.binding.due_on,
    )
