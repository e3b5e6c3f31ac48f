"""What vehicles are due for, the plans of that, and the services that were done."""

from datetime import date
from http import HTTPStatus
from typing import Annotated

import msgspec

from trilha.application.maintenance.command_plans import PlanTerms, SavePlanCommand
from trilha.application.maintenance.find_due import DueFilter
from trilha.application.maintenance.queries import PlanView, ServiceView
from trilha.application.maintenance.record_service import RecordServiceCommand
from trilha.application.maintenance.views import DueView, due_view
from trilha.application.ports import Page
from trilha.domain.identity import OPERATOR
from trilha.domain.kernel import GroupId, VehicleId, parse_source_id
from trilha.domain.maintenance import DueStatus
from trilha.entrypoints.http.answers import Answer, json
from trilha.entrypoints.http.bodies import read_json
from trilha.entrypoints.http.call import Call
from trilha.entrypoints.http.documentation import creates, reads, removes, replaces, says_methods
from trilha.entrypoints.http.reading import DueStatusName, GroupRef, PagedQuery, Query, VehicleRef

PLANS = "/v1/maintenance/plans"
PLAN = PLANS + "/{plan_id:str}"
SERVICES = PLAN + "/services"
_Text = r"^[^\u0000]*$"
_SourceId = Annotated[str, msgspec.Meta(pattern="^-?[0-9]{1,19}$")]
_Km = Annotated[float, msgspec.Meta(gt=0, le=10_000_000)]
_EngineH = Annotated[float, msgspec.Meta(gt=0, le=1_000_000)]
_Days = Annotated[int, msgspec.Meta(ge=1, le=36_500)]


class DuePage(msgspec.Struct, frozen=True):
    """How vehicles stand with their plans, and where to go on."""

    items: tuple[DueView, ...]
    next_cursor: str | None


class PlanPage(msgspec.Struct, frozen=True):
    """Plans, and where to go on."""

    items: tuple[PlanView, ...]
    next_cursor: str | None


class ServicePage(msgspec.Struct, frozen=True):
    """Services, and where to go on."""

    items: tuple[ServiceView, ...]
    next_cursor: str | None


class DueQuery(PagedQuery, frozen=True, kw_only=True):
    """Which of them."""

    status: DueStatusName | None = None
    vehicle_id: VehicleRef | None = None
    group_id: GroupRef | None = None


class ServicesQuery(PagedQuery, frozen=True, kw_only=True):
    """Which services."""

    vehicle_id: VehicleRef | None = None


class PlanRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A plan: at least one interval; the vehicles of a group, those named, or else all."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=_Text)]
    every_km: _Km | None = None
    every_engine_h: _EngineH | None = None
    every_days: _Days | None = None
    warn_before_km: Annotated[float, msgspec.Meta(ge=0)] | None = None
    warn_before_engine_h: Annotated[float, msgspec.Meta(ge=0)] | None = None
    warn_before_days: Annotated[int, msgspec.Meta(ge=0)] | None = None
    starts_on: date | None = None
    group_id: _SourceId | None = None
    vehicle_ids: Annotated[tuple[_SourceId, ...], msgspec.Meta(min_length=1, max_length=5_000)] | None = None
    active: bool = True

    def terms(self) -> PlanTerms:
        """What it says; raises InvalidValue."""
        said = {name: getattr(self, name) for name in PlanRequest.__struct_fields__}
        if self.group_id is not None:
            said["group_id"] = GroupId(parse_source_id(self.group_id, "group_id"))
        if self.vehicle_ids is not None:
            said["vehicle_ids"] = tuple(VehicleId(parse_source_id(one, "vehicle_ids")) for one in self.vehicle_ids)
        return PlanTerms(**said)


