"""What is happening now, to whoever is looking: best effort, in order, kept for minutes only.

Nothing depends on it but screens. What was committed is in the store; a message that is lost here is seen there.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import ClassVar, Protocol

import msgspec

from trilha.domain.kernel import Conflict, OrganisationId

VEHICLES = "vehicles"
"""The topic of vehicle positions: each message is a JSON list of positions."""


class LiveMessage(msgspec.Struct, frozen=True):
    """One message of a topic. `sequence` grows along the topic, over all processes; it need not be without holes."""

    sequence: int
    payload: bytes


class LivePast(Conflict):
    """What followed that sequence is no longer kept: begin anew from what the store has."""

    code: ClassVar[str] = "live.past"


class LiveFeed(Protocol):
    """Carries live messages between processes."""

    async def publish(self, organisation_id: OrganisationId, topic: str, payload: bytes) -> None:
        """Send to all who follow. Returns soon and never raises: where the feed is down the message is dropped."""
        ...

    async def latest(self, organisation_id: OrganisationId, topic: str) -> int:
        """The sequence of the last message, 0 if there is none."""
        ...

    def follow(
        self, organisation_id: OrganisationId, topic: str, after: int
    ) -> AbstractAsyncContextManager[AsyncIterator[LiveMessage]]:
        """Every message after a sequence, those that are still kept first, then as they come, without end.

        Raises LivePast if some that followed `after` are not kept any more.
        """
        ...
