"""Events arrive, in order, at least once, or end as dead letters; whatever happens in between."""

import asyncio
import os
import socket
from collections import defaultdict
from signal import SIGKILL
from uuid import UUID, uuid4

import msgspec
import psutil
import pytest
from nats.aio.client import Client
from nats.js.api import RetentionPolicy

from tests.integration.nats.world import MemoryDeadLetters, WallClock, an_event, consuming, until
from trilha.adapters.embedded import EmbeddedNats
from trilha.adapters.nats import BusUnavailable, NatsEventBus, StreamMismatch, ensure_streams, open_nats
from trilha.adapters.nats.streams import EVENTS, events_stream
from trilha.adapters.nats.tasks import started, task_broker
from trilha.application.ports import Envelope


class Inbox:
    """A handler with effects in one transaction with its inbox."""

    def __init__(self) -> None:
        self.deliveries = 0
        self.effects: defaultdict[UUID, list[UUID]] = defaultdict(list)
        self._known: set[UUID] = set()

    async def __call__(self, envelope: Envelope) -> None:
        self.deliveries += 1
        if envelope.id not in self._known:
            self._known.add(envelope.id)
            self.effects[envelope.organisationid].append(envelope.id)

    @property
    def count(self) -> int:
        return len(self._known)


def a_bus(client: Client, dead_letters: MemoryDeadLetters, **options: object) -> NatsEventBus:
    defaults: dict[str, object] = {"pauses_s": (0.05, 0.1), "ack_wait_s": 1.0}
    return NatsEventBus(client, dead_letters=dead_letters, clock=WallClock(), **(defaults | options))  # type: ignore[arg-type] - options by name


async def test_order_holds_in_each_organisation(client: Client, dead_letters: MemoryDeadLetters) -> None:
    bus, inbox = a_bus(client, dead_letters), Inbox()
    sent = [an_event(organisation, number) for number in range(100) for organisation in (UUID(int=1), UUID(int=2))]
    assert await bus.publish(sent) == [one.id for one in sent]
    async with consuming(bus, "order", inbox):
        await until(lambda: inbox.count == len(sent))
    for organisation, digested in inbox.effects.items():
        assert digested == [one.id for one in sent if one.organisationid == organisation]


async def test_in_order_nothing_overtakes_what_failed_or_lies_with_the_dead(
    client: Client, dead_letters: MemoryDeadLetters
) -> None:
    bus, failed, digested = a_bus(client, dead_letters), set[UUID](), list[UUID]()
    sent = [an_event(UUID(int=1), number) for number in range(6)]

    async def digest(envelope: Envelope) -> None:
        if envelope.id == sent[1].id and envelope.id not in failed:
            failed.add(envelope.id)
            raise ConnectionError("for a moment")
        digested.append(envelope.id)

    await bus.publish(sent[:1])
    async with consuming(bus, "strict", digest, in_order=True):
        await until(lambda: len(digested) == 1)
    await until_settled(client, "strict")
    await bus.publish(sent[1:])
    taken_and_never_answered = await client.jetstream().pull_subscribe_bind("strict", EVENTS)
    await taken_and_never_answered.fetch(1)
    async with consuming(bus, "strict", digest, in_order=True):
        await until(lambda: len(digested) == len(sent))
    assert digested == [one.id for one in sent]


async def test_an_event_arrives_as_it_was_sent(client: Client, dead_letters: MemoryDeadLetters) -> None:
    bus, seen = a_bus(client, dead_letters), list[Envelope]()

    async def keep(envelope: Envelope) -> None:
        seen.append(envelope)

    sent = an_event(uuid4(), 7)
    await bus.publish([sent, an_event(uuid4(), 8, "fleet.master_data_synced")])
    async with consuming(bus, "mirror", keep):
        await until(lambda: bool(seen))
    assert seen == [sent]


async def test_a_crash_between_publish_and_mark_sends_nothing_twice(
    client: Client, dead_letters: MemoryDeadLetters
) -> None:
    bus, inbox = a_bus(client, dead_letters), Inbox()
    sent = [an_event(uuid4(), number) for number in range(50)]
    await bus.publish(sent)
    assert await bus.publish(sent) == [one.id for one in sent]
    async with consuming(bus, "crash", inbox):
        await until(lambda: inbox.count == len(sent))
    assert inbox.deliveries == len(sent)


async def test_redelivery_has_its_effect_once(client: Client, dead_letters: MemoryDeadLetters) -> None:
    bus, inbox = a_bus(client, dead_letters), Inbox()

    async def commits_then_dies(envelope: Envelope) -> None:
        first = inbox.count
        await inbox(envelope)
        if inbox.count > first:
            raise ConnectionResetError("after the commit")

    sent = [an_event(UUID(int=1), number) for number in range(10)]
    await bus.publish(sent)
    async with consuming(bus, "again", commits_then_dies):
        await until(lambda: inbox.deliveries == 2 * len(sent))
    assert inbox.count == len(sent)
    assert not dead_letters.letters


