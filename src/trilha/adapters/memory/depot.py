"""The names of vehicles that reports show."""

from collections.abc import Sequence

from trilha.adapters.memory.database import MemoryDatabase
from trilha.adapters.memory.fleet_queries import group_and_below, vehicles_of
from trilha.domain.fleet import Vehicle
from trilha.domain.kernel import GroupId, NotFound, OrganisationId, VehicleId, fold
from trilha.domain.performance import Plated


class MemoryDepot:
    """See Depot."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def vehicles(self, organisation_id: OrganisationId, group_id: GroupId | None = None) -> Sequence[Plated]:
        """Vehicles of a group and those below it, or of all."""
        tables = self._database.of(organisation_id)
        if group_id is not None and group_id not in tables.master["groups"]:
            raise NotFound("group", group_id)
        inside = None if group_id is None else group_and_below(tables, group_id)
        found = [vehicle for vehicle in vehicles_of(tables) if inside is None or vehicle.group_id in inside]
        return [_plated(vehicle) for vehicle in sorted(found, key=lambda one: (fold(one.description), one.id))]

    async def vehicle(self, organisation_id: OrganisationId, vehicle_id: VehicleId) -> Plated:
        """One vehicle."""
        found = self._database.of(organisation_id).master["vehicles"].get(vehicle_id)
        if not isinstance(found, Vehicle):
            raise NotFound("vehicle", vehicle_id)
        return _plated(found)


def _plated(vehicle: Vehicle) -> Plated:
    return Plated(vehicle.id, vehicle.description, vehicle.plate, vehicle.fleet_number, vehicle.active)
