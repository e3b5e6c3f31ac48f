"""A consumer process over PostgreSQL and NATS that dies on one event each time: for the test that poisons it."""

import asyncio
import os
import sys
from signal import SIGKILL

from trilha.adapters.nats import NatsEventBus, open_nats
from trilha.adapters.postgres import PostgresDeadLetters, open_pool, units_of_work
from trilha.adapters.system import SystemClock, Uuid7Ids
from trilha.application.ports import Envelope
from trilha.application.subscriptions import SUBSCRIPTIONS
from trilha.application.telemetry.on_events_ingested import CountThroughput

ATTEMPTS = 3


async def main(app_url: str, system_url: str, nats_url: str, poison: str) -> None:
    clock = SystemClock()
    subscription = next(one for one in SUBSCRIPTIONS if one.use_case == "count_throughput")
    async with (
        open_pool(app_url, name="poisoned app") as app,
        open_pool(system_url, name="poisoned system", staging=False) as system,
        open_nats(nats_url) as client,
    ):
        count = CountThroughput(units=units_of_work(app, clock, Uuid7Ids()))

        async def digest(envelope: Envelope) -> None:
            if str(envelope.id) == poison:
                os.kill(os.getpid(), SIGKILL)
            await count(envelope)

        bus = NatsEventBus(
            client,
            dead_letters=PostgresDeadLetters(system),
            clock=clock,
            pauses_s=(0.1,) * (ATTEMPTS - 1),
            ack_wait_s=0.5,
        )
        await bus.consume(subscription.consumer, subscription.event_types, digest)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
