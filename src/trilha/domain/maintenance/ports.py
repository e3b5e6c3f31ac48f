"""What maintenance needs from outside."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

import msgspec

from trilha.domain.kernel import OrganisationId, VehicleId
from trilha.domain.maintenance.model import Driven, MaintenancePlan, Odometer, ServiceRecord

PlanAndVehicle = tuple[UUID, VehicleId]


class Since(msgspec.Struct, frozen=True, gc=False):
    """A question about a vehicle: what has it run from this moment on."""

    vehicle_id: VehicleId
    moment: datetime


LOOKED_FOR = timedelta(days=90)
"""How far around a moment an odometer is looked for: one that was silent for longer tells nothing about it."""


class FleetUse(Protocol):
    """What vehicles have run, by their trips; withdrawn ones do not count. A trip counts from when it began.

    Answers come in the order of the questions.
    """

    async def odometers(
        self, organisation_id: OrganisationId, asked: Sequence[Since], until: datetime
    ) -> Sequence[Odometer]:
        """What odometers showed then and show now.

        Now is at the end of the last trip before `until` that tells it, looked for in the 90 days before; then is at
        the beginning of the first trip from `moment` on that tells it, looked for in the 90 days after, and what is
        shown now where there was no trip since.
        """
        ...

    async def driven(
        self, organisation_id: OrganisationId, asked: Sequence[Since], until: datetime
    ) -> Sequence[Driven]:
        """Sums of the trips from `moment` on that began before `until`."""
        ...


class MaintenancePlans(Protocol):
    """Plans, inside a unit of work."""

    async def all(self) -> Sequence[MaintenancePlan]:
        """Every plan, by folded name, then id."""
        ...

    async def get(self, plan_id: UUID) -> MaintenancePlan | None:
        """One of them, to decide by."""
        ...

    async def save(self, plan: MaintenancePlan) -> None:
        """Write version n + 1 over version n, or a first version 0; raises Conflict."""
        ...

    async def remove(self, plan_id: UUID) -> None:
        """Take it away, if it is there; raises PlanHasServices, here or at the commit."""
        ...


class ServiceRecords(Protocol):
    """Services that were done, inside a unit of work; nothing is ever changed or taken away."""

    async def add(self, record: ServiceRecord) -> None:
        """Keep one."""
        ...

    async def last(self) -> Mapping[PlanAndVehicle, ServiceRecord]:
        """The last one of each vehicle under each plan; see ServiceRecord.order."""
        ...


class DueNotices(Protocol):
    """What was told of what came due, inside a unit of work."""

    async def first_time(self, plan_id: UUID, vehicle_id: VehicleId, cycle_id: UUID) -> bool:
        """Note that it is told here; False where it was told before."""
        ...
