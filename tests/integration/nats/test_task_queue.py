"""A task is done once it has succeeded: errors, long runs, dead workers and restarts of NATS do not lose it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest
from nats.aio.client import Client
from taskiq.receiver import Receiver

from tests.integration.nats.test_event_bus import kill_and_restart
from tests.integration.nats.world import until
from trilha.adapters.embedded import EmbeddedNats
from trilha.adapters.nats import BusUnavailable
from trilha.adapters.nats.streams import TASKS
from trilha.adapters.nats.task_queue import NatsTaskQueue
from trilha.adapters.nats.tasks import TaskBroker, started, task_broker

pytestmark = pytest.mark.usefixtures("client")


@asynccontextmanager
async def working(broker: TaskBroker, name: str, task: Callable[[str], Awaitable[None]]) -> AsyncIterator[None]:
    async def run(organisation_id: str) -> None:
        await task(organisation_id)

    broker.register_task(run, task_name=name)
    finish = asyncio.Event()
    receiver = Receiver(broker, run_startup=False, validate_params=False, max_async_tasks=4, wait_tasks_timeout=0)
    listening = asyncio.create_task(receiver.listen(finish))
    try:
        yield
    finally:
        finish.set()
        await listening


@pytest.fixture
async def broker(nats_server: EmbeddedNats, client: Client) -> AsyncIterator[TaskBroker]:
    async with started(task_broker(nats_server.url, ack_wait_s=0.6, retry_pause_s=0.05)) as broker:
        yield broker


async def left(client: Client) -> int:
    return (await client.jetstream().stream_info(TASKS)).state.messages


async def until_empty(client: Client) -> None:
    async with asyncio.timeout(10):
        waiting = await left(client)
        while waiting:
            await asyncio.sleep(0.02)
            waiting = await left(client)


async def test_a_done_task_is_gone(client: Client, broker: TaskBroker) -> None:
    seen: list[str] = []

    async def note(organisation_id: str) -> None:
        seen.append(organisation_id)

    await NatsTaskQueue(broker).enqueue("note", {"organisation_id": "one"})
    async with working(broker, "note", note):
        await until(lambda: bool(seen))
        await until_empty(client)
    assert seen == ["one"]


async def test_a_task_that_raises_is_tried_again_and_given_up_in_the_end(client: Client, broker: TaskBroker) -> None:
    attempts: list[str] = []

    async def fail(organisation_id: str) -> None:
        attempts.append(organisation_id)
        raise ConnectionError

    await NatsTaskQueue(broker).enqueue("fail", {"organisation_id": "one"})
    async with working(broker, "fail", fail):
        await until_empty(client)
    assert len(attempts) == 5


async def test_the_same_work_waits_once(client: Client, broker: TaskBroker) -> None:
    seen: list[str] = []

    async def note(organisation_id: str) -> None:
        seen.append(organisation_id)

    for organisation_id in ("one", "two", "one", "one"):
        await NatsTaskQueue(broker).enqueue("note", {"organisation_id": organisation_id})
    assert await left(client) == 2
    async with working(broker, "note", note):
        await until_empty(client)
    assert sorted(seen) == ["one", "two"]


async def test_work_enqueued_while_it_runs_is_done_again(client: Client, broker: TaskBroker) -> None:
    starts: list[str] = []

    async def ask_for_more(organisation_id: str) -> None:
        starts.append(organisation_id)
        if len(starts) == 1:
            await NatsTaskQueue(broker).enqueue("more", {"organisation_id": "one"})

    await NatsTaskQueue(broker).enqueue("more", {"organisation_id": "one"})
    async with working(broker, "more", ask_for_more):
        await until(lambda: len(starts) == 2)
        await until_empty(client)


async def test_a_long_task_runs_once(client: Client, broker: TaskBroker) -> None:
    starts: list[str] = []

    async def last_long(organisation_id: str) -> None:
        starts.append(organisation_id)
        await asyncio.sleep(2)

    await NatsTaskQueue(broker).enqueue("long", {"organisation_id": "one"})
    async with working(broker, "long", last_long):
        await until_empty(client)
    assert len(starts) == 1


async def test_an_unknown_task_waits_for_a_worker_that_knows_it(client: Client, broker: TaskBroker) -> None:
    seen: list[str] = []

    async def note(organisation_id: str) -> None:
        seen.append(organisation_id)

    await NatsTaskQueue(broker).enqueue("of-a-newer-version", {"organisation_id": "one"})
    await NatsTaskQueue(broker).enqueue("old", {"organisation_id": "two"})
    async with working(broker, "old", note):
        await until(lambda: bool(seen))
    assert seen == ["two"]
    assert await left(client) == 1


async def test_the_queue_hears_again_after_nats_was_killed(
    nats_server: EmbeddedNats, client: Client, broker: TaskBroker
) -> None:
    seen: set[str] = set()

    async def note(organisation_id: str) -> None:
        seen.add(organisation_id)

    queue = NatsTaskQueue(broker)
    async with working(broker, "again", note):
        await queue.enqueue("again", {"organisation_id": "before"})
        await until(lambda: seen == {"before"})
        await kill_and_restart(nats_server)
        async with asyncio.timeout(10):
            while "after" not in seen:
                with suppress(BusUnavailable):
                    await queue.enqueue("again", {"organisation_id": "after"})
                await asyncio.sleep(0.1)
    assert client.is_connected
