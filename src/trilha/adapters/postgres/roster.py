"""The names that counts are shown with."""

from collections.abc import Sequence
from typing import Final, LiteralString

from trilha.adapters.postgres.fleet_queries import INSIDE
from trilha.adapters.postgres.pools import Pool
from trilha.adapters.postgres.reading import read
from trilha.adapters.postgres.session import Row
from trilha.domain.kernel import DriverId, EventTypeId, GroupId, NotFound, OrganisationId
from trilha.domain.performance import EventKind, Rated

_COLUMNS: Final[LiteralString] = "d.id, d.name, d.badge, d.kind = 'person', d.active"
_BY_NAME: Final[LiteralString] = "order by d.sort_name, d.id"
_ALL: Final[LiteralString] = f"select {_COLUMNS} from drivers d {_BY_NAME}"
_OF_GROUP: Final[LiteralString] = (
    f"with recursive {INSIDE} select {_COLUMNS} from drivers d where d.group_id in (select id from inside) {_BY_NAME}"
)
_KINDS: Final[LiteralString] = "select id, description, shown_as from event_types order by sort_name, id"


class PostgresRoster:
    """See Roster."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def drivers(self, organisation_id: OrganisationId, group_id: GroupId | None = None) -> Sequence[Rated]:
        """Drivers of a group and those below it, or of all."""
        if group_id is None:
            return [_rated(row) for row in await read(self._pool, organisation_id, _ALL, ())]
        await require_group(self._pool, organisation_id, group_id)
        return [_rated(row) for row in await read(self._pool, organisation_id, _OF_GROUP, (group_id,))]

    async def driver(self, organisation_id: OrganisationId, driver_id: DriverId) -> Rated:
        """One driver."""
        statement: LiteralString = f"select {_COLUMNS} from drivers d where d.id = %s"
        found = await read(self._pool, organisation_id, statement, (driver_id,))
        if not found:
            raise NotFound("driver", driver_id)
        return _rated(found[0])

    async def event_kinds(self, organisation_id: OrganisationId) -> Sequence[EventKind]:
        """All event types with their classification now."""
        found = await read(self._pool, organisation_id, _KINDS, ())
        return [EventKind(EventTypeId(key), description, shown_as) for key, description, shown_as in found]


async def require_group(pool: Pool, organisation_id: OrganisationId, group_id: GroupId) -> None:
    """Raises NotFound for a group that the organisation does not have."""
    if not await read(pool, organisation_id, "select 1 from groups where id = %s", (group_id,)):
        raise NotFound("group", group_id)


def _rated(row: Row) -> Rated:
    key, name, badge, is_person, active = row
    return Rated(DriverId(key), name, badge, is_person, active)
