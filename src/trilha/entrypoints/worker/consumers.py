"""The subscriptions, each consumed by one process at a time, for order holds within a process only."""

import asyncio

from trilha.application.dead_letters import BATCH
from trilha.application.subscriptions import SUBSCRIPTIONS, Subscription
from trilha.entrypoints.worker.endless import Led, keep_going, rounds
from trilha.entrypoints.worker.heartbeat import Pulse
from trilha.entrypoints.worker.parts import WorkerParts
from trilha.entrypoints.worker.roles import Role

REDELIVERY_PAUSES_S = (0.5, 2.0)


async def consume_all(parts: WorkerParts, pulse: Pulse) -> None:
    """Run every subscription, each with its own recovery, and hand over dead letters that a person wants replayed."""
    async with asyncio.TaskGroup() as group:
        group.create_task(_redeliver_for_ever(parts, pulse))
        for subscription in SUBSCRIPTIONS:
            group.create_task(_consume_for_ever(subscription, parts, pulse))


async def _redeliver_for_ever(parts: WorkerParts, pulse: Pulse) -> None:
    led = Led("dead-letters", parts.leadership, Role.CONSUMERS, pulse)
    shortest_s, longest_s = REDELIVERY_PAUSES_S

    async def turn() -> None:
        await rounds(parts.redeliver, BATCH, shortest_s=shortest_s, longest_s=longest_s, led=led)

    await keep_going(Role.CONSUMERS, turn, pulse)


async def _consume_for_ever(subscription: Subscription, parts: WorkerParts, pulse: Pulse) -> None:
    led = Led(f"consumer:{subscription.consumer}", parts.leadership, Role.CONSUMERS, pulse)

    async def turn() -> None:
        await led.wait()
        await _consume_while_leading(subscription, parts, led)

    await keep_going(Role.CONSUMERS, turn, pulse)


async def _consume_while_leading(subscription: Subscription, parts: WorkerParts, led: Led) -> None:
    handler = parts.handlers[subscription.use_case]
    wanted = subscription.consumer, subscription.event_types
    consuming = asyncio.create_task(parts.bus.consume(*wanted, handler, in_order=subscription.in_order))
    losing = asyncio.create_task(led.lost())
    led.worked()
    try:
        done, _ = await asyncio.wait({consuming, losing}, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        consuming.cancel()
        losing.cancel()
        await asyncio.gather(consuming, losing, return_exceptions=True)
