"""Rules and alerts as screens and partners see them; ids of the source are strings, for JavaScript's sake."""

from datetime import datetime, time
from typing import Annotated
from uuid import UUID

import msgspec

from trilha.domain.kernel import EventTypeId, GroupId, VehicleId, parse_source_id
from trilha.domain.monitoring import (
    HARSH_EVENTS,
    Alert,
    AlertRule,
    Condition,
    Direction,
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
    Weekday,
    Window,
)
from trilha.domain.monitoring.conditions import LONGEST_S
from trilha.domain.monitoring.conditions import MOST_NAMED as MOST_IN_CONDITION
from trilha.domain.monitoring.rules import LONGEST_COOLDOWN_S, LONGEST_NAME, MOST_NAMED
from trilha.domain.monitoring.schedule import MOST_WINDOWS

SourceId = Annotated[str, msgspec.Meta(pattern="^-?[0-9]{1,19}$")]
SourceIds = Annotated[list[SourceId], msgspec.Meta(max_length=MOST_NAMED)]
"""Lists, where one would write tuples: Litestar describes a constrained tuple wrongly."""
Fences = Annotated[list[UUID], msgspec.Meta(min_length=1, max_length=MOST_IN_CONDITION)]
Clock = Annotated[str, msgspec.Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")]
RuleName = Annotated[
    str, msgspec.Meta(min_length=1, max_length=LONGEST_NAME, pattern=r"^[^\u0000]*[^\u0000\s][^\u0000]*$")
]
Cooldown = Annotated[int, msgspec.Meta(ge=0, le=LONGEST_COOLDOWN_S)]


class EventTypes(msgspec.Struct, frozen=True, tag="event_of_type"):
    """An event of one of these types is reported."""

    event_type_ids: Annotated[list[SourceId], msgspec.Meta(min_length=1, max_length=MOST_IN_CONDITION)]

    def content(self) -> EventOfType:
        """As the domain has it; raises InvalidValue."""
        return EventOfType(tuple(EventTypeId(parse_source_id(one, "event_type_ids")) for one in self.event_type_ids))


class HarshDriving(msgspec.Struct, frozen=True, tag="harsh_driving"):
    """Braking, accelerating or cornering harshly: the preset for MiX's own three event types."""

    def content(self) -> EventOfType:
        """As the domain has it."""
        return EventOfType(HARSH_EVENTS)


class WindowView(msgspec.Struct, frozen=True):
    """From `start` to before `end` on those days, by local clocks; an end not after the start lies on the next day."""

    days: Annotated[list[Weekday], msgspec.Meta(min_length=1, max_length=7)]
    start: Clock = "00:00"
    end: Clock = "00:00"

    def content(self) -> Window:
        """As the domain has it."""
        return Window(tuple(self.days), time.fromisoformat(self.start), time.fromisoformat(self.end))


class ScheduleView(msgspec.Struct, frozen=True):
    """The windows in which a rule is awake; without any it always is."""

    windows: Annotated[list[WindowView], msgspec.Meta(max_length=MOST_WINDOWS)] = msgspec.field(default_factory=list)

    def content(self) -> Schedule:
        """As the domain has it."""
        return Schedule(tuple(window.content() for window in self.windows))


class FencesCrossed(msgspec.Struct, frozen=True, tag="fence_crossing"):
    """A vehicle comes into one of these geofences, or leaves it."""

    geofence_ids: Fences
    direction: Direction = Direction.BOTH

    def content(self) -> FenceCrossing:
        """As the domain has it."""
        return FenceCrossing(tuple(self.geofence_ids), self.direction)


class FencesDwelled(msgspec.Struct, frozen=True, tag="fence_dwell"):
    """A vehicle stays in one of these geofences for so long."""

    geofence_ids: Fences
    for_s: Annotated[int, msgspec.Meta(ge=1, le=LONGEST_S)]

    def content(self) -> FenceDwell:
        """As the domain has it."""
        return FenceDwell(tuple(self.geofence_ids), self.for_s)


_Named = EventTypes | HarshDriving | FencesCrossed | FencesDwelled
ConditionView = _Named | OverSpeed | Idling | Silence | MovingWithoutDriver


class ScopeView(msgspec.Struct, frozen=True):
    """Whom a rule watches: these vehicles, and those of these groups and of the groups below them. Empty is all."""

    vehicle_ids: SourceIds = msgspec.field(default_factory=list)
    group_ids: SourceIds = msgspec.field(default_factory=list)

    def content(self) -> Scope:
        """As the domain has it; raises InvalidValue."""
        return Scope(
            tuple(VehicleId(parse_source_id(one, "vehicle_ids")) for one in self.vehicle_ids),
            tuple(GroupId(parse_source_id(one, "group_ids")) for one in self.group_ids),
        )


class RuleDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person decides about a rule. `cooldown_s` is the quiet after an alert of it was resolved, by vehicle."""

    name: RuleName
    condition: ConditionView
    scope: ScopeView = ScopeView()
    severity: Severity = Severity.WARNING
    schedule: ScheduleView = ScheduleView()
    cooldown_s: Cooldown = 0
    active: bool = True

    def content(self) -> RuleContent:
        """As the domain has it; raises InvalidValue."""
        condition = self.condition
        return RuleContent(
            name=self.name,
            condition=condition.content() if isinstance(condition, _Named) else condition,
            scope=self.scope.content(),
            severity=self.severity,
            schedule=self.schedule.content(),
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
    schedule: ScheduleView
    cooldown_s: int
    active: bool
    version: int
    changed_at: datetime


def kind_of(rule: AlertRuleView) -> str:
    """What a rule waits for, by its name in JSON."""
    return str(rule.condition.__struct_config__.tag)


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
    return AlertRuleView(
        id=rule.id,
        name=content.name,
        condition=_condition_view(content.condition),
        scope=ScopeView([str(one) for one in content.scope.vehicle_ids], [str(one) for one in content.scope.group_ids]),
        severity=content.severity,
        schedule=_schedule_view(content.schedule),
        cooldown_s=content.cooldown_s,
        active=content.active,
        version=rule.version,
        changed_at=rule.changed_at,
    )


def _condition_view(condition: Condition) -> ConditionView:
    match condition:
        case EventOfType(event_type_ids):
            if event_type_ids == HARSH_EVENTS:
                return HarshDriving()
            return EventTypes([str(one) for one in event_type_ids])
        case FenceCrossing(geofence_ids, direction):
            return FencesCrossed(list(geofence_ids), direction)
        case FenceDwell(geofence_ids, for_s):
            return FencesDwelled(list(geofence_ids), for_s)
    return condition


def _schedule_view(schedule: Schedule) -> ScheduleView:
    windows = (WindowView(list(one.days), f"{one.start:%H:%M}", f"{one.end:%H:%M}") for one in schedule.windows)
    return ScheduleView(list(windows))


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
