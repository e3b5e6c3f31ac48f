"""Live messages over JetStream.

The stream is short and bounded; the oldest go first. Publishing is a plain NATS message into it, without waiting for
the answer: whoever ingests must not be held up by screens.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsClientError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, Header, StreamInfo
from nats.js.errors import NotFoundError

from trilha.adapters.nats.errors import BusUnavailable
from trilha.adapters.nats.streams import LIVE, LIVE_PREFIX, live_stream
from trilha.application.ports import LiveMessage, LivePast
from trilha.domain.kernel import OrganisationId

log = logging.getLogger(__name__)

_PUBLISH_WITHIN_S = 0.1
_HEARTBEAT_S = 1.0
_DEAF_AFTER_S = 2.5 * _HEARTBEAT_S
_RENEW_PAUSE_S = 0.25
_MISSED_WITHIN_S = 2.0
_NUMBER_BITS = 48
"""A sequence is the moment when the stream was made, in ms, and below it the stream's own number.

A stream that was lost and made again counts from 1 anew; what it counts is still after what was before.
"""
_NUMBER = (1 << _NUMBER_BITS) - 1


class NatsLiveFeed:
    """A LiveFeed on an open connection; the streams must exist (`ensure_streams`)."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._dropping = False

    async def publish(self, organisation_id: OrganisationId, topic: str, payload: bytes) -> None:
        """See LiveFeed."""
        if not self._client.is_connected:  # the client would keep the message, and stall once it keeps too many
            self._note(dropping=True, why="the connection to NATS is down")
            return
        try:
            async with asyncio.timeout(_PUBLISH_WITHIN_S):
                await self._client.publish(_subject(organisation_id, topic), payload)
        except (NatsClientError, OSError, TimeoutError) as error:
            self._note(dropping=True, why=type(error).__name__)
        else:
            self._note(dropping=False)

    async def latest(self, organisation_id: OrganisationId, topic: str) -> int:
        """See LiveFeed; the last of all organisations will do. Raises BusUnavailable."""
        del organisation_id, topic
        try:
            info = await _stream_info(self._client)
        except (NatsClientError, TimeoutError) as error:
            raise _unavailable(error) from error
        return _epoch(info) | info.state.last_seq

    @asynccontextmanager
    async def follow(
        self, organisation_id: OrganisationId, topic: str, after: int
    ) -> AsyncGenerator[AsyncIterator[LiveMessage], None]:
        """See LiveFeed. Raises BusUnavailable at the start; afterwards it waits for NATS to come back."""
        follower = _Follower(self._client, _subject(organisation_id, topic), after)
        await follower.renew()
        following = follower.messages()
        try:
            yield following
        finally:
            await following.aclose()
            await follower.leave()

    async def missed(
        self, organisation_id: OrganisationId, topic: str, after: int, limit: int
    ) -> Sequence[LiveMessage]:
        """See LiveFeed. Raises BusUnavailable."""
        follower = _Follower(self._client, _subject(organisation_id, topic), after)
        waiting = await follower.renew()
        if waiting > limit:
            await follower.leave()
            raise LivePast(f"{waiting} live messages came after {after}; begin anew from what the store has")
        messages = follower.messages()
        try:
            async with asyncio.timeout(_MISSED_WITHIN_S):
                return [await anext(messages) for _ in range(waiting)]
        except TimeoutError as error:
            raise _unavailable(error) from error
        finally:
            await messages.aclose()
            await follower.leave()

    def _note(self, *, dropping: bool, why: str = "") -> None:
        if dropping == self._dropping:
            return
        self._dropping = dropping
        if dropping:
            log.warning("live messages are dropped: %s", why)
        else:
            log.info("live messages go out again")


