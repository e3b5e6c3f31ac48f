"""Domain events over JetStream."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from uuid import UUID

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsClientError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, PubAck

from trilha.adapters.nats import wire
from trilha.adapters.nats.digestion import Digestion
from trilha.adapters.nats.errors import BusUnavailable
from trilha.adapters.nats.in_hand import held
from trilha.adapters.nats.pace import Pace
from trilha.adapters.nats.streams import EVENTS
from trilha.application.envelopes import subject_of
from trilha.application.ports import Clock, DeadLetters, Envelope, Handler

log = logging.getLogger(__name__)

PAUSES_S = (1.0, 5.0, 30.0, 120.0)
_PUBLISH_WITHIN_S = 5.0
_FETCH_S = 2.0
_RENEW_AFTER_SILENCE_S = 30.0
_MARGIN_S = 5.0
_LARGEST_BATCH = 64
_MOST_PENDING = 1_000
_SIDE_BY_SIDE = 4


class NatsEventBus:
    """An EventBus on an open connection; the streams must exist (`ensure_streams`).

    Events of one organisation are handled one after the other, those of several side by side. This holds within one
    process: run each consumer in one process at a time where order matters. `in_order` the server hands out one event
    at a time, so that those behind one wait for its next attempt. `pauses_s` lie between the attempts of a handler that
    raises; after a crash the next attempt comes when `ack_wait_s` is over.
    """

    def __init__(
        self,
        client: Client,
        *,
        dead_letters: DeadLetters,
        clock: Clock,
        pauses_s: tuple[float, ...] = PAUSES_S,
        ack_wait_s: float = 30.0,
        publish_within_s: float = _PUBLISH_WITHIN_S,
    ) -> None:
        self._client = client
        self._stream = client.jetstream()
        self._dead_letters = dead_letters
        self._clock = clock
        self._pauses_s = pauses_s
        self._ack_wait_s = ack_wait_s
        self._publish_within_s = publish_within_s
        self._publishing = asyncio.Lock()

    async def publish(self, envelopes: Sequence[Envelope]) -> Sequence[UUID]:
        """See EventBus. Raises BusUnavailable if none of them could be stored."""
        if not envelopes:
            return ()
        if not self._client.is_connected:
            raise BusUnavailable("the connection to NATS is down; the events stay in the outbox")
        # one at a time: the client sets up its reply subject on first use, and order is kept
        async with self._publishing:
            acknowledgements = await self._hand_over(envelopes)
        stored = [one.id for one, ack in zip(envelopes, acknowledgements, strict=True) if isinstance(ack, PubAck)]
        problems = {type(ack).__name__ for ack in acknowledgements if isinstance(ack, BaseException)}
        if not stored:
            raise BusUnavailable(f"NATS stored none of {len(envelopes)} events: {', '.join(sorted(problems))}")
        if problems:
            log.warning("NATS stored %d of %d events: %s", len(stored), len(envelopes), ", ".join(sorted(problems)))
        return stored

    async def consume(
        self, consumer: str, event_types: Sequence[str], handler: Handler, *, in_order: bool = False
    ) -> None:
        """See EventBus. Goes on through restarts of NATS."""
        digest = Digestion(
            consumer, handler, dead_letters=self._dead_letters, clock=self._clock, pauses_s=self._pauses_s
        )
        pace = Pace(careful_s=self._ack_wait_s + _MARGIN_S, largest=1 if in_order else _LARGEST_BATCH)
        most_pending = 1 if in_order else _MOST_PENDING
        while True:
            try:
                async with self._subscribed(consumer, event_types, most_pending) as subscription:
                    await self._pump(subscription, pace, digest)
            except (NatsClientError, TimeoutError) as error:
                if self._client.is_closed:
                    raise BusUnavailable("the connection to NATS was closed while consuming") from error
                log.warning("%s subscribes again after %s", consumer, type(error).__name__)
                await asyncio.sleep(min(1.0, self._ack_wait_s))

    async def _hand_over(self, envelopes: Sequence[Envelope]) -> list[PubAck | BaseException]:
        futures = [await self._sent(envelope) for envelope in envelopes]
        _, late = await asyncio.wait(futures, timeout=self._publish_within_s)
        for future in late:
            future.cancel()  # also frees its place among the client's pending ones
        return await asyncio.gather(*futures, return_exceptions=True)

    async def _sent(self, envelope: Envelope) -> "asyncio.Future[PubAck]":
        try:
            return await self._stream.publish_async(
                subject_of(envelope),
                wire.encode(envelope),
                wait_stall=self._publish_within_s,
                headers=wire.headers(envelope.id),
            )
        except NatsClientError as error:
            failed: asyncio.Future[PubAck] = asyncio.get_running_loop().create_future()
            failed.set_exception(error)
            return failed

    @asynccontextmanager
    async def _subscribed(
        self, consumer: str, event_types: Sequence[str], most_pending: int
    ) -> AsyncGenerator[JetStreamContext.PullSubscription, None]:
        await self._stream.add_consumer(EVENTS, self._consumer_config(consumer, event_types, most_pending))
        subscription = await self._stream.pull_subscribe_bind(consumer, EVENTS)
        try:
            yield subscription
        finally:
            with suppress(NatsClientError):
                await subscription.unsubscribe()

    def _consumer_config(self, consumer: str, event_types: Sequence[str], most_pending: int) -> ConsumerConfig:
        return ConsumerConfig(
            durable_name=consumer,
            deliver_policy=DeliverPolicy.ALL,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=self._ack_wait_s,
            max_deliver=-1,  # Digestion counts, so that nothing is dropped while the dead letters are down
            max_ack_pending=most_pending,
            filter_subjects=[f"trilha.*.{event_type}" for event_type in event_types],
        )

    async def _pump(self, subscription: JetStreamContext.PullSubscription, pace: Pace, digest: Digestion) -> None:
        """Take and digest; returns after a long silence, for a subscription can go deaf without an error."""
        silence_s = 0.0
        while silence_s < _RENEW_AFTER_SILENCE_S:
            try:
                messages = await subscription.fetch(pace.size, timeout=_FETCH_S)
            except TimeoutError:
                pace.nothing_came()
                silence_s += _FETCH_S
                continue
            silence_s = 0.0
            pace.took(messages)
            await self._digest_all(messages, digest)

    async def _digest_all(self, messages: Sequence[Msg], digest: Digestion) -> None:
        by_organisation: defaultdict[str, list[Msg]] = defaultdict(list)
        for message in messages:
            by_organisation[message.subject.split(".")[1]].append(message)
        places = asyncio.Semaphore(_SIDE_BY_SIDE)  # handlers share a pool of connections with everybody else
        try:
            async with held(messages, self._ack_wait_s), asyncio.TaskGroup() as group:
                for in_order in by_organisation.values():
                    group.create_task(_one_by_one(in_order, digest, places))
        except asyncio.CancelledError:
            await _give_back(messages)
            raise


async def _one_by_one(messages: Sequence[Msg], digest: Digestion, places: asyncio.Semaphore) -> None:
    async with places:
        for message in messages:
            await digest(message)


async def _give_back(messages: Sequence[Msg]) -> None:
    for message in messages:
        if not message.is_acked:
            with suppress(NatsClientError):
                await message.nak()
