"""What monitoring needs from outside. The repositories live inside a unit of work, hence inside one organisation."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from trilha.domain.kernel import VehicleId
from trilha.domain.monitoring.alerts import Alert
from trilha.domain.monitoring.geofences import Geofence
from trilha.domain.monitoring.rules import AlertRule
from trilha.domain.monitoring.signals import Fired
from trilha.domain.monitoring.vehicle_watch import VehicleWatch
from trilha.domain.monitoring.visits import Passage


class Geofences(Protocol):
    """The areas that the organisation gave a name; a deleted one is not among them."""

    async def stamp(self) -> str:
        """Changes whenever any geofence does; cheap."""
        ...

    async def all(self) -> Sequence[Geofence]:
        """Every geofence, sleeping ones too, by id."""
        ...

    async def get(self, geofence_id: UUID) -> Geofence:
        """One of them; raises NotFound."""
        ...

    async def save(self, geofences: Sequence[Geofence]) -> None:
        """Write each version n + 1 over version n, or a first version 0; raises Conflict if another was faster."""
        ...


class Visits(Protocol):
    """Who was where, as it is found out."""

    async def follow(self, passages: Sequence[Passage]) -> None:
        """Open and close visits, in this order; said again, nothing changes.

        Where a vehicle has an open visit to the geofence, that one goes on instead of a new one. A departure closes the
        open visit, if there is one; from before it began, it ends it where it began.
        """
        ...

    async def end_all(self, geofence_id: UUID, at: datetime) -> Collection[VehicleId]:
        """Close the open visits to a geofence that is watched no longer; one that begins later ends where it began.

        Returns whose visits these were.
        """
        ...


class VehicleWatches(Protocol):
    """What is known of each vehicle. Who reads here is alone in the organisation until the unit ends."""

    async def load(self, vehicle_ids: Collection[VehicleId]) -> Mapping[VehicleId, VehicleWatch]:
        """Those of these vehicles that were ever seen."""
        ...

    async def unseen_since(self, moment: datetime) -> Sequence[VehicleWatch]:
        """Vehicles of which the newest record is from `moment` or before, by id."""
        ...

    async def save(self, watches: Sequence[VehicleWatch]) -> None:
        """Insert or overwrite."""
        ...

    async def watched_until(self) -> tuple[datetime, UUID] | None:
        """When the newest page of positions that was watched had been received, and its id, if there was any."""
        ...

    async def reach(self, received_at: datetime, page_id: UUID) -> None:
        """All pages of positions up to this one are watched; one from before what was reached changes nothing."""
        ...


class AlertRules(Protocol):
    """What the organisation wants to be told about."""

    async def stamp(self) -> str:
        """Changes whenever any rule does; cheap."""
        ...

    async def all(self) -> Sequence[AlertRule]:
        """Every rule, sleeping ones too, by id."""
        ...

    async def get(self, rule_id: UUID) -> AlertRule:
        """One of them; raises NotFound."""
        ...

    async def save(self, rule: AlertRule) -> None:
        """Write version n + 1 over version n, or a first version 0; raises Conflict if another writer was faster."""
        ...

    async def delete(self, rule_id: UUID) -> None:
        """Forget it; its alerts stay. Raises NotFound."""
        ...


class Alerts(Protocol):
    """What was told."""

    async def note(self, fired: Sequence[Fired]) -> Sequence[Fired]:
        """Remember what rules fired for; returns those that had not fired for the same record and vehicle before."""
        ...

    async def open_of(self, watched: Collection[tuple[UUID, VehicleId]]) -> Sequence[Alert]:
        """The open alerts of those rules and vehicles."""
        ...

    async def get(self, alert_id: UUID) -> Alert:
        """One of them; raises NotFound."""
        ...

    async def save(self, alerts: Sequence[Alert]) -> None:
        """Write each version n + 1 over version n, or a first version 0; raises Conflict if another was faster.

        Also raises Conflict for a second open alert of a rule and vehicle.
        """
        ...
