"""Maintenance as screens show it, and what vehicles have run by their trips."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, LiteralString
from uuid import UUID

from trilha.adapters.postgres.maintenance import PLAN_COLUMNS, SERVICE_COLUMNS, plan_of, service_of
from trilha.adapters.postgres.pools import Pool
from trilha.adapters.postgres.reading import Where, read
from trilha.application.maintenance.queries import PlanView, ServiceView, plan_view, service_view
from trilha.application.paging import decode_cursor, encode_cursor
from trilha.application.ports import Page, PageRequest
from trilha.domain.kernel import NotFound, OrganisationId, VehicleId, fold
from trilha.domain.maintenance import LOOKED_FOR, Driven, Odometer, Since

_PLANS: Final = "maintenance_plans"
_SERVICES: Final = "maintenance_services"

# a step into the index on vehicle and time for each question, and no further than 90 days
_QUESTIONS: Final[LiteralString] = (
    "from unnest(%(vehicles)s::bigint[], %(moments)s::timestamptz[]) with ordinality as a (vehicle_id, moment, number)"
)
_COUNTED: Final[LiteralString] = "from trips r where r.vehicle_id = a.vehicle_id and r.withdrawn_at is null"
_ODOMETERS: Final[LiteralString] = (
    "select case when begun.km is not null then begun.km when driven.since is null then ended.km end, ended.km "
    f"{_QUESTIONS} left join lateral (select r.odometer_end_km as km {_COUNTED} and r.odometer_end_km is not null "
    "and r.occurred_at >= %(lately)s and r.occurred_at < %(until)s order by r.occurred_at desc, r.id desc limit 1) "
    f"ended on true left join lateral (select r.odometer_start_km as km {_COUNTED} and r.odometer_start_km is not null "
    "and r.occurred_at >= a.moment and r.occurred_at < least(a.moment + %(looked_for)s, %(until)s) "
    "order by r.occurred_at, r.id limit 1) begun on true "
    f"left join lateral (select r.occurred_at as since {_COUNTED} and r.occurred_at >= a.moment "
    "and r.occurred_at < %(until)s limit 1) driven on true order by a.number"
)
_DRIVEN: Final[LiteralString] = (
    f"select coalesce(sums.km, 0), coalesce(sums.engine_s, 0) {_QUESTIONS} "
    f"cross join lateral (select sum(r.distance_km) as km, sum(r.engine_s)::float8 as engine_s {_COUNTED} "
    "and r.occurred_at >= a.moment and r.occurred_at < %(until)s) sums order by a.number"
)


class PostgresMaintenanceQueries:
    """See MaintenanceQueries."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def plans(self, organisation_id: OrganisationId, page: PageRequest) -> Page[PlanView]:
        """Plans by folded name."""
        where = Where()
        if page.cursor is not None:
            where.add("(sort_name, id) > (%s, %s)", *decode_cursor(_PLANS, page.cursor, tuple[str, UUID]))
        statement: LiteralString = (
            f"select {PLAN_COLUMNS} from maintenance_plans {where.sql} order by sort_name, id limit %s"
        )
        rows = await read(self._pool, organisation_id, statement, [*where.params, page.limit + 1])
        views = [plan_view(plan_of(row)) for row in rows[: page.limit]]
        more = len(rows) > page.limit
        return Page(views, encode_cursor(_PLANS, (fold(views[-1].name), views[-1].id)) if more else None)

    async def plan(self, organisation_id: OrganisationId, plan_id: UUID) -> PlanView:
        """One plan."""
        statement: LiteralString = f"select {PLAN_COLUMNS} from maintenance_plans where id = %s"
        rows = await read(self._pool, organisation_id, statement, (plan_id,))
        if not rows:
            raise NotFound("maintenance plan", plan_id)
        return plan_view(plan_of(rows[0]))

    async def services(
        self, organisation_id: OrganisationId, plan_id: UUID, vehicle_id: VehicleId | None, page: PageRequest
    ) -> Page[ServiceView]:
        """Services of a plan, recorded last first."""
        await self.plan(organisation_id, plan_id)
        where = Where()
        where.add("plan_id = %s", plan_id)
        if vehicle_id is not None:
            where.add("vehicle_id = %s", vehicle_id)
        if page.cursor is not None:
            where.add("(recorded_at, id) < (%s, %s)", *decode_cursor(_SERVICES, page.cursor, tuple[datetime, UUID]))
        statement: LiteralString = (
            f"select {SERVICE_COLUMNS} from service_records {where.sql} order by recorded_at desc, id desc limit %s"
        )
        rows = await read(self._pool, organisation_id, statement, [*where.params, page.limit + 1])
        views = [service_view(service_of(row)) for row in rows[: page.limit]]
        more = len(rows) > page.limit
        return Page(views, encode_cursor(_SERVICES, (views[-1].recorded_at, views[-1].id)) if more else None)


class PostgresFleetUse:
    """See FleetUse."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def odometers(
        self, organisation_id: OrganisationId, asked: Sequence[Since], until: datetime
    ) -> Sequence[Odometer]:
        """What odometers showed then and show now."""
        params = _params(asked, until) | {"lately": until - LOOKED_FOR, "looked_for": LOOKED_FOR}
        rows = await read(self._pool, organisation_id, _ODOMETERS, params, plan_anew=True)
        return [Odometer(then_km, now_km) for then_km, now_km in rows]

    async def driven(
        self, organisation_id: OrganisationId, asked: Sequence[Since], until: datetime
    ) -> Sequence[Driven]:
        """Sums of the trips."""
        rows = await read(self._pool, organisation_id, _DRIVEN, _params(asked, until), plan_anew=True)
        return [Driven(km, engine_s / 3600) for km, engine_s in rows]


def _params(asked: Sequence[Since], until: datetime) -> dict[str, Any]:
    return {
        "vehicles": [one.vehicle_id for one in asked],
        "moments": [one.moment for one in asked],
        "until": until,
    }
