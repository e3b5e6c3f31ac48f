"""The names of vehicles that reports show."""

from collections.abc import Sequence
from typing import Final, LiteralString

from trilha.adapters.postgres.fleet_queries import INSIDE
from trilha.adapters.postgres.pools import Pool
from trilha.adapters.postgres.reading import read
from trilha.adapters.postgres.roster import require_group
from trilha.adapters.postgres.session import Row
from trilha.domain.kernel import GroupId, NotFound, OrganisationId, VehicleId
from trilha.domain.performance import Plated

_COLUMNS: Final[LiteralString] = "v.id, v.description, v.plate, v.fleet_number, v.active"
_BY_NAME: Final[LiteralString] = "order by v.sort_name, v.id"
_ALL: Final[LiteralString] = f"select {_COLUMNS} from vehicles v {_BY_NAME}"
_OF_GROUP: Final[LiteralString] = (
    f"with recursive {INSIDE} select {_COLUMNS} from vehicles v where v.group_id in (select id from inside) {_BY_NAME}"
)


class PostgresDepot:
    """See Depot."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def vehicles(self, organisation_id: OrganisationId, group_id: GroupId | None = None) -> Sequence[Plated]:
        """Vehicles of a group and those below it, or of all."""
        if group_id is None:
            return [_plated(row) for row in await read(self._pool, organisation_id, _ALL, ())]
        await require_group(self._pool, organisation_id, group_id)
        return [_plated(row) for row in await read(self._pool, organisation_id, _OF_GROUP, (group_id,))]

    async def vehicle(self, organisation_id: OrganisationId, vehicle_id: VehicleId) -> Plated:
        """One vehicle."""
        statement: LiteralString = f"select {_COLUMNS} from vehicles v where v.id = %s"
        found = await read(self._pool, organisation_id, statement, (vehicle_id,))
        if not found:
            raise NotFound("vehicle", vehicle_id)
        return _plated(found[0])


def _plated(row: Row) -> Plated:
    key, *named = row
    return Plated(VehicleId(key), *named)
