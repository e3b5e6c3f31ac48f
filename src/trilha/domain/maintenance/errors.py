"""What maintenance refuses.

DomainError
`-- Conflict
    `-- PlanHasServices     a plan whose services are on record
"""

from uuid import UUID

from trilha.domain.kernel import Conflict


class PlanHasServices(Conflict):
    """Services were recorded under this plan; taking it away would take their history away."""

    code = "maintenance.plan_has_services"

    def __init__(self, plan_id: UUID) -> None:
        super().__init__(f"services were recorded under plan {plan_id}: stop it with active = false instead")
