"""Live messages within one process."""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager

from trilha.application.ports import LiveMessage, LivePast
from trilha.domain.kernel import OrganisationId

KEPT = 1_000
_Topic = tuple[OrganisationId, str]


class MemoryLiveFeed:
    """Keeps the last `kept` messages of each topic."""

    def __init__(self, kept: int = KEPT) -> None:
        self._topics: defaultdict[_Topic, deque[LiveMessage]] = defaultdict(lambda: deque[LiveMessage](maxlen=kept))
        self._gone: defaultdict[_Topic, int] = defaultdict(int)
        self._last = 0
        self._grown = asyncio.Event()

    async def publish(self, organisation_id: OrganisationId, topic: str, payload: bytes) -> None:
        """See LiveFeed."""
        messages = self._topics[organisation_id, topic]
        if len(messages) == messages.maxlen:
            self._gone[organisation_id, topic] = messages[0].sequence
        self._last += 1
        messages.append(LiveMessage(self._last, payload))
        grown, self._grown = self._grown, asyncio.Event()
        grown.set()

    async def latest(self, organisation_id: OrganisationId, topic: str) -> int:
        """See LiveFeed."""
        messages = self._topics[organisation_id, topic]
        return messages[-1].sequence if messages else self._gone[organisation_id, topic]

    @asynccontextmanager
    async def follow(
        self, organisation_id: OrganisationId, topic: str, after: int
    ) -> AsyncGenerator[AsyncIterator[LiveMessage], None]:
        """See LiveFeed."""
        self._check(organisation_id, topic, after)
        following = self._follow(organisation_id, topic, after)
        try:
            yield following
        finally:
            await following.aclose()

    async def missed(
        self, organisation_id: OrganisationId, topic: str, after: int, limit: int
    ) -> Sequence[LiveMessage]:
        """See LiveFeed."""
        self._check(organisation_id, topic, after)
        messages = [one for one in self._topics[organisation_id, topic] if one.sequence > after]
        if len(messages) > limit:
            raise LivePast(f"more than {limit} live messages came after {after}; begin anew from what the store has")
        return messages

    def forget(self) -> None:
        """Lose everything that was kept, as a server does whose memory is gone."""
        for topic, messages in self._topics.items():
            if messages:
                self._gone[topic] = messages[-1].sequence
                messages.clear()

    async def _follow(
        self, organisation_id: OrganisationId, topic: str, after: int
    ) -> AsyncGenerator[LiveMessage, None]:
        while True:
            self._check(organisation_id, topic, after)
            grown = self._grown
            for message in [one for one in self._topics[organisation_id, topic] if one.sequence > after]:
                yield message
                after = message.sequence
            if grown is self._grown:
                await grown.wait()

    def _check(self, organisation_id: OrganisationId, topic: str, after: int) -> None:
        gone = self._gone[organisation_id, topic]
        if not gone <= after <= self._last:
            raise LivePast(f"live messages after {after} are not kept; begin anew from what the store has")
