"""The contract of LiveFeed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from trilha.application.ports import VEHICLES, LiveFeed, LiveMessage, LivePast
from trilha.domain.kernel import OrganisationId
from trilha.testing.contracts.fresh import DEADLINE_S, new_id

Forget = Callable[[], Awaitable[object]]
"""Makes the feed lose what it keeps."""


class LiveFeedContract:
    """Needs the fixtures `live_feed`, `same_feed` (the feed as another process has it) and `forget` (see Forget)."""

    @pytest.fixture
    def organisation_id(self) -> OrganisationId:
        """One whose topics nobody used."""
        return OrganisationId(new_id())

    async def take(self, messages: AsyncIterator[LiveMessage], count: int) -> list[LiveMessage]:
        """The next ones."""
        async with asyncio.timeout(DEADLINE_S):
            return [await anext(messages) for _ in range(count)]

    async def publish(self, feed: LiveFeed, organisation_id: OrganisationId, *payloads: bytes) -> None:
        """Send some."""
        for payload in payloads:
            await feed.publish(organisation_id, VEHICLES, payload)

    async def test_followers_get_what_comes_in_order(
        self, live_feed: LiveFeed, same_feed: LiveFeed, organisation_id: OrganisationId
    ) -> None:
        start = await live_feed.latest(organisation_id, VEHICLES)
        payloads = [b"%d" % number for number in range(100)]
        async with (
            live_feed.follow(organisation_id, VEHICLES, start) as here,
            same_feed.follow(organisation_id, VEHICLES, start) as there,
        ):
            await self.publish(live_feed, organisation_id, *payloads)
            got = [await self.take(follower, 100) for follower in (here, there)]
        assert [message.payload for message in got[0]] == payloads
        assert got[0] == got[1]

    async def test_sequences_grow(self, live_feed: LiveFeed, organisation_id: OrganisationId) -> None:
        start = await live_feed.latest(organisation_id, VEHICLES)
        async with live_feed.follow(organisation_id, VEHICLES, start) as messages:
            await self.publish(live_feed, organisation_id, b"1", b"2", b"3")
            sequences = [message.sequence for message in await self.take(messages, 3)]
        assert [start, *sequences] == sorted({start, *sequences})
        assert await live_feed.latest(organisation_id, VEHICLES) >= sequences[-1]

    async def test_what_was_missed_comes_first_and_once(
        self, live_feed: LiveFeed, same_feed: LiveFeed, organisation_id: OrganisationId
    ) -> None:
        start = await live_feed.latest(organisation_id, VEHICLES)
        async with live_feed.follow(organisation_id, VEHICLES, start) as messages:
            await self.publish(live_feed, organisation_id, b"1", b"2", b"3")
            (first, *_) = await self.take(messages, 3)
        async with same_feed.follow(organisation_id, VEHICLES, first.sequence) as messages:
            await self.publish(live_feed, organisation_id, b"4")
            assert [message.payload for message in await self.take(messages, 3)] == [b"2", b"3", b"4"]

    async def test_latest_leaves_out_what_was(
        self, live_feed: LiveFeed, same_feed: LiveFeed, organisation_id: OrganisationId
    ) -> None:
        start = await live_feed.latest(organisation_id, VEHICLES)
        async with live_feed.follow(organisation_id, VEHICLES, start) as messages:
            await self.publish(live_feed, organisation_id, b"old")
            await self.take(messages, 1)
        now = await same_feed.latest(organisation_id, VEHICLES)
        async with same_feed.follow(organisation_id, VEHICLES, now) as messages:
            await self.publish(live_feed, organisation_id, b"new")
            assert [message.payload for message in await self.take(messages, 1)] == [b"new"]

    async def test_others_are_not_heard(self, live_feed: LiveFeed, organisation_id: OrganisationId) -> None:
        start = await live_feed.latest(organisation_id, VEHICLES)
        async with live_feed.follow(organisation_id, VEHICLES, start) as messages:
            await live_feed.publish(OrganisationId(new_id()), VEHICLES, b"another organisation")
            await live_feed.publish(organisation_id, "another-topic", b"another topic")
            await self.publish(live_feed, organisation_id, b"mine")
            assert [message.payload for message in await self.take(messages, 1)] == [b"mine"]

    async def test_what_is_gone_is_told(
        self, live_feed: LiveFeed, organisation_id: OrganisationId, forget: Forget
    ) -> None:
        start = await live_feed.latest(organisation_id, VEHICLES)
        async with live_feed.follow(organisation_id, VEHICLES, start) as messages:
            await self.publish(live_feed, organisation_id, b"1", b"2")
            first, last = await self.take(messages, 2)
        await forget()
        with pytest.raises(LivePast):
            async with live_feed.follow(organisation_id, VEHICLES, first.sequence):
                pass
        async with live_feed.follow(organisation_id, VEHICLES, last.sequence) as messages:
            await self.publish(live_feed, organisation_id, b"3")
            assert [message.payload for message in await self.take(messages, 1)] == [b"3"]

    async def test_what_was_missed_is_there_at_once(
        self, live_feed: LiveFeed, same_feed: LiveFeed, organisation_id: OrganisationId
    ) -> None:
        start = await live_feed.latest(organisation_id, VEHICLES)
        async with live_feed.follow(organisation_id, VEHICLES, start) as messages:
            await self.publish(live_feed, organisation_id, b"1", b"2", b"3")
            got = await self.take(messages, 3)
        assert await same_feed.missed(organisation_id, VEHICLES, start, 3) == got
        assert await same_feed.missed(organisation_id, VEHICLES, got[0].sequence, 3) == got[1:]
        assert list(await same_feed.missed(organisation_id, VEHICLES, got[2].sequence, 3)) == []
        with pytest.raises(LivePast):
            await same_feed.missed(organisation_id, VEHICLES, start, 2)

    async def test_what_will_be_is_refused(self, live_feed: LiveFeed, organisation_id: OrganisationId) -> None:
        ahead = await live_feed.latest(organisation_id, VEHICLES) + 1_000
        with pytest.raises(LivePast):
            async with live_feed.follow(organisation_id, VEHICLES, ahead):
                pass
