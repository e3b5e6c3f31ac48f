"""The ingesting process: the use case as the worker runs it, fed from a file instead of the network.

    python -m benchmarks.ingesting PAGES_FILE     settings in the environment, orders on standard input

Each line `{"pages": n}` ingests so many pages and is answered with a line of what it took. A process of its own, so
that its memory can be measured. Pages come from the system's file cache, which stands for a network without delay.
"""

import asyncio
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from trilha.adapters.mix.events import read_events
from trilha.adapters.postgres.leases import PostgresLeases

from benchmarks.pages import read_pages
from benchmarks.read_data import ORGANISATION
from trilha.adapters.postgres.organisations import PostgresOrganisations
from trilha.adapters.postgres.pools import open_pool
from trilha.adapters.postgres.unit_of_work import units_of_work
from trilha.adapters.system import SystemClock, Uuid7Ids
from trilha.application.exclusive_run import ExclusiveRun
from trilha.application.telemetry.ingest_events import IngestEvents, IngestEventsCommand
from trilha.application.telemetry.store_page import StorePage
from trilha.domain.telemetry import RunStatus, SourcePage, Stream


class Order(msgspec.Struct, frozen=True):
    """Ingest so many pages."""

    pages: int


class Done(msgspec.Struct, frozen=True):
    """What an order took, and the most memory that the process has ever had resident."""

    seconds: float
    decode_seconds: float
    rows: int
    peak_rss_mib: float


class FileSource:
    """A TelemetrySource over pages in a file; a token is the number of a page."""

    def __init__(self, path: Path) -> None:
        self._pages: Iterator[bytes] = read_pages(path)
        self._number = 0
        self.decode_seconds = 0.0

    async def events_since(self, external_id: int, token: str, *, urgent: bool) -> SourcePage:  # noqa: ARG002 - the port's
        """The next page, whatever the token."""
        body = next(self._pages)
        self._number += 1
        received_at = datetime.now(UTC)
        started = time.perf_counter()
        events, rejected = read_events(body, received_at)
        self.decode_seconds += time.perf_counter() - started
        return SourcePage(
            stream=Stream.EVENTS, since_token=token, next_token=str(self._number), has_more=True,
            received_at=received_at, body=body, events=events, rejected=rejected,
        )  # fmt: skip

    def token_at(self, moment: datetime) -> str:  # noqa: ARG002 - the port's
        """Begin with the first page."""
        return "0"

    def time_of(self, token: str) -> datetime:  # noqa: ARG002 - the port's
        """Young enough for any stream."""
        return datetime.now(UTC)


async def main(path: Path) -> None:
    """Serve orders until standard input ends."""
    source = FileSource(path)
    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(open_pool(os.environ["TRILHA_DATABASE_URL"], name="benchmark"))
        system = await stack.enter_async_context(
            open_pool(os.environ["TRILHA_DATABASE_SYSTEM_URL"], name="benchmark", staging=False)
        )
        clock, ids, leases = SystemClock(), Uuid7Ids(), PostgresLeases(system)
        units = units_of_work(app, clock, ids)
        run = ExclusiveRun(organisations=PostgresOrganisations(system), units=units, leases=leases, clock=clock,
                           ids=ids, worker="benchmark")  # fmt: skip
        store = StorePage(source=source, units=units, clock=clock, ids=ids)
        ingest = IngestEvents(run=run, source=source, units=units, store_page=store, leases=leases, clock=clock)
        for line in sys.stdin:
            done = await _obey(ingest, source, msgspec.json.decode(line, type=Order))
            print(msgspec.json.encode(done).decode(), flush=True)


async def _obey(ingest: IngestEvents, source: FileSource, order: Order) -> Done:
    source.decode_seconds = 0.0
    started = time.perf_counter()
    run = await ingest(IngestEventsCommand(organisation_id=ORGANISATION, max_pages=order.pages))
    seconds = time.perf_counter() - started
    if run is None or run.status is not RunStatus.SUCCEEDED or run.inserted != run.received:
        raise SystemExit(f"the run did not bring every row in as new: {run}")
    return Done(seconds, source.decode_seconds, run.inserted, _peak_rss_mib())


def _peak_rss_mib() -> float:
    """Of this program alone: getrusage would count what the parent had at the moment of the fork."""
    status = Path("/proc/self/status").read_text()
    found = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    assert found
    return int(found[1]) / 1024


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
