"""What identity needs from outside."""

from collections.abc import Sequence
from typing import Protocol

from trilha.domain.identity.model import Organisation, OrganisationSource
from trilha.domain.kernel import OrganisationId


class Organisations(Protocol):
    """All organisations of this installation: few, read by processes that serve every one of them."""

    async def all(self) -> Sequence[Organisation]:
        """Every organisation, oldest first."""
        ...

    async def get(self, organisation_id: OrganisationId) -> Organisation:
        """One organisation; raises NotFound."""
        ...

    async def source_of(self, organisation_id: OrganisationId) -> OrganisationSource | None:
        """Where its data come from, if anywhere."""
        ...

    async def fed_by(self, source: str, external_id: int) -> Organisation | None:
        """The organisation that an outside organisation feeds."""
        ...

    async def add(self, organisation: Organisation, source: OrganisationSource | None) -> bool:
        """Keep a new organisation with its source; False, and nothing kept, if that source feeds one already."""
        ...

    async def update(self, organisation: Organisation) -> None:
        """Follow a changed name or time zone; raises NotFound."""
        ...