class WholePlan(PlanRequest, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of a plan anew; `version` is the one that this was made from."""

    version: int


class ServiceRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A service that was done, today where no day is named."""

    vehicle_id: _SourceId
    done_on: date | None = None
    odometer_km: Annotated[float, msgspec.Meta(ge=0, le=10_000_000)] | None = None
    engine_h: Annotated[float, msgspec.Meta(ge=0, le=1_000_000)] | None = None
    note: Annotated[str, msgspec.Meta(min_length=1, max_length=500, pattern=_Text)] | None = None


@reads("/v1/maintenance", "listMaintenance", DuePage, tag="maintenance", query=DueQuery)
async def list_due(request: Call) -> Answer:
    """What vehicles are due for, the most urgent first.

    Active vehicles under active plans. Dates are estimated by the use of the last 30 days; an odometer that cannot be
    believed is said in `odometer_trouble`, and the trips are summed instead.
    """
    asked = request.asks(DueQuery)
    where = DueFilter(
        status=None if asked.status is None else DueStatus(asked.status),
        vehicle_id=None if asked.vehicle_id is None else VehicleId(asked.vehicle_id),
        group_id=None if asked.group_id is None else GroupId(asked.group_id),
    )
    found = await request.parts.maintenance.find_due.page(await request.organisation(), where, asked.page)
    return json(Page([due_view(one) for one in found.items], found.next_cursor))


@reads(PLANS, "listMaintenancePlans", PlanPage, tag="maintenance", query=PagedQuery)
async def list_plans(request: Call) -> Answer:
    """Plans by name."""
    asked = request.asks(PagedQuery)
    return json(await request.parts.maintenance.queries.plans(await request.organisation(), asked.page))


@reads(PLAN, "getMaintenancePlan", PlanView, tag="maintenance")
async def get_plan(request: Call) -> Answer:
    """One plan."""
    request.asks(Query)
    plan_id = request.uuid("plan_id")
    return json(await request.parts.maintenance.queries.plan(await request.organisation(), plan_id))


@creates(PLANS, "createMaintenancePlan", PlanView, tag="maintenance", body=PlanRequest)
async def create_plan(request: Call) -> Answer:
    """Say what vehicles need every so many km, engine hours or days.

    A vehicle without a recorded service is counted from `starts_on`, today unless another day is named. Where nothing
    says when to warn, it is when a tenth of the interval is left.
    """
    request.asks(Query)
    raw, asked = await read_json(request, PlanRequest)
    organisation_id = await request.organisation()
    made = await request.parts.maintenance.save_plan(
        SavePlanCommand(
            organisation_id=organisation_id, terms=asked.terms(), scope=request.scope_of(organisation_id, raw)
        )
    )
    return json(made, status=HTTPStatus.CREATED, headers=((b"location", f"{PLANS}/{made.id}".encode()),))


@replaces(PLAN, "replaceMaintenancePlan", PlanView, tag="maintenance", body=WholePlan)
async def replace_plan(request: Call) -> Answer:
    """Say anew all that a plan is; its services stay, `starts_on` too where it is not named.

    Refused with `conflict` if somebody changed it after the `version` that is named.
    """
    request.asks(Query)
    plan_id = request.uuid("plan_id")
    raw, asked = await read_json(request, WholePlan)
    organisation_id = await request.organisation()
    command = SavePlanCommand(
        organisation_id=organisation_id,
        terms=asked.terms(),
        plan_id=plan_id,
        seen=asked.version,
        scope=request.scope_of(organisation_id, raw),
    )
    return json(await request.parts.maintenance.save_plan(command))


@removes(PLAN, "removeMaintenancePlan", tag="maintenance")
async def remove_plan(request: Call) -> None:
    """Take a plan away.

    Refused with `maintenance.plan_has_services` where services are on record: stop it with `active` false instead.
    """
    request.asks(Query)
    plan_id = request.uuid("plan_id")
    await request.parts.maintenance.remove_plan(await request.organisation(), plan_id)


@creates(SERVICES, "recordMaintenanceService", ServiceView, tag="maintenance", body=ServiceRequest)
async def record_service(request: Call) -> Answer:
    """Record that a service was done; the plan counts from it for that vehicle.

    Of several on one day the one recorded last counts, so a mistake is put right by recording it again.
    """
    request.asks(Query)
    plan_id = request.uuid("plan_id")
    raw, asked = await read_json(request, ServiceRequest)
    organisation_id = await request.organisation()
    command = RecordServiceCommand(
        organisation_id=organisation_id,
        plan_id=plan_id,
        vehicle_id=VehicleId(parse_source_id(asked.vehicle_id, "vehicle_id")),
        recorded_by=OPERATOR,
        done_on=asked.done_on,
        odometer_km=asked.odometer_km,
        engine_h=asked.engine_h,
        note=asked.note,
        scope=request.scope_of(organisation_id, raw),
    )
    made = await request.parts.maintenance.record_service(command)
    location = f"{PLANS}/{plan_id}/services?vehicle_id={made.vehicle_id}".encode()
    return json(made, status=HTTPStatus.CREATED, headers=((b"location", location),))


@reads(SERVICES, "listMaintenanceServices", ServicePage, tag="maintenance", query=ServicesQuery)
async def list_services(request: Call) -> Answer:
    """Services under a plan, recorded last first."""
    asked = request.asks(ServicesQuery)
    plan_id = request.uuid("plan_id")
    vehicle_id = None if asked.vehicle_id is None else VehicleId(asked.vehicle_id)
    organisation_id = await request.organisation()
    return json(await request.parts.maintenance.queries.services(organisation_id, plan_id, vehicle_id, asked.page))


ROUTES = (
    says_methods(PLANS, "GET", "POST"),
    says_methods(PLAN, "DELETE", "GET", "PUT"),
    says_methods(SERVICES, "GET", "POST"),
    list_due,
    list_plans,
    get_plan,
    create_plan,
    replace_plan,
    remove_plan,
    record_service,
    list_services,
)
