"""Organisations."""

from collections.abc import Sequence

from trilha.adapters.memory.database import MemoryDatabase
from trilha.domain.identity import Organisation, OrganisationSource
from trilha.domain.kernel import Conflict, NotFound, OrganisationId


class MemoryOrganisations:
    """All organisations of this installation."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def all(self) -> Sequence[Organisation]:
        """Every organisation, oldest first."""
        return sorted(self._database.organisations.values(), key=lambda one: (one.created_at, one.id))

    async def get(self, organisation_id: OrganisationId) -> Organisation:
        """One organisation."""
        try:
            return self._database.organisations[organisation_id]
        except KeyError:
            raise NotFound("organisation", organisation_id) from None

    async def source_of(self, organisation_id: OrganisationId) -> OrganisationSource | None:
        """Where its data come from."""
        sources = self._database.sources.values()
        return next((source for source in sources if source.organisation_id == organisation_id), None)

    async def fed_by(self, source: str, external_id: int) -> Organisation | None:
        """The organisation that an outside one feeds."""
        found = self._database.sources.get((source, external_id))
        return None if found is None else self._database.organisations[found.organisation_id]

    async def add(self, organisation: Organisation, source: OrganisationSource | None) -> bool:
        """Keep a new organisation, unless its source feeds one already."""
        if source is not None and (source.source, source.external_id) in self._database.sources:
            return False
        if organisation.id in self._database.organisations:
            raise Conflict(f"there is an organisation with id {organisation.id} already")
        self._database.organisations[organisation.id] = organisation
        if source is not None:
            self._database.sources[(source.source, source.external_id)] = source
        return True

    async def update(self, organisation: Organisation) -> None:
        """Follow a changed name or time zone."""
        await self.get(organisation.id)
        self._database.organisations[organisation.id] = organisation
