"""Alerts: what a rule told, from raised to resolved. One stands open for each rule and vehicle, however often it fires.

    state           fires again      acknowledge      resolve          its condition ends
    (none open)     raised           -                -                -
    raised          times + 1        acknowledged     resolved         resolved by itself
    acknowledged    times + 1        as it is         resolved         resolved by itself
    resolved        a new alert      refused          as it is         as it is

To acknowledge is to say "I am on it", which does not change what the vehicle does: the alert goes on counting. What is
resolved is over; a person who acknowledges it then looks at an old screen, and is told so.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from trilha.domain.kernel import Conflict, DriverId, InvalidValue, VehicleId
from trilha.domain.monitoring.rules import AlertRule, Severity
from trilha.domain.monitoring.signals import Evidence, Fired

LONGEST_NOTE = 1_000


class AlertState(StrEnum):
    """How an alert stands."""

    RAISED = "raised"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class Said(msgspec.Struct, frozen=True):
    """What a person said to an alert, or None for what became of it by itself."""

    at: datetime
    by: str | None
    note: str | None = None

    def __post_init__(self) -> None:
        if self.note is not None and (len(self.note) > LONGEST_NOTE or "\0" in self.note):
            raise InvalidValue("note", self.note, f"at most {LONGEST_NOTE} characters")


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """What happened, as the rule then was. `times` counts how often it fired from `raised_at` to `last_seen_at`.

    Times are those of what was observed; only what persons said has the time at which they said it.
    """

    id: UUID
    rule_id: UUID
    rule_name: str
    rule_version: int
    severity: Severity
    vehicle_id: VehicleId
    driver_id: DriverId | None
    raised_at: datetime
    last_seen_at: datetime
    evidence: Evidence
    times: int = 1
    state: AlertState = AlertState.RAISED
    acknowledged: Said | None = None
    resolved: Said | None = None
    version: int = 0

    @property
    def is_open(self) -> bool:
        """Whether it still waits for its end."""
        return self.state is not AlertState.RESOLVED


class AlreadyResolved(Conflict):
    """The alert is over."""

    code = "monitoring.alert_resolved"

    def __init__(self, alert: Alert) -> None:
        ended = "" if alert.resolved is None else f" at {alert.resolved.at.isoformat()}"
        super().__init__(f"alert {alert.id} was resolved{ended}; there is nothing left to acknowledge")


def raise_alert(alert_id: UUID, rule: AlertRule, fired: Fired) -> Alert:
    """A new alert."""
    return Alert(
        id=alert_id,
        rule_id=rule.id,
        rule_name=rule.content.name,
        rule_version=rule.version,
        severity=rule.content.severity,
        vehicle_id=fired.vehicle_id,
        driver_id=fired.driver_id,
        raised_at=fired.at,
        last_seen_at=fired.at,
        evidence=fired.evidence,
    )


def repeat(alert: Alert, fired: Fired) -> Alert:
    """Count one more time of an open alert. The evidence stays the first that was told, times cover all of it."""
    return msgspec.structs.replace(
        alert,
        times=alert.times + 1,
        raised_at=min(alert.raised_at, fired.at),
        last_seen_at=max(alert.last_seen_at, fired.at),
    )


def acknowledge(alert: Alert, said: Said) -> Alert:
    """Somebody is on it; the first who says so counts. Raises AlreadyResolved."""
    if alert.state is AlertState.RESOLVED:
        raise AlreadyResolved(alert)
    if alert.state is AlertState.ACKNOWLEDGED:
        return alert
    return _next(alert, state=AlertState.ACKNOWLEDGED, acknowledged=said)


def resolve(alert: Alert, said: Said) -> Alert:
    """It is over; the first end counts."""
    if alert.state is AlertState.RESOLVED:
        return alert
    return _next(alert, state=AlertState.RESOLVED, resolved=said)


def clear(alert: Alert, at: datetime) -> Alert:
    """Its condition has ended by itself, at a time that no late record can put before the last firing."""
    return resolve(alert, Said(at=max(at, alert.last_seen_at), by=None))


def _next(alert: Alert, **changes: object) -> Alert:
    return msgspec.structs.replace(alert, **changes)
