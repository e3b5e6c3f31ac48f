"""The queue of work, as a taskiq broker that does not lose a task to an error, a slow run, or a restart of NATS."""

import asyncio
import hashlib
import json
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

from nats.aio.msg import Msg
from nats.errors import Error as NatsClientError
from nats.js.api import AckPolicy, ConsumerConfig
from taskiq import AckableMessage, BrokerMessage, TaskiqMessage, TaskiqMiddleware, TaskiqResult
from taskiq.serializers import JSONSerializer
from taskiq_nats import PullBasedJetStreamBroker

from trilha.adapters.nats.connection import connect_options
from trilha.adapters.nats.errors import BusUnavailable
from trilha.adapters.nats.in_hand import held
from trilha.adapters.nats.streams import TASK_SUBJECTS, TASKS, tasks_stream

log = logging.getLogger(__name__)

CONSUMER = "workers"
MAX_ATTEMPTS = 5
_FETCH_S = 1.0
_UNKNOWN_TASK_PAUSE_S = 30.0


class TaskBroker(PullBasedJetStreamBroker):
    """taskiq acknowledges a task that raised, one that it does not know, and one that outlived `ack_wait`.

    Here a task that raised or was cancelled goes back to the queue, up to five attempts; an unknown one waits for a
    worker that knows it; a long one is held with in-progress beats, so `ack_wait_s` is only how fast a dead worker is
    noticed.
    """

    def __init__(self, url: str, *, ack_wait_s: float = 15.0, retry_pause_s: float = 5.0, replicas: int = 1) -> None:
        super().__init__(
            url,
            stream_name=TASKS,
            subject=TASK_SUBJECTS,
            durable=CONSUMER,
            pull_consume_batch=1,
            pull_consume_timeout=_FETCH_S,
            stream_config=tasks_stream(replicas=replicas),
            consumer_config=ConsumerConfig(
                durable_name=CONSUMER, ack_policy=AckPolicy.EXPLICIT, ack_wait=ack_wait_s, max_deliver=-1
            ),
            **connect_options(),
        )
        self._ack_wait_s = ack_wait_s
        self._retry_pause_s = retry_pause_s
        self._in_hand: dict[str, Msg] = {}

    async def shutdown(self) -> None:
        """Give back what was taken and not begun, then close."""
        for message in list(self._in_hand.values()):
            await self._answer(message, "nak")
        self._in_hand.clear()
        await super().shutdown()

    async def kick(self, message: BrokerMessage) -> None:
        """Send a task on a subject of its name and arguments, where a newer one takes the place of one that waits."""
        kwargs = self.formatter.loads(message.message).kwargs
        digest = hashlib.sha256(json.dumps(kwargs, sort_keys=True).encode()).hexdigest()[:32]
        subject = TASK_SUBJECTS.replace(">", f"{message.task_name}.{digest}")
        await self.js.publish(subject, message.message, headers=message.labels)

    async def listen(self) -> AsyncGenerator[AckableMessage, None]:
        """Tasks, for ever."""
        async with held(self._in_hand.values(), self._ack_wait_s):
            while True:
                message = await self._next()
                if message is not None and (task_id := await self._accepted(message)) is not None:
                    self._in_hand[task_id] = message
                    yield AckableMessage(data=message.data, ack=partial(self.done, task_id))

    async def done(self, task_id: str) -> None:
        """The task has succeeded, or was given back before."""
        message = self._in_hand.pop(task_id, None)
        if message is not None:
            await self._answer(message, "ack")

    async def give_back(self, task_id: str, *, at_once: bool) -> None:
        """Let another worker, or this one later, try the task; after the last attempt it is over."""
        message = self._in_hand.pop(task_id, None)
        if message is None:
            return
        attempt = message.metadata.num_delivered
        if at_once:
            await self._answer(message, "nak")
        elif attempt < MAX_ATTEMPTS:
            await self._answer(message, "nak", delay=self._retry_pause_s * 2 ** (attempt - 1))
        else:
            log.error("task %s failed %d times and is given up", task_id, attempt)
            await self._answer(message, "ack")

    async def _next(self) -> Msg | None:
        try:
            (message,) = await self.consumer.fetch(1, timeout=_FETCH_S)
        except TimeoutError:
            return None
        except NatsClientError as error:
            log.warning("the task queue does not answer: %s", type(error).__name__)
            await asyncio.sleep(_FETCH_S)
            await self._subscribe_again()
            return None
        return message

    async def _subscribe_again(self) -> None:
        with suppress(NatsClientError):
            await self.consumer.unsubscribe()
        with suppress(NatsClientError, TimeoutError):
            await self._startup_consumer()

    async def _accepted(self, message: Msg) -> str | None:
        try:
            task = self.formatter.loads(message.data)
        except Exception:  # noqa: BLE001 - the formatter names no errors; what it cannot read is no task
            log.error("task message #%d cannot be read and is dropped", message.metadata.sequence.stream)  # noqa: TRY400 - the text would quote the message
            await self._answer(message, "term")
            return None
        if message.metadata.num_delivered > MAX_ATTEMPTS:
            log.error(
                "task %s %s ended its worker %d times and is given up", task.task_name, task.task_id, MAX_ATTEMPTS
            )
            await self._answer(message, "term")
            return None
        if self.find_task(task.task_name) is None:
            log.warning("task %s is unknown here; a newer worker may know it", task.task_name)
            await self._answer(message, "nak", delay=_UNKNOWN_TASK_PAUSE_S)
            return None
        return task.task_id

    async def _answer(self, message: Msg, how: str, **options: float) -> None:
        try:
            await getattr(message, how)(**options)
        except NatsClientError as error:
            log.warning("cannot answer for a task, it will come again: %s", type(error).__name__)


class GiveBackFailed(TaskiqMiddleware):
    """A task that raised goes back to the queue instead of being acknowledged; a cancelled one at once."""

    async def on_error(self, message: TaskiqMessage, result: TaskiqResult[Any], exception: BaseException) -> None:
        """See TaskiqMiddleware."""
        del result
        if isinstance(self.broker, TaskBroker):
            await self.broker.give_back(message.task_id, at_once=isinstance(exception, asyncio.CancelledError))


def task_broker(url: str, *, ack_wait_s: float = 15.0, retry_pause_s: float = 5.0, replicas: int = 1) -> TaskBroker:
    """A broker, not yet started; JSON only, for the default of some parts of taskiq is pickle."""
    broker = TaskBroker(url, ack_wait_s=ack_wait_s, retry_pause_s=retry_pause_s, replicas=replicas)
    return broker.with_serializer(JSONSerializer()).with_middlewares(GiveBackFailed())


@asynccontextmanager
async def started(broker: TaskBroker, *, within_s: float = 10) -> AsyncGenerator[TaskBroker, None]:
    """The broker connected and its queue made; shut down at the end of the block. Raises BusUnavailable."""
    try:
        await asyncio.wait_for(broker.startup(), within_s)
    except (NatsClientError, OSError) as error:
        await broker.client.close()
        raise BusUnavailable(
            f"the task queue in NATS did not answer within {within_s:g} s ({type(error).__name__}); "
            "start NATS, or check TRILHA_NATS_URL"
        ) from error
    try:
        yield broker
    finally:
        await broker.shutdown()
