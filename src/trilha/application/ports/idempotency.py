"""Making a repeated command harmless: the first answer is kept and given again."""

from datetime import datetime
from typing import Protocol

import msgspec

from trilha.domain.kernel import Conflict, InvalidValue, OrganisationId


class IdempotencyScope(msgspec.Struct, frozen=True):
    """One command of one caller: the key holds within organisation, user and route."""

    organisation_id: OrganisationId
    user: str
    route: str
    key: str
    body_digest: str

    def __post_init__(self) -> None:
        if not 1 <= len(self.key) <= 200:  # noqa: PLR2004 - stated in the message
            raise InvalidValue("Idempotency-Key", self.key, "1 to 200 characters")


class KeyReused(Conflict):
    """The same key came with another body: one of the two is a mistake."""

    code = "idempotency.key_reused"


class StillRunning(Conflict):
    """The first request with this key has not ended."""

    code = "idempotency.still_running"


class Idempotency(Protocol):
    """Answers of commands, kept 24 hours, inside a unit of work: the answer is kept with what the command did."""

    async def remembered(self, scope: IdempotencyScope) -> bytes | None:
        """The first answer, or None if this is the first request.

        Raises KeyReused for another body, StillRunning while another transaction works on the same key.
        """
        ...

    async def remember(self, scope: IdempotencyScope, answer: bytes, at: datetime) -> None:
        """Keep the answer; counts when the unit of work commits."""
        ...
