"""What happened in maintenance."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from trilha.domain.kernel import DomainEvent
from trilha.domain.maintenance.due import DueStatus
from trilha.domain.maintenance.model import Limit


class CameDue(DomainEvent, frozen=True, kw_only=True):
    """A vehicle needs a service soon, or should have had it. Told once between one service and the next."""

    event_type: ClassVar[str] = "maintenance.came_due"
    subject_field: ClassVar[str] = "vehicle_id"

    vehicle_id: str
    plan_id: UUID
    cycle_id: UUID
    status: DueStatus
    binding: Limit
    due_on: date | None


class ServiceRecorded(DomainEvent, frozen=True, kw_only=True):
    """Somebody wrote down that a service was done."""

    event_type: ClassVar[str] = "maintenance.service_recorded"
    subject_field: ClassVar[str] = "vehicle_id"

    vehicle_id: str
    plan_id: UUID
    service_id: UUID
    done_on: date
