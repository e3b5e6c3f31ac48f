"""The organisations of this installation. Serves processes that work for all of them, as the system role."""

from collections.abc import Sequence
from datetime import UTC

import msgspec

from trilha.adapters.postgres import system
from trilha.adapters.postgres.pools import Pool
from trilha.adapters.postgres.session import Row
from trilha.domain.identity import Organisation, OrganisationSource
from trilha.domain.kernel import NotFound, OrganisationId

_ADD = (
    "insert into organisations (id, name, time_zone, created_at) "
    "select %(id)s, %(name)s, %(time_zone)s, %(created_at)s::timestamptz"
)
_ADD_FED = (
    "with fed as (insert into organisation_sources (organisation_id, source, external_id) "
    "values (%(id)s, %(source)s, %(external_id)s) on conflict (source, external_id) do nothing returning 1) "
    f"{_ADD} where exists (select from fed)"
)
_COLUMNS = "o.id, o.name, o.time_zone, o.created_at"


class PostgresOrganisations:
    """See Organisations."""

    def __init__(self, system_pool: Pool) -> None:
        self._pool = system_pool

    async def all(self) -> Sequence[Organisation]:
        """Every organisation, oldest first."""
        found = await system.read(self._pool, f"select {_COLUMNS} from organisations o order by created_at, id")
        return [_organisation_of(row) for row in found]

    async def get(self, organisation_id: OrganisationId) -> Organisation:
        """One organisation."""
        found = await system.read(
            self._pool, f"select {_COLUMNS} from organisations o where id = %s", (organisation_id,)
        )
        if not found:
            raise NotFound("organisation", organisation_id)
        return _organisation_of(found[0])

    async def source_of(self, organisation_id: OrganisationId) -> OrganisationSource | None:
        """Where its data come from, if anywhere."""
        found = await system.read(
            self._pool,
            "select organisation_id, source, external_id from organisation_sources where organisation_id = %s",
            (organisation_id,),
        )
        return OrganisationSource(*found[0]) if found else None

    async def fed_by(self, source: str, external_id: int) -> Organisation | None:
        """The organisation that an outside organisation feeds."""
        found = await system.read(
            self._pool,
            f"select {_COLUMNS} from organisations o join organisation_sources s on s.organisation_id = o.id "
            "where s.source = %s and s.external_id = %s",
            (source, external_id),
        )
        return _organisation_of(found[0]) if found else None

    async def add(self, organisation: Organisation, source: OrganisationSource | None) -> bool:
        """Keep a new organisation with its source; False if that source feeds one already."""
        values = msgspec.structs.asdict(organisation)
        if source is None:
            return await system.changed(self._pool, _ADD, values) == 1
        values |= {"source": source.source, "external_id": source.external_id}
        return await system.changed(self._pool, _ADD_FED, values) == 1

    async def update(self, organisation: Organisation) -> None:
        """Follow a changed name or time zone."""
        found = await system.changed(
            self._pool,
            "update organisations set name = %s, time_zone = %s where id = %s",
            (organisation.name, organisation.time_zone, organisation.id),
        )
        if not found:
            raise NotFound("organisation", organisation.id)


def _organisation_of(row: Row) -> Organisation:
    key, name, time_zone, created_at = row
    return Organisation(id=OrganisationId(key), name=name, time_zone=time_zone, created_at=created_at.astimezone(UTC))
