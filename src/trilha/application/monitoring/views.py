"""Rules and alerts as screens and partners see them; ids of the source are strings, for JavaScript's sake."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from trilha.domain.kernel import EventTypeId, GroupId, VehicleId, parse_source_id
from trilha.domain.monitoring import (
    HARSH_EVENTS,
    Alert,
    AlertRule,
    EventOfType,
    FenceCrossing,
    FenceDwell,
    Idling,
    MovingWithoutDriver,
    OverSpeed,
    RuleContent,
    Said,
    Schedule,
    Scope,
    Severity,
    Silence,
)

SourceId = Annotated[str, msgspec.Meta(pattern="^-?[0-9]{1,19}$")]


class EventTypes(msgspec.Struct, frozen=True, tag="event_of_type"):
    """An event of one of these types is reported; the preset `harsh` stands for braking, acceleration and cornering."""

    event_type_ids: tuple[SourceId, ...] = ()
    preset: Literal["harsh"] | None = None

    def content(self) -> EventOfType:
        """As the domain has it; raises InvalidValue."""
        named = [EventTypeId(parse_source_id(one, "event_type_ids")) for one in self.event_type_ids]
        return EventOfType((*named, *(HARSH_EVENTS if self.preset == "harsh" else ())))


ConditionView = EventTypes | OverSpeed | FenceCrossing | FenceDwell | Idling | Silence | MovingWithoutDriver


class ScopeView(msgspec.Struct, frozen=True):
    """Whom a rule watches: these vehicles, and those of these groups and of the groups below them. Empty is all."""

    vehicle_ids: tuple[SourceId, ...] = ()
    group_ids: tuple[SourceId, ...] = ()

    def content(self) -> Scope:
        """As the domain has it; raises InvalidValue."""
        return Scope(
            tuple(VehicleId(parse_source_id(one, "vehicle_ids")) for one in self.vehicle_ids),
            tuple(GroupId(parse_source_id(one, "group_ids")) for one in self.group_ids),
        )


class RuleDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person decides about a rule. `cooldown_s` is the quiet after an alert of it was resolved, by vehicle."""

    name: str
    condition: ConditionView
    scope: ScopeView = ScopeView()
    severity: Severity = Severity.WARNING
    schedule: Schedule = Schedule()
    cooldown_s: int = 0
    active: bool = True

    def content(self) -> RuleContent:
        """As the domain has it; raises InvalidValue."""
        condition = self.condition
        return RuleContent(
            name=self.name,
            condition=condition.content() if isinstance(condition, EventTypes) else condition,
            scope=self.scope.content(),
            severity=self.severity,
            schedule=self.schedule,
            cooldown_s=self.cooldown_s,
            active=self.active,
        )


class AlertRuleView(msgspec.Struct, frozen=True, kw_only=True):
    """A rule. `version` grows with every change; alerts name the one that raised them."""

    id: UUID
    name: str
    condition: ConditionView
    scope: ScopeView
    severity: Severity
    schedule: Schedule
    cooldown_s: int
    active: bool
    version: int
    changed_at: datetime


class EvidenceView(msgspec.Struct, frozen=True, kw_only=True):
    """What proves it. `kind` says of which list the record is; a silence has none."""

    kind: str
    record_id: str | None
    at: datetime
    latitude_deg: float | None
    longitude_deg: float | None
    value: float | None
    limit: float | None
    geofence_id: UUID | None


class AlertView(msgspec.Struct, frozen=True, kw_only=True):
    """An alert. `times` counts how often its rule fired from `raised_at` to `last_seen_at`.

    `resolved_by` is null where its condition ended by itself.
    """

    id: UUID
    rule_id: UUID
    rule_name: str
    rule_version: int
    severity: Severity
    vehicle_id: str
    driver_id: str | None
    state: str
    raised_at: datetime
    last_seen_at: datetime
    times: int
    evidence: EvidenceView
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    acknowledged_note: str | None
    resolved_at: datetime | None
    resolved_by: str | None
    resolved_note: str | None


class AlertCount(msgspec.Struct, frozen=True):
    """How many alerts there are of a state and a severity."""

    state: str
    severity: str
    count: int


def rule_view(rule: AlertRule) -> AlertRuleView:
    """A rule as screens show it."""
    content = rule.content
    condition = content.condition
    shown = (
        EventTypes(tuple(str(one) for one in condition.event_type_ids))
        if isinstance(condition, EventOfType)
        else condition
    )
    return AlertRuleView(
        id=rule.id,
        name=content.name,
        condition=shown,
        scope=ScopeView(
            tuple(str(one) for one in content.scope.vehicle_ids), tuple(str(one) for one in content.scope.group_ids)
        ),
        severity=content.severity,
        schedule=content.schedule,
        cooldown_s=content.cooldown_s,
        active=content.active,
        version=rule.version,
        changed_at=rule.changed_at,
    )


def alert_view(alert: Alert) -> AlertView:
    """An alert as screens show it."""
    acknowledged, resolved = alert.acknowledged, alert.resolved
    return AlertView(
        id=alert.id,
        rule_id=alert.rule_id,
        rule_name=alert.rule_name,
        rule_version=alert.rule_version,
        severity=alert.severity,
        vehicle_id=str(alert.vehicle_id),
        driver_id=None if alert.driver_id is None else str(alert.driver_id),
        state=alert.state.value,
        raised_at=alert.raised_at,
        last_seen_at=alert.last_seen_at,
        times=alert.times,
        evidence=_evidence_view(alert),
        acknowledged_at=_at(acknowledged),
        acknowledged_by=None if acknowledged is None else acknowledged.by,
        acknowledged_note=None if acknowledged is None else acknowledged.note,
        resolved_at=_at(resolved),
        resolved_by=None if resolved is None else resolved.by,
        resolved_note=None if resolved is None else resolved.note,
    )


def _at(said: Said | None) -> datetime | None:
    return None if said is None else said.at


def _evidence_view(alert: Alert) -> EvidenceView:
    evidence = alert.evidence
    return EvidenceView(
        kind=evidence.kind.value,
        record_id=None if evidence.kind == "silence" else str(evidence.record_id),
        at=evidence.at,
        latitude_deg=evidence.latitude_deg,
        longitude_deg=evidence.longitude_deg,
        value=evidence.value,
        limit=evidence.limit,
        geofence_id=evidence.geofence_id,
    )
