"""One worker process from start to end."""

import asyncio
import logging
import os
import signal
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from functools import partial

from trilha.application.relay_outbox import BATCH as RELAY_BATCH
from trilha.application.tick_schedule import BATCH as TICK_BATCH
from trilha.entrypoints.worker.consumers import consume_all
from trilha.entrypoints.worker.endless import Body, Led, every, keep_going, rounds
from trilha.entrypoints.worker.heartbeat import Pulse, heartbeat_file
from trilha.entrypoints.worker.parts import WorkerOptions, WorkerParts, check_bound
from trilha.entrypoints.worker.receiver import TaskReceiver
from trilha.entrypoints.worker.roles import Role

log = logging.getLogger(__name__)

HEARTBEAT_S = 1.0
RELAY_PAUSES_S = (0.05, 1.0)
TICK_S = 1.0
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


async def run_worker(parts: WorkerParts, options: WorkerOptions, stop: asyncio.Event | None = None) -> None:
    """Do the roles until `stop` is set, or until SIGTERM or SIGINT where none is given; a second signal ends at once.

    Returns within `stop_within_s` of being told to stop, with the page in hand finished or rolled back. Raises
    ValueError at once if a job or a subscription has nobody to do it. The broker must be started.
    """
    check_bound(parts)
    if stop is not None:
        await _run(parts, options, stop)
        return
    with _stopping_by_signal() as signalled:
        await _run(parts, options, signalled)


async def _run(parts: WorkerParts, options: WorkerOptions, stop: asyncio.Event) -> None:
    pulse = Pulse(heartbeat_file(options.run_folder, options.process), options.roles, parts.clock)
    receiver = TaskReceiver(
        parts.broker, parts.tasks, pulse, max_tasks=options.max_tasks, grace_s=options.stop_within_s * 0.4
    )
    loops = _loops(parts, options, pulse, receiver)
    told = asyncio.create_task(stop.wait())
    log.info("%s started: %s", options.process, ", ".join(sorted(options.roles)))
    try:
        ended, _ = await asyncio.wait({told, *loops}, return_when=asyncio.FIRST_COMPLETED)
        for loop in ended:
            loop.result()
    finally:
        told.cancel()
        receiver.stop()
        await _end(loops, options.stop_within_s)
        await parts.leadership.resign()
        pulse.remove()
    log.info("%s stopped", options.process)


def _loops(
    parts: WorkerParts, options: WorkerOptions, pulse: Pulse, receiver: TaskReceiver
) -> list[asyncio.Task[None]]:
    def led(role: Role) -> Led:
        return Led(role, parts.leadership, role, pulse)

    async def relay() -> None:
        shortest_s, longest_s = RELAY_PAUSES_S
        await rounds(parts.relay, RELAY_BATCH, shortest_s=shortest_s, longest_s=longest_s, led=led(Role.RELAY))

    async def tick() -> None:
        await rounds(parts.tick, TICK_BATCH, shortest_s=TICK_S, longest_s=TICK_S, led=led(Role.SCHEDULER))

    bodies: dict[Role, Body] = {
        Role.TASKS: receiver.run,
        Role.CONSUMERS: partial(consume_all, parts, pulse),
        Role.RELAY: relay,
        Role.SCHEDULER: tick,
        Role.ORGANISATIONS: partial(every, options.connect_every_s, parts.connect, Role.ORGANISATIONS, pulse),
        Role.UPKEEP: partial(every, options.upkeep_every_s, parts.upkeep, Role.UPKEEP, pulse),
    }
    loops = [
        asyncio.create_task(keep_going(role, bodies[role], pulse, lambda: receiver.is_stopping), name=role)
        for role in options.roles
    ]
    return [*loops, asyncio.create_task(_beat(pulse), name="heartbeat")]


async def _beat(pulse: Pulse) -> None:
    while True:
        try:
            pulse.write()
        except OSError as error:
            log.error("cannot write the heartbeat: %s", error)  # noqa: TRY400 - the text says it all
        await pulse.news(within_s=HEARTBEAT_S)


async def _end(loops: Sequence[asyncio.Task[None]], within_s: float) -> None:
    """Cancel all but the tasks' loop, which knows how to end by itself."""
    for loop in loops:
        if loop.get_name() != Role.TASKS:
            loop.cancel()
    _, hanging = await asyncio.wait(loops, timeout=within_s)
    for loop in hanging:
        log.error("%s did not stop within %.0f s and is cut off", loop.get_name(), within_s)
        loop.cancel()


@contextmanager
def _stopping_by_signal() -> Generator[asyncio.Event, None, None]:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def on_signal(number: int) -> None:
        if stop.is_set():
            os._exit(128 + number)
        log.info("%s: stopping; once more ends at once", signal.Signals(number).name)
        stop.set()

    for number in _SIGNALS:
        loop.add_signal_handler(number, on_signal, number)
    try:
        yield stop
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
