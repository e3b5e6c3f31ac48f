"""What monitoring needs from outside. The repositories live inside a unit of work, hence inside one organisation."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from trilha.domain.monitoring.geofences import Geofence
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
