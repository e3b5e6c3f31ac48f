"""What monitoring tells the world. Ids of the source are strings, as in all our JSON."""

from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

from trilha.domain.kernel import DomainEvent, DriverId
from trilha.domain.monitoring.alerts import Alert
from trilha.domain.monitoring.conditions import Direction
from trilha.domain.monitoring.geofences import Geofence
from trilha.domain.monitoring.signals import Crossing


class GeofenceCreated(DomainEvent, frozen=True, kw_only=True):
    """An area was given a name."""

    event_type: ClassVar[str] = "monitoring.geofence_created"
    subject_field: ClassVar[str] = "geofence_id"

    geofence_id: UUID
    name: str
    active: bool

    @classmethod
    def of(cls, fence: Geofence) -> Self:
        """The event of a first version."""
        return cls(geofence_id=fence.id, name=fence.content.name, active=fence.content.active)


class GeofenceChanged(DomainEvent, frozen=True, kw_only=True):
    """A geofence was renamed, redrawn, or put to sleep; `redrawn` where its area is another now."""

    event_type: ClassVar[str] = "monitoring.geofence_changed"
    subject_field: ClassVar[str] = "geofence_id"

    geofence_id: UUID
    name: str
    active: bool
    redrawn: bool
    geofence_version: int

    @classmethod
    def of(cls, before: Geofence, after: Geofence) -> Self:
        """The event of a version and the one before it."""
        return cls(
            geofence_id=after.id,
            name=after.content.name,
            active=after.content.active,
            redrawn=after.content.area != before.content.area,
            geofence_version=after.version,
        )


class GeofenceDeleted(DomainEvent, frozen=True, kw_only=True):
    """A geofence counts no visits any more; those of the past stay."""

    event_type: ClassVar[str] = "monitoring.geofence_deleted"
    subject_field: ClassVar[str] = "geofence_id"

    geofence_id: UUID
    name: str

    @classmethod
    def of(cls, fence: Geofence) -> Self:
        """The event of a last version."""
        return cls(geofence_id=fence.id, name=fence.content.name)


class AlertRaised(DomainEvent, frozen=True, kw_only=True):
    """A rule's condition was met, and no alert of it stood open for the vehicle."""

    event_type: ClassVar[str] = "monitoring.alert_raised"
    subject_field: ClassVar[str] = "alert_id"

    alert_id: UUID
    rule_id: UUID
    rule_name: str
    severity: str
    vehicle_id: str
    driver_id: str | None
    raised_at: datetime
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    value: float | None = None
    limit: float | None = None
    geofence_id: UUID | None = None

    @classmethod
    def of(cls, alert: Alert) -> Self:
        """What is told of a new alert."""
        evidence = alert.evidence
        return cls(
            alert_id=alert.id,
            rule_id=alert.rule_id,
            rule_name=alert.rule_name,
            severity=alert.severity.value,
            vehicle_id=str(alert.vehicle_id),
            driver_id=_text(alert.driver_id),
            raised_at=alert.raised_at,
            latitude_deg=evidence.latitude_deg,
            longitude_deg=evidence.longitude_deg,
            value=evidence.value,
            limit=evidence.limit,
            geofence_id=evidence.geofence_id,
        )


class AlertAcknowledged(DomainEvent, frozen=True, kw_only=True):
    """Somebody is on it."""

    event_type: ClassVar[str] = "monitoring.alert_acknowledged"
    subject_field: ClassVar[str] = "alert_id"

    alert_id: UUID
    rule_id: UUID
    vehicle_id: str
    acknowledged_at: datetime
    by: str | None

    @classmethod
    def of(cls, alert: Alert) -> Self:
        """What is told of an acknowledged alert."""
        said = alert.acknowledged
        return cls(
            alert_id=alert.id,
            rule_id=alert.rule_id,
            vehicle_id=str(alert.vehicle_id),
            acknowledged_at=alert.last_seen_at if said is None else said.at,
            by=None if said is None else said.by,
        )


class AlertResolved(DomainEvent, frozen=True, kw_only=True):
    """An alert is over: `by` names who said so, None where its condition ended by itself."""

    event_type: ClassVar[str] = "monitoring.alert_resolved"
    subject_field: ClassVar[str] = "alert_id"

    alert_id: UUID
    rule_id: UUID
    vehicle_id: str
    times: int
    resolved_at: datetime
    by: str | None

    @classmethod
    def of(cls, alert: Alert) -> Self:
        """What is told of a resolved alert."""
        said = alert.resolved
        return cls(
            alert_id=alert.id,
            rule_id=alert.rule_id,
            vehicle_id=str(alert.vehicle_id),
            times=alert.times,
            resolved_at=alert.last_seen_at if said is None else said.at,
            by=None if said is None else said.by,
        )


class GeofenceEntered(DomainEvent, frozen=True, kw_only=True):
    """A vehicle was seen inside a fence; `at` is the first such position."""

    event_type: ClassVar[str] = "monitoring.geofence_entered"
    subject_field: ClassVar[str] = "geofence_id"

    geofence_id: UUID
    vehicle_id: str
    driver_id: str
    at: datetime


class GeofenceExited(DomainEvent, frozen=True, kw_only=True):
    """A vehicle was seen outside a fence again; `at` is the first such position."""

    event_type: ClassVar[str] = "monitoring.geofence_exited"
    subject_field: ClassVar[str] = "geofence_id"

    geofence_id: UUID
    vehicle_id: str
    driver_id: str
    at: datetime
    entered_at: datetime
    dwelled_s: int


class GeofenceDwelled(DomainEvent, frozen=True, kw_only=True):
    """A vehicle has stayed in a fence for as long as a rule waits for."""

    event_type: ClassVar[str] = "monitoring.geofence_dwelled"
    subject_field: ClassVar[str] = "geofence_id"

    geofence_id: UUID
    vehicle_id: str
    at: datetime
    dwelled_s: int
    rule_id: UUID


def crossed(crossing: Crossing) -> DomainEvent:
    """What is told of a crossing."""
    vehicle_id, driver_id = str(crossing.vehicle_id), str(crossing.driver_id)
    if crossing.direction is Direction.ENTER:
        return GeofenceEntered(
            geofence_id=crossing.geofence_id, vehicle_id=vehicle_id, driver_id=driver_id, at=crossing.at
        )
    return GeofenceExited(
        geofence_id=crossing.geofence_id,
        vehicle_id=vehicle_id,
        driver_id=driver_id,
        at=crossing.at,
        entered_at=crossing.entered_at,
        dwelled_s=crossing.dwelled_s,
    )


def _text(driver_id: DriverId | None) -> str | None:
    return None if driver_id is None else str(driver_id)
