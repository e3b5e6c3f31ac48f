"""Handing work to workers."""

from collections.abc import Mapping

from taskiq import AsyncBroker
from taskiq.exceptions import SendTaskError
from taskiq.kicker import AsyncKicker

from trilha.adapters.nats.errors import BusUnavailable


class NatsTaskQueue:
    """A TaskQueue on a started broker. The same task with the same arguments waits once, however often enqueued."""

    def __init__(self, broker: AsyncBroker) -> None:
        self._broker = broker

    async def enqueue(self, task: str, arguments: Mapping[str, str]) -> None:
        """See TaskQueue. Raises BusUnavailable."""
        kicker: AsyncKicker[..., object] = AsyncKicker(task_name=task, broker=self._broker, labels={})
        try:
            await kicker.kiq(**arguments)
        except SendTaskError as error:
            raise BusUnavailable(f"NATS did not take task {task} ({type(error.__cause__).__name__})") from error
