"""A whole worker on memory adapters and a real NATS, for tests that end it: what it did goes into files."""

import asyncio
import logging
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from signal import SIGKILL
from uuid import UUID

from tests.integration.nats.world import WallClock
from trilha.adapters.nats import NatsEventBus, ensure_streams, open_nats
from trilha.adapters.nats.task_queue import NatsTaskQueue
from trilha.adapters.nats.tasks import started, task_broker
from trilha.application.ports import DeadLetter, Envelope
from trilha.application.schedule import JOBS
from trilha.application.telemetry.on_events_ingested import CONSUMER as THROUGHPUT
from trilha.domain.kernel import OrganisationId
from trilha.entrypoints.worker.parts import WorkerOptions, WorkerParts
from trilha.entrypoints.worker.process import run_worker

ORGANISATION = OrganisationId(UUID(int=7))


class Diary:
    """Appends lines that outlive the process."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "diary"

    def note(self, line: str) -> None:
        with self._file.open("a") as file:
            file.write(line + "\n")

    @property
    def lines(self) -> list[str]:
        return self._file.read_text().splitlines() if self._file.exists() else []


class NotedLetters:
    """Dead letters of the consumer that is killed, in the diary.

    What another one of the same process had in hand at each of its deaths may end there as well: nobody can tell.
    """

    def __init__(self, diary: Diary) -> None:
        self._diary = diary

    async def add(self, letter: DeadLetter) -> None:
        if letter.consumer != THROUGHPUT:
            return
        self._diary.note(f"dead {letter.envelope.subject} {letter.attempts} {letter.error}")

    async def all(self, organisation_id: OrganisationId) -> list[DeadLetter]:
        raise NotImplementedError


async def idle(_: OrganisationId) -> None:
    pass


async def nothing() -> int:
    return 0


async def main(url: str, folder: Path) -> None:
    diary = Diary(folder)

    async def ingest(_: OrganisationId) -> None:
        diary.note("ingest began")
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            diary.note("ingest rolled back")
            raise

    async def sync(_: OrganisationId) -> None:
        diary.note("synced")

    async def not_watched(_: Envelope) -> None:
        pass

    async def digest(envelope: Envelope) -> None:
        if envelope.subject == "13":
            diary.note("killed")
            os.kill(os.getpid(), SIGKILL)
        diary.note(f"digested {envelope.subject}")

    async def connect() -> None:
        diary.note(f"connected {datetime.now(UTC):%H}")

    async with open_nats(url) as client, started(task_broker(url, ack_wait_s=1)) as broker:
        await ensure_streams(client)
        queue = NatsTaskQueue(broker)
        due = ["ingest_events", "sync_master_data"]

        async def tick() -> int:
            while due:
                await queue.enqueue(due.pop(), {"organisation_id": str(ORGANISATION)})
            return 0

        bus = NatsEventBus(
            client, dead_letters=NotedLetters(diary), clock=WallClock(), pauses_s=(0.1, 0.1), ack_wait_s=1
        )
        parts = WorkerParts(
            tasks={**{job.task: idle for job in JOBS}, "ingest_events": ingest, "sync_master_data": sync},
            handlers={"count_throughput": digest, "watch_vehicles": not_watched},
            relay=nothing,
            redeliver=nothing,
            tick=tick,
            connect=connect,
            upkeep=nothing,
            bus=bus,
            broker=broker,
            clock=WallClock(),
        )
        await run_worker(parts, WorkerOptions(run_folder=folder))


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
