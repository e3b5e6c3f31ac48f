"""Plans of maintenance, services that were done, what was told of them, inside a unit of work."""

from collections.abc import Mapping, Sequence
from typing import Final, LiteralString
from uuid import UUID

import msgspec

from trilha.adapters.postgres.session import Row, Session
from trilha.adapters.postgres.versioned import save_version, versioned
from trilha.domain.kernel import Conflict, OrganisationId, VehicleId, fold
from trilha.domain.maintenance import MaintenancePlan, PlanAndVehicle, PlanHasServices, ServiceRecord

PLAN_FIELDS: Final = (
    "id", "name", "starts_on", "every_km", "every_engine_h", "every_days", "warn_before_km", "warn_before_engine_h",
    "warn_before_days", "group_id", "vehicle_ids", "active", "version",
)  # fmt: skip
PLAN_COLUMNS: Final = ", ".join([*PLAN_FIELDS])
"""What `plan_of` reads."""
SERVICE_FIELDS: Final = (
    "id", "plan_id", "vehicle_id", "done_on", "recorded_at", "recorded_by", "odometer_km", "engine_h", "note",
)  # fmt: skip
SERVICE_COLUMNS: Final = ", ".join([*SERVICE_FIELDS])
"""What `service_of` reads."""
_SAVE_PLAN: Final = versioned("maintenance_plans", "id", (*PLAN_FIELDS, "sort_name"))
_ADD_SERVICE: Final[LiteralString] = (
    f"insert into service_records (organisation_id, {SERVICE_COLUMNS}) "
    f"values (%s, {', '.join(['%s'] * len(SERVICE_FIELDS))})"
)


class PostgresMaintenancePlans:
    """See MaintenancePlans."""

    def __init__(self, session: Session, organisation_id: OrganisationId) -> None:
        self._session = session
        self._organisation_id = organisation_id

    async def all(self) -> Sequence[MaintenancePlan]:
        """Every plan by folded name."""
        rows = await self._session.rows(f"select {PLAN_COLUMNS} from maintenance_plans order by sort_name, id")
        return [plan_of(row) for row in rows]

    async def get(self, plan_id: UUID) -> MaintenancePlan | None:
        """One of them, locked until the unit ends."""
        rows = await self._session.rows(
            f"select {PLAN_COLUMNS} from maintenance_plans where id = %s for update", (plan_id,)
        )
        return plan_of(rows[0]) if rows else None

    async def save(self, plan: MaintenancePlan) -> None:
        """Write version n + 1 over version n, or a first version 0."""
        row = msgspec.structs.asdict(plan) | {
            "organisation": self._organisation_id,
            "vehicle_ids": None if plan.vehicle_ids is None else list(plan.vehicle_ids),
            "sort_name": fold(plan.name),
        }
        if not await save_version(self._session, _SAVE_PLAN, row, plan.version):
            raise Conflict(f"maintenance plan {plan.id} was changed by another writer: read it again")

    async def remove(self, plan_id: UUID) -> None:
        """Take it away; a service that is recorded at this moment waits for it or makes it wait."""
        rows = await self._session.rows("select 1 from maintenance_plans where id = %s for update", (plan_id,))
        if rows and await self._session.rows("select 1 from service_records where plan_id = %s limit 1", (plan_id,)):
            raise PlanHasServices(plan_id)
        self._session.later("delete from maintenance_plans where id = %s", (plan_id,))


class PostgresServiceRecords:
    """See ServiceRecords."""

    def __init__(self, session: Session, organisation_id: OrganisationId) -> None:
        self._session = session
        self._organisation_id = organisation_id

    async def add(self, record: ServiceRecord) -> None:
        """Keep one."""
        values = [getattr(record, name) for name in SERVICE_FIELDS]
        self._session.later(_ADD_SERVICE, (self._organisation_id, *values))

    async def last(self) -> Mapping[PlanAndVehicle, ServiceRecord]:
        """The last one of each vehicle under each plan."""
        rows = await self._session.rows(
            f"select distinct on (plan_id, vehicle_id) {SERVICE_COLUMNS} from service_records "
            "order by plan_id, vehicle_id, done_on desc, recorded_at desc, id desc"
        )
        records = [service_of(row) for row in rows]
        return {(record.plan_id, record.vehicle_id): record for record in records}


class PostgresDueNotices:
    """See DueNotices."""

    def __init__(self, session: Session, organisation_id: OrganisationId) -> None:
        self._session = session
        self._organisation_id = organisation_id

    async def first_time(self, plan_id: UUID, vehicle_id: VehicleId, cycle_id: UUID) -> bool:
        """Note it; waits for another transaction that is noting the same."""
        written = await self._session.changed(
            "insert into due_notices (organisation_id, plan_id, vehicle_id, cycle_id) values (%s, %s, %s, %s) "
            "on conflict do nothing",
            (self._organisation_id, plan_id, vehicle_id, cycle_id),
        )
        return written == 1


def plan_of(row: Row) -> MaintenancePlan:
    """A plan from its row."""
    values = dict(zip(PLAN_FIELDS, row, strict=True))
    vehicles = values.pop("vehicle_ids")
    return MaintenancePlan(**values, vehicle_ids=None if vehicles is None else tuple(vehicles))


def service_of(row: Row) -> ServiceRecord:
    """A service from its row."""
    return ServiceRecord(**dict(zip(SERVICE_FIELDS, row, strict=True)))
