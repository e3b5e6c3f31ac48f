"""taskiq's receiver inside our process: tasks by name, stopped in good order."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from uuid import UUID

from taskiq import AsyncBroker
from taskiq.receiver import Receiver

from trilha.domain.kernel import OrganisationId
from trilha.domain.performance import RolledUp
from trilha.domain.telemetry import IngestionRun, RunStatus
from trilha.entrypoints.worker.heartbeat import Pulse
from trilha.entrypoints.worker.parts import Task
from trilha.entrypoints.worker.roles import Role

log = logging.getLogger(__name__)


class TaskReceiver:
    """Runs tasks until stopped: those at work get `grace_s` to end, then they are cancelled and roll back.

    The broker must be started; a broker that gives cancelled and failed tasks back to the queue loses nothing.
    """

    def __init__(
        self, broker: AsyncBroker, tasks: Mapping[str, Task], pulse: Pulse, *, max_tasks: int, grace_s: float
    ) -> None:
        self._broker = broker
        self._pulse = pulse
        self._max_tasks = max_tasks
        self._grace_s = grace_s
        self._finish = asyncio.Event()
        self._at_work: set[asyncio.Task[object]] = set()
        for name, task in tasks.items():
            broker.register_task(self._tracked(name, task), task_name=name)
        # each failure is told once, by us; a task that is cut off at the end is no failure
        logging.getLogger("taskiq.receiver.receiver").setLevel(logging.CRITICAL)

    async def run(self) -> None:
        """Take tasks; returns when all have ended after `stop`. Raises what the broker's listening raises."""
        receiver = Receiver(
            self._broker,
            run_startup=False,
            validate_params=False,
            max_async_tasks=self._max_tasks,
            wait_tasks_timeout=self._grace_s,
        )
        self._pulse.working(Role.TASKS)
        await receiver.listen(self._finish)
        await self._cancel_rest()

    def stop(self) -> None:
        """Take no more."""
        self._finish.set()

    @property
    def is_stopping(self) -> bool:
        """Whether `stop` was called."""
        return self._finish.is_set()

    async def _cancel_rest(self) -> None:
        rest = list(self._at_work)
        for task in rest:
            task.cancel()
        if rest:
            log.info("%d tasks were cut off; their last committed page stands, another worker goes on", len(rest))
            await asyncio.wait(rest, timeout=self._grace_s)

    def _tracked(self, name: str, task: Task) -> Callable[[str], Awaitable[None]]:
        async def run(organisation_id: str) -> None:
            if self._finish.is_set():
                raise asyncio.CancelledError
            current = asyncio.current_task()
            assert current is not None  # noqa: S101 - a coroutine runs in a task
            self._at_work.add(current)
            try:
                _tell(name, organisation_id, await task(OrganisationId(UUID(organisation_id))))
            except Exception:
                log.exception("task %s failed for organisation %s", name, organisation_id)
                raise
            finally:
                self._at_work.discard(current)

        return run


def _tell(name: str, organisation_id: str, result: object) -> None:
    match result:
        case IngestionRun(status=RunStatus.FAILED) as run:
            log.warning("%s of %s failed: %s", name, organisation_id, run.error_message or run.error_code)
        case IngestionRun() as run:
            log.info(
                "%s of %s: %d records on %d pages, %d new", name, organisation_id, run.received, run.pages, run.inserted
            )
        case RolledUp(days=days, missing=missing) if days:
            log.info("%s of %s: %d days, %d to come", name, organisation_id, days, missing)
        case _:
            log.debug("%s of %s: nothing to do", name, organisation_id)
