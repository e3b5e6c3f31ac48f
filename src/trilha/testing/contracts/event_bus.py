"""The contract of EventBus: at least once, in order, to every durable consumer, and poison out of the way."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest

from trilha.application.ports import DeadLetter, DeadLetters, Envelope, EventBus, Handler
from trilha.domain.kernel import OrganisationId
from trilha.testing.contracts.dead_letters import an_envelope
from trilha.testing.contracts.fresh import DEADLINE_S, WithOrganisations, eventually, new_key

LetTimePass = Callable[[], None]
"""Called while a test waits: moves a simulated clock on; does nothing on a real one."""


class EventBusContract(WithOrganisations):
    """Needs the fixtures `organisations`, `event_bus` and the `dead_letters` that it was given.

    Give the bus short pauses between attempts, or override the fixture `let_time_pass`.
    """

    @pytest.fixture
    def let_time_pass(self) -> LetTimePass:
        """Real clocks need no help."""
        return lambda: None

    @pytest.fixture
    def event_type(self) -> str:
        """A type of event that no other test publishes."""
        return new_key("testing.happened_").replace("-", "")

    @pytest.fixture
    def events(self, organisation_id: OrganisationId, event_type: str) -> list[Envelope]:
        """Five events of one organisation."""
        return [an_envelope(organisation_id, event_type) for _ in range(5)]

    @asynccontextmanager
    async def consuming(
        self, bus: EventBus, consumer: str, event_type: str, handler: Handler
    ) -> AsyncIterator[asyncio.Task[None]]:
        """Consume while the block runs."""
        task = asyncio.ensure_future(bus.consume(consumer, [event_type], handler))
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def wait(self, holds: Callable[[], bool], what: str, let_time_pass: LetTimePass) -> None:
        """Wait for what must happen, with time passing."""

        def look() -> bool:
            let_time_pass()
            return holds()

        await eventually(look, what)

    def into(self, seen: list[Envelope]) -> Handler:
        """A handler that remembers."""

        async def remember(envelope: Envelope) -> None:
            seen.append(envelope)

        return remember

    async def test_says_what_it_has_stored(self, event_bus: EventBus, events: Sequence[Envelope]) -> None:
        assert sorted(await event_bus.publish(events)) == sorted(envelope.id for envelope in events)
        assert list(await event_bus.publish([])) == []

    async def test_every_event_arrives_whole_and_in_order(
        self, event_bus: EventBus, events: list[Envelope], event_type: str, let_time_pass: LetTimePass
    ) -> None:
        seen = list[Envelope]()
        await event_bus.publish(events[:3])
        async with self.consuming(event_bus, new_key("consumer"), event_type, self.into(seen)):
            await event_bus.publish(events[3:])
            await self.wait(lambda: len(seen) >= len(events), "five events", let_time_pass)
        assert seen == events

    async def test_an_event_published_twice_arrives_once(
        self, event_bus: EventBus, events: list[Envelope], event_type: str, let_time_pass: LetTimePass
    ) -> None:
        seen = list[Envelope]()
        for some in (events[:1], events[:1], events):
            await event_bus.publish(some)
        async with self.consuming(event_bus, new_key("consumer"), event_type, self.into(seen)):
            await self.wait(lambda: len(seen) >= len(events), "five events", let_time_pass)
        assert seen == events

    async def test_a_consumer_gets_only_the_types_it_wants(
        self,
        event_bus: EventBus,
        events: list[Envelope],
        event_type: str,
        organisation_id: OrganisationId,
        let_time_pass: LetTimePass,
    ) -> None:
        seen = list[Envelope]()
        await event_bus.publish([an_envelope(organisation_id, f"{event_type}x"), *events])
        async with self.consuming(event_bus, new_key("consumer"), event_type, self.into(seen)):
            await self.wait(lambda: len(seen) >= len(events), "five events", let_time_pass)
        assert seen == events

    async def test_each_consumer_gets_every_event(
        self, event_bus: EventBus, events: list[Envelope], event_type: str, let_time_pass: LetTimePass
    ) -> None:
        one, other = list[Envelope](), list[Envelope]()
        await event_bus.publish(events)
        async with (
            self.consuming(event_bus, new_key("consumer"), event_type, self.into(one)),
            self.consuming(event_bus, new_key("consumer"), event_type, self.into(other)),
        ):
            await self.wait(lambda: len(one) == len(other) == len(events), "five events twice", let_time_pass)
        assert one == other == events

    async def test_a_consumer_goes_on_where_it_stopped(
        self, event_bus: EventBus, events: list[Envelope], event_type: str, let_time_pass: LetTimePass
    ) -> None:
        consumer, before, after = new_key("consumer"), list[Envelope](), list[Envelope]()
        await event_bus.publish(events[:2])
        async with self.consuming(event_bus, consumer, event_type, self.into(before)):
            await self.wait(lambda: len(before) >= 2, "two events", let_time_pass)
            await asyncio.sleep(0)
        await event_bus.publish(events[2:])
        async with self.consuming(event_bus, consumer, event_type, self.into(after)):
            await self.wait(lambda: events[4] in after, "the last event", let_time_pass)
        assert {envelope.id for envelope in before + after} == {envelope.id for envelope in events}

    async def test_an_event_that_failed_comes_again(
        self, event_bus: EventBus, events: list[Envelope], event_type: str, let_time_pass: LetTimePass
    ) -> None:
        attempts, digested = list[Envelope](), list[Envelope]()

        async def fail_twice(envelope: Envelope) -> None:
            attempts.append(envelope)
            if attempts.count(envelope) <= 2 and envelope == events[0]:
                raise ZeroDivisionError
            digested.append(envelope)

        await event_bus.publish(events)
        async with self.consuming(event_bus, new_key("consumer"), event_type, fail_twice):
            await self.wait(lambda: len(digested) >= len(events), "every event", let_time_pass)
        assert {envelope.id for envelope in digested} == {envelope.id for envelope in events}
        assert attempts.count(events[0]) == 3

    async def test_poison_is_put_aside_and_the_rest_goes_on(
        self,
        event_bus: EventBus,
        dead_letters: DeadLetters,
        events: list[Envelope],
        event_type: str,
        let_time_pass: LetTimePass,
    ) -> None:
        consumer, digested = new_key("consumer"), list[Envelope]()

        async def choke(envelope: Envelope) -> None:
            if envelope == events[0]:
                raise ValueError("secret words of the payload")
            digested.append(envelope)

        await event_bus.publish(events)
        async with self.consuming(event_bus, consumer, event_type, choke):
            await self.wait(lambda: len(digested) >= 4, "the other events", let_time_pass)
            letter = await self._letter(dead_letters, events[0].organisationid, let_time_pass)
        assert (letter.consumer, letter.envelope) == (consumer, events[0])
        assert letter.attempts > 1
        assert "ValueError" in letter.error
        assert "secret" not in letter.error

    async def _letter(
        self, dead_letters: DeadLetters, organisation_id: OrganisationId, let_time_pass: LetTimePass
    ) -> DeadLetter:
        async with asyncio.timeout(DEADLINE_S):
            while not (letters := await dead_letters.all(organisation_id)):
                let_time_pass()
                await asyncio.sleep(0.01)
        return letters[0]

    async def test_an_event_whose_consumer_died_meanwhile_comes_again(
        self, event_bus: EventBus, events: list[Envelope], event_type: str, let_time_pass: LetTimePass
    ) -> None:
        consumer, begun, digested = new_key("consumer"), asyncio.Event(), list[Envelope]()

        async def never_end(_: Envelope) -> None:
            begun.set()
            await asyncio.Event().wait()

        await event_bus.publish(events[:1])
        async with self.consuming(event_bus, consumer, event_type, never_end):
            await self.wait(begun.is_set, "the event to arrive", let_time_pass)
        async with self.consuming(event_bus, consumer, event_type, self.into(digested)):
            await self.wait(lambda: bool(digested), "the event to come again", let_time_pass)
        assert digested[0] == events[0]