class _Follower:
    """An ephemeral consumer, made anew after whatever it last gave when it goes deaf or misses something."""

    def __init__(self, client: Client, subject: str, after: int) -> None:
        self._client = client
        self._stream = client.jetstream()
        self._subject = subject
        self._after = after
        self._epoch = 0
        self._given = 0
        self._subscription: Subscription | None = None

    async def renew(self) -> int:
        """Listen to what follows; gives how many messages wait already. Raises LivePast or BusUnavailable."""
        await self.leave()
        inbox = self._client.new_inbox()
        try:
            self._subscription = await self._client.subscribe(inbox)
            await _stream_info(self._client)
            consumer = await self._stream.add_consumer(LIVE, _consumer(self._subject, inbox, self._after))
            # asked after the consumer was made: what it could begin with then was there before as well
            info = await _stream_info(self._client)
        except (NatsClientError, TimeoutError) as error:
            await self.leave()
            raise _unavailable(error) from error
        self._epoch, self._given = _epoch(info), 0
        if not _is_kept(info, self._after):
            await self.leave()
            raise LivePast(f"live messages after {self._after} are not kept; begin anew from what the store has")
        on_their_way = consumer.delivered.consumer_seq if consumer.delivered else 0
        return (consumer.num_pending or 0) + on_their_way

    async def leave(self) -> None:
        """Listen no more; the server drops a consumer that nobody listens to."""
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            with suppress(NatsClientError):
                await subscription.unsubscribe()

    async def messages(self) -> AsyncGenerator[LiveMessage, None]:
        """Without end. Raises LivePast, and BusUnavailable when the connection is closed for good."""
        while True:
            message = await self._next()
            if message is None:
                await self._recover()
            elif not _is_heartbeat(message):
                numbers = message.metadata.sequence
                if numbers.consumer != self._given + 1:
                    await self._recover()
                    continue
                self._given = numbers.consumer
                self._after = self._epoch | numbers.stream
                yield LiveMessage(self._after, message.data)

    async def _next(self) -> Msg | None:
        if self._subscription is None:
            return None
        try:
            return await self._subscription.next_msg(timeout=_DEAF_AFTER_S)
        except (NatsClientError, TimeoutError):
            return None

    async def _recover(self) -> None:
        try:
            await self.renew()
        except BusUnavailable:
            if self._client.is_closed:
                raise
            await asyncio.sleep(_RENEW_PAUSE_S)


async def _stream_info(client: Client) -> StreamInfo:
    """How the stream stands; made anew if the server lost it, as it does when it restarts."""
    stream = client.jetstream()
    try:
        return await stream.stream_info(LIVE)
    except NotFoundError:
        return await stream.add_stream(live_stream())


def _subject(organisation_id: OrganisationId, topic: str) -> str:
    return f"{LIVE_PREFIX}.{organisation_id}.{topic}"


def _consumer(subject: str, inbox: str, after: int) -> ConsumerConfig:
    return ConsumerConfig(
        deliver_subject=inbox,
        deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
        opt_start_seq=(after & _NUMBER) + 1,
        ack_policy=AckPolicy.NONE,
        filter_subject=subject,
        idle_heartbeat=_HEARTBEAT_S,
        mem_storage=True,
        num_replicas=1,
    )


def _is_heartbeat(message: Msg) -> bool:
    return message.headers is not None and Header.STATUS in message.headers


def _is_kept(info: StreamInfo, after: int) -> bool:
    """Whether the stream still has all that followed; 0 is before the first message there ever was."""
    number = after & _NUMBER
    same = after == 0 or after & ~_NUMBER == _epoch(info)
    return same and info.state.first_seq - 1 <= number <= info.state.last_seq


def _epoch(info: StreamInfo) -> int:
    if info.created is None:
        raise BusUnavailable(f"NATS does not tell when the stream {LIVE} was made; it must be 2.10 or newer")
    return int(info.created.timestamp() * 1_000) << _NUMBER_BITS


def _unavailable(error: Exception) -> BusUnavailable:
    return BusUnavailable(f"the live feed in NATS did not answer ({type(error).__name__}); try again")