async def test_poison_becomes_a_dead_letter_while_others_go_on(client: Client, dead_letters: MemoryDeadLetters) -> None:
    bus, inbox, attempts = a_bus(client, dead_letters), Inbox(), list[UUID]()
    sent = [an_event(UUID(int=1), number) for number in range(20)]
    poison = sent[3]
    dead_letters.refusals = 2

    async def digest(envelope: Envelope) -> None:
        if envelope.id == poison.id:
            attempts.append(envelope.id)
            raise ValueError("Maria da Silva")
        await inbox(envelope)

    await bus.publish(sent)
    async with consuming(bus, "poison", digest):
        await until(lambda: inbox.count == len(sent) - 1)
        await until(lambda: bool(dead_letters.letters))
    (letter,) = dead_letters.letters
    assert (letter.consumer, letter.envelope, letter.attempts) == ("poison", poison, 3)
    assert letter.error == "ValueError"
    assert len(attempts) == 3
    await until_settled(client, "poison")


async def until_settled(client: Client, consumer: str) -> None:
    """Nothing waits for an answer or for delivery."""
    async with asyncio.timeout(10):
        while True:
            info = await client.jetstream().consumer_info(EVENTS, consumer)
            if info.num_pending == 0 and info.num_ack_pending == 0:
                return
            await asyncio.sleep(0.02)


async def test_a_slow_handler_is_not_overtaken(client: Client, dead_letters: MemoryDeadLetters) -> None:
    bus, starts = a_bus(client, dead_letters, ack_wait_s=0.5), list[UUID]()

    async def slow(envelope: Envelope) -> None:
        starts.append(envelope.id)
        await asyncio.sleep(1.5)

    await bus.publish([an_event(uuid4())])
    async with consuming(bus, "slow", slow), consuming(bus, "slow", slow):
        await until(lambda: bool(starts))
        await until_settled(client, "slow")
    assert len(starts) == 1


async def test_cancelling_gives_the_event_to_the_next_at_once(client: Client, dead_letters: MemoryDeadLetters) -> None:
    bus, begun, inbox = a_bus(client, dead_letters, ack_wait_s=60), asyncio.Event(), Inbox()

    async def never_ends(_: Envelope) -> None:
        begun.set()
        await asyncio.Event().wait()

    await bus.publish([an_event(uuid4())])
    async with consuming(bus, "handover", never_ends):
        await begun.wait()
    async with consuming(bus, "handover", inbox):
        await until(lambda: inbox.count == 1, within_s=5)


async def test_nothing_is_lost_when_nats_is_killed_under_load(
    nats_server: EmbeddedNats, client: Client, dead_letters: MemoryDeadLetters
) -> None:
    bus, inbox = a_bus(client, dead_letters, publish_within_s=1.0, pauses_s=(0.1,) * 20), Inbox()
    outbox = {one.id: one for one in (an_event(UUID(int=number % 7), number) for number in range(5_000))}
    sent = set(outbox)

    async def relay() -> None:
        while outbox:
            try:
                for stored in await bus.publish(list(outbox.values())[:100]):
                    del outbox[stored]
            except BusUnavailable:
                await asyncio.sleep(0.05)

    async with consuming(bus, "kill", inbox), asyncio.TaskGroup() as group:
        group.create_task(relay())
        await until(lambda: inbox.count > 1_000)
        await kill_and_restart(nats_server)
        await until(lambda: inbox.count == len(sent), within_s=60)
    assert {one for digested in inbox.effects.values() for one in digested} == sent
    assert not dead_letters.letters


async def kill_and_restart(server: EmbeddedNats) -> None:
    process, port = psutil.Process(server.pid), server.port
    os.kill(process.pid, SIGKILL)
    psutil.wait_procs([process], timeout=10)
    await server.stop()
    await server.start()
    assert server.port == port


async def test_a_missing_stream_is_an_error_not_a_loss(client: Client, dead_letters: MemoryDeadLetters) -> None:
    await client.jetstream().delete_stream(EVENTS)
    with pytest.raises(BusUnavailable, match="NoStreamResponseError"):
        await a_bus(client, dead_letters).publish([an_event(uuid4())])


async def test_an_oversized_event_does_not_hold_up_the_others(client: Client, dead_letters: MemoryDeadLetters) -> None:
    small, large = an_event(uuid4()), a_large_event()
    assert await a_bus(client, dead_letters).publish([large, small]) == [small.id]


async def test_streams_with_other_settings_are_refused(client: Client) -> None:
    stream = client.jetstream()
    await stream.delete_stream(EVENTS)
    await stream.add_stream(events_stream().evolve(retention=RetentionPolicy.WORK_QUEUE))
    with pytest.raises(StreamMismatch, match=r"TRILHA_EVENTS.*retention is 'workqueue', expected.*limits"):
        await ensure_streams(client)


async def test_streams_can_be_ensured_again(client: Client) -> None:
    await ensure_streams(client)


def a_large_event() -> Envelope:
    """Past NATS's limit of 1 MiB."""
    return msgspec.structs.replace(an_event(uuid4()), data=msgspec.Raw(msgspec.json.encode("x" * (2 << 20))))


async def test_an_unreachable_server_is_named_without_its_password() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"nats://trilha:geheim@127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(BusUnavailable, match=r"127\.0\.0\.1:\d+ did not answer.*TRILHA_NATS_URL") as refused:
            async with open_nats(url, within_s=0.5):
                pass
        assert "geheim" not in str(refused.value)
        with pytest.raises(BusUnavailable, match="TRILHA_NATS_URL"):
            async with started(task_broker(url), within_s=0.5):
                pass
