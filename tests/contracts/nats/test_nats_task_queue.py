"""The queue in JetStream keeps the contract of TaskQueue."""

from collections.abc import AsyncIterator, Mapping

import pytest
from nats.aio.client import Client

from trilha.adapters.embedded import EmbeddedNats
from trilha.adapters.nats.task_queue import NatsTaskQueue
from trilha.adapters.nats.tasks import TaskBroker, started, task_broker
from trilha.testing.contracts.jobs import TakeTask, TaskQueueContract


class TestNatsTaskQueue(TaskQueueContract):
    @pytest.fixture
    async def broker(self, nats_server: EmbeddedNats, client: Client) -> AsyncIterator[TaskBroker]:
        assert client.is_connected
        async with started(task_broker(nats_server.url)) as broker:
            yield broker

    @pytest.fixture
    def task_queue(self, broker: TaskBroker) -> NatsTaskQueue:
        return NatsTaskQueue(broker)

    @pytest.fixture
    def take_task(self, broker: TaskBroker) -> TakeTask:
        async def take() -> tuple[str, Mapping[str, str]]:
            (message,) = await broker.consumer.fetch(1, timeout=5)
            await message.ack()
            task = broker.formatter.loads(message.data)
            return task.task_name, task.kwargs

        return take
