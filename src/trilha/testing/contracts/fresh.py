"""What no test has used before, so that suites run against a database that others use too, with nothing to clean."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from trilha.adapters.memory.clock import DEFAULT_START
from trilha.domain.identity import Organisation, Organisations
from trilha.domain.kernel import OrganisationId

NewOrganisation = Callable[[], Awaitable[OrganisationId]]
NOON = DEFAULT_START
"""The moment at which most tests play."""

DEADLINE_S = 30.0
"""How long a test waits for what must happen."""


def new_id() -> UUID:
    """An id that nothing has."""
    return uuid4()


def new_external_id() -> int:
    """An id that no outside organisation has here."""
    return secrets.randbits(62)


def new_key(prefix: str = "key") -> str:
    """A name that nobody uses."""
    return f"{prefix}-{secrets.token_hex(8)}"


def an_organisation() -> Organisation:
    """A new organisation, not yet kept."""
    return Organisation(
        id=OrganisationId(new_id()),
        name="Viação Exemplo",
        time_zone="America/Sao_Paulo",
        created_at=datetime.now(UTC),
    )


async def eventually(holds: Callable[[], bool], what: str) -> None:
    """Wait until `holds`; fails with `what` after DEADLINE_S."""
    loop = asyncio.get_running_loop()
    end = loop.time() + DEADLINE_S
    while not holds():
        assert loop.time() < end, f"waited {DEADLINE_S:g} s in vain for {what}"
        await asyncio.sleep(0.005)


class WithOrganisations:
    """Gives each test an organisation of its own. Needs the fixture `organisations`."""

    @pytest.fixture
    def new_organisation(self, organisations: Organisations) -> NewOrganisation:
        """Makes another organisation."""

        async def make() -> OrganisationId:
            organisation = an_organisation()
            assert await organisations.add(organisation, None)
            return organisation.id

        return make

    @pytest.fixture
    async def organisation_id(self, new_organisation: NewOrganisation) -> OrganisationId:
        """The test's own organisation."""
        return await new_organisation()
