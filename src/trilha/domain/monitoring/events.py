"""What monitoring tells the world. Ids of the source are strings, as in all our JSON."""

from typing import ClassVar, Self
from uuid import UUID

from trilha.domain.kernel import DomainEvent
from trilha.domain.monitoring.geofences import Geofence


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
