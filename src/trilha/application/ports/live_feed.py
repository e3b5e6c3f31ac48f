"""What is happening now, to whoever is looking: best effort, in order, kept for minutes only.

Nothing depends on it but screens. What was committed is in the store; a message that is lost here is seen there.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import ClassVar, Protocol

import msgspec

from trilha.domain.kernel import Conflict, OrganisationId

VEHICLES = "vehicles"
"""The topic of vehicle positions: each message is a JSON list of positions."""


class LiveMessage(msgspec.Struct, frozen=True):
    """One message of a topic. `sequence` grows along the topic, over all processes and for ever.

    It need not be without holes, and may take more than 64 bits.
    """

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
        """Where to follow from to see only what comes: the sequence of the last message, or one after it."""
        ...

    def follow(
        self, organisation_id: OrganisationId, topic: str, after: int
    ) -> AbstractAsyncContextManager[AsyncIterator[LiveMessage]]:
        """Every message after a sequence, those that are still kept first, then as they come, without end.

        `after` is a sequence, what `latest` gave, or 0 for all there ever were. Raises LivePast, on entering or later
        while waiting, if some that followed `after` may not be kept any more.
        """
        ...

    async def missed(
        self, organisation_id: OrganisationId, topic: str, after: int, limit: int
    ) -> Sequence[LiveMessage]:
        """What is kept of the messages after a sequence, now. Raises LivePast as `follow` does.

        Raises it too if there are more than `limit`.
        """
        ...
