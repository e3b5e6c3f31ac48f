"""Alert rules, and the alerts that they raised."""

from http import HTTPStatus
from typing import Annotated

import msgspec

from trilha.application.monitoring.command_rules import ChangeRuleCommand, CreateRuleCommand, DeleteRuleCommand
from trilha.application.monitoring.queries import AlertFilter
from trilha.application.monitoring.settle_alerts import SettleAlertCommand
from trilha.application.monitoring.views import AlertCount, AlertRuleView, AlertView, RuleDraft
from trilha.domain.identity import OPERATOR
from trilha.domain.monitoring.alerts import LONGEST_NOTE
from trilha.entrypoints.http.answers import Answer, json
from trilha.entrypoints.http.bodies import read_json
from trilha.entrypoints.http.call import Call
from trilha.entrypoints.http.documentation import creates, decides, reads, removes, replaces, says_methods
from trilha.entrypoints.http.reading import (
    AlertStateName,
    From,
    PagedQuery,
    Query,
    RuleRef,
    SeverityName,
    To,
    VehicleRef,
    time_range,
)

RULES = "/v1/alert-rules"
RULE = RULES + "/{rule_id:str}"
ALERTS = "/v1/alerts"
ALERT = ALERTS + "/{alert_id:str}"
TAG = "monitoring"


class AlertRulePage(msgspec.Struct, frozen=True):
    """Rules, and where to go on."""

    items: tuple[AlertRuleView, ...]
    next_cursor: str | None


class AlertPage(msgspec.Struct, frozen=True):
    """Alerts, and where to go on."""

    items: tuple[AlertView, ...]
    next_cursor: str | None


class AlertSummary(msgspec.Struct, frozen=True):
    """How many alerts there are of each state and severity; what is not named has none."""

    counts: tuple[AlertCount, ...]


class AlertsQuery(PagedQuery, frozen=True, kw_only=True):
    """Which alerts, by when they were raised."""

    state: AlertStateName | None = None
    severity: SeverityName | None = None
    rule_id: RuleRef | None = None
    vehicle_id: VehicleRef | None = None
    from_: From | None = None
    to: To | None = None


class Saying(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What else there is to say, at most 1,000 characters."""

    note: Annotated[str, msgspec.Meta(max_length=LONGEST_NOTE, pattern=r"^[^\u0000]*$")] | None = None


class WholeRule(RuleDraft, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of a rule anew; `version` is the one that this was made from."""

    version: int


@creates(RULES, "createAlertRule", AlertRuleView, tag=TAG, body=RuleDraft)
async def create_rule(request: Call) -> Answer:
    """Make a rule.

    Vehicles are watched by it from the next records on; nothing of the past is told. `condition.type` is one of
    `event_of_type`, `harsh_driving`, `over_speed`, `fence_crossing`, `fence_dwell`, `idling`, `silence` and
    `moving_without_driver`.
    """
    request.asks(Query)
    raw, asked = await read_json(request, RuleDraft)
    organisation_id = await request.organisation()
    command = CreateRuleCommand(organisation_id, asked.content(), request.scope_of(organisation_id, raw))
    made = await request.parts.create_rule(command)
    return json(made, status=HTTPStatus.CREATED, headers=((b"location", f"{RULES}/{made.id}".encode()),))


@reads(RULES, "listAlertRules", AlertRulePage, tag=TAG, query=PagedQuery)
async def list_rules(request: Call) -> Answer:
    """Rules, the one changed last first."""
    asked = request.asks(PagedQuery)
    return json(await request.parts.alerts.rules(await request.organisation(), asked.page))


@reads(RULE, "getAlertRule", AlertRuleView, tag=TAG)
async def get_rule(request: Call) -> Answer:
    """One rule."""
    request.asks(Query)
    rule_id = request.uuid("rule_id")
    return json(await request.parts.alerts.rule(await request.organisation(), rule_id))


@replaces(RULE, "replaceAlertRule", AlertRuleView, tag=TAG, body=WholeRule)
async def replace_rule(request: Call) -> Answer:
    """Change a rule to what the body says.

    What a vehicle has begun under the old version goes on under the new one; open alerts stay. Refused with
    `monitoring.condition_kind_fixed` where the rule would wait for something of another kind, and with `conflict` if
    somebody changed it after the `version` that is named.
    """
    request.asks(Query)
    rule_id = request.uuid("rule_id")
    request.idempotency_key()  # the same PUT twice is once anyway
    _, asked = await read_json(request, WholeRule)
    command = ChangeRuleCommand(await request.organisation(), rule_id, asked.content(), asked.version)
    return json(await request.parts.change_rule(command))


@removes(RULE, "deleteAlertRule", tag=TAG)
async def delete_rule(request: Call) -> None:
    """Forget a rule; its alerts stay, and those that are open wait for somebody to resolve them."""
    request.asks(Query)
    rule_id = request.uuid("rule_id")
    await request.parts.delete_rule(DeleteRuleCommand(await request.organisation(), rule_id))


@reads(ALERTS, "listAlerts", AlertPage, tag=TAG, query=AlertsQuery)
async def list_alerts(request: Call) -> Answer:
    """Alerts, the one raised last first."""
    asked = request.asks(AlertsQuery)
    where = AlertFilter(
        state=asked.state,
        severity=asked.severity,
        rule_id=asked.rule_id,
        vehicle_id=asked.vehicle_id,
        raised=time_range(asked.from_, asked.to),
    )
    return json(await request.parts.alerts.alerts(await request.organisation(), where, asked.page))


@reads(ALERTS + "/summary", "summariseAlerts", AlertSummary, tag=TAG)
async def summarise_alerts(request: Call) -> Answer:
    """How many alerts there are by state and severity."""
    request.asks(Query)
    counts = await request.parts.alerts.summary(await request.organisation())
    return json(AlertSummary(tuple(counts)))


@reads(ALERT, "getAlert", AlertView, tag=TAG)
async def get_alert(request: Call) -> Answer:
    """One alert with what proves it."""
    request.asks(Query)
    alert_id = request.uuid("alert_id")
    return json(await request.parts.alerts.alert(await request.organisation(), alert_id))


@decides(ALERT + "/acknowledge", "acknowledgeAlert", AlertView, tag=TAG, body=Saying)
async def acknowledge_alert(request: Call) -> Answer:
    """Say that somebody is on it; the first who says so stays.

    Refused with `monitoring.alert_resolved` where it is over.
    """
    return json(await request.parts.acknowledge_alert(await _said(request)))


@decides(ALERT + "/resolve", "resolveAlert", AlertView, tag=TAG, body=Saying)
async def resolve_alert(request: Call) -> Answer:
    """Say that it is over; its rule keeps quiet about the vehicle for its cooldown. Saying it again changes nothing."""
    return json(await request.parts.resolve_alert(await _said(request)))


async def _said(request: Call) -> SettleAlertCommand:
    request.asks(Query)
    alert_id = request.uuid("alert_id")
    request.idempotency_key()  # the same decision twice is once anyway
    _, said = await read_json(request, Saying)
    return SettleAlertCommand(await request.organisation(), alert_id, by=OPERATOR, note=said.note)


ROUTES = (
    says_methods(RULES, "GET", "POST"),
    says_methods(RULE, "GET", "PUT", "DELETE"),
    create_rule,
    list_rules,
    get_rule,
    replace_rule,
    delete_rule,
    list_alerts,
    summarise_alerts,
    get_alert,
    acknowledge_alert,
    resolve_alert,
)
