"""The names that counts are shown with."""

from collections.abc import Sequence

from trilha.adapters.memory.database import MemoryDatabase
from trilha.adapters.memory.fleet_queries import drivers_of, event_types_of, members_of
from trilha.domain.fleet import Driver
from trilha.domain.kernel import DriverId, GroupId, NotFound, OrganisationId, fold
from trilha.domain.performance import EventKind, Rated


class MemoryRoster:
    """See Roster."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def drivers(self, organisation_id: OrganisationId, group_id: GroupId | None = None) -> Sequence[Rated]:
        """Drivers of a group and those below it, or of all."""
        tables = self._database.of(organisation_id)
        found = members_of(tables, group_id, drivers_of(tables))
        return [_rated(driver) for driver in sorted(found, key=lambda one: (fold(one.name), one.id))]

    async def driver(self, organisation_id: OrganisationId, driver_id: DriverId) -> Rated:
        """One driver."""
        found = self._database.of(organisation_id).master["drivers"].get(driver_id)
        if not isinstance(found, Driver):
            raise NotFound("driver", driver_id)
        return _rated(found)

    async def event_kinds(self, organisation_id: OrganisationId) -> Sequence[EventKind]:
        """All event types with their classification now."""
        types = event_types_of(self._database.of(organisation_id)).values()
        return [
            EventKind(one.id, one.description, one.classification.value)
            for one in sorted(types, key=lambda one: (fold(one.description), one.id))
        ]


def _rated(driver: Driver) -> Rated:
    return Rated(driver.id, driver.name, driver.badge, driver.is_person, driver.active)
