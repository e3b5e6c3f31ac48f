"""The names of vehicles that reports show."""

from collections.abc import Sequence

from trilha.adapters.memory.database import MemoryDatabase
from trilha.adapters.memory.fleet_queries import members_of, vehicles_of
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
        found = members_of(tables, group_id, vehicles_of(tables))
        return [_plated(vehicle) for vehicle in sorted(found, key=lambda one: (fold(one.description), one.id))]

    async def vehicle(self, organisation_id: OrganisationId, vehicle_id: VehicleId) -> Plated:
        """One vehicle."""
        found = self._database.of(organisation_id).master["vehicles"].get(vehicle_id)
        if not isinstance(found, Vehicle):
            raise NotFound("vehicle", vehicle_id)
        return _plated(found)


def _plated(vehicle: Vehicle) -> Plated:
    return Plated(vehicle.id, vehicle.description, vehicle.plate, vehicle.fleet_number, vehicle.active)
