"""The ingesting process: the use case as the worker runs it, fed from a file instead of the network.

    python -m benchmarks.ingesting PAGES_FILE STREAM     settings in the environment, orders on standard input

Each line `{"pages": n}` ingests so many pages and is answered with a line of what it took; with `"apart": true` the
steps of a page are done one after the other and timed. A process of its own, so that its memory can be measured. Pages
come from the system's file cache, which stands for a network without delay.
"""

import asyncio
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import msgspec

from benchmarks.pages import read_pages
from benchmarks.read_data import ORGANISATION
from trilha.adapters.memory import MemoryLiveFeed
from trilha.adapters.mix import MixPages
from trilha.adapters.postgres import Pool, PostgresLeases, PostgresOrganisations, PostgresUnitOfWork, open_pool
from trilha.adapters.postgres.staging import RECORD_TABLES
from trilha.adapters.system import SystemClock, Uuid7Ids
from trilha.application.exclusive_run import ExclusiveRun
from trilha.application.holding import LEASE_TTL
from trilha.application.ports import Leases, TelemetryUnitOfWork, UnitsOfWork
from trilha.application.telemetry.ingest_stream import IngestStream, IngestStreamCommand
from trilha.application.telemetry.store_page import StorePage, StorePageCommand
from trilha.domain.kernel import OrganisationId
from trilha.domain.telemetry import AmendmentPage, IngestionRun, RunKind, RunStatus, SourcePage, Stream


class Order(msgspec.Struct, frozen=True):
    """Ingest so many pages."""

    pages: int
    apart: bool = False


class Done(msgspec.Struct, frozen=True):
    """What an order took, and the most memory that the process has ever had resident."""

    seconds: float
    rows: int
    peak_rss_mib: float


class Parts(msgspec.Struct, frozen=True):
    """Seconds that each step of one page of `rows` took, one after the other.

    `staging` is the COPY of encoded rows into the staging table, `merge` what comes after it in the repository, `page`
    the rest of the transaction: lease, raw page, checkpoint, run, outbox, commit.
    """

    rows: int
    decode: float
    encode: float
    staging: float
    merge: float
    page: float


class FileSource(MixPages):
    """A TelemetrySource over pages in a file; a token is the number of a page."""

    def __init__(self, path: Path, stream: Stream) -> None:
        self._pages: Iterator[bytes] = read_pages(path)
        self._number = 0
        self._began_at = datetime.now(UTC)
        self.stream = stream

    async def page_since(self, stream: Stream, external_id: int, token: str, *, urgent: bool) -> SourcePage:  # noqa: ARG002 - the port's
        """The next page, whatever the token."""
        self._number += 1
        body = next(self._pages)
        received_at = datetime.now(UTC)
        understood = self.understand(stream, body, received_at)
        return SourcePage(
            stream=stream, asked_for=token, next_token=str(self._number), has_more=True,
            received_at=received_at, body=body, records=understood.records, rejected=understood.rejected,
        )  # fmt: skip

    def token_at(self, moment: datetime) -> str:  # noqa: ARG002 - the port's
        """Begin with the first page."""
        return "0"

    def time_of(self, token: str) -> datetime:
        """Young enough for any stream, and later for a later page."""
        return self._began_at + timedelta(microseconds=int(token))

    async def page_between(self, stream: Stream, external_id: int, start: datetime, end: datetime) -> SourcePage:
        """Not measured."""
        raise NotImplementedError

    async def amendments(self, stream: Stream, external_id: int, first: date, last: date) -> AmendmentPage:
        """Not measured."""
        raise NotImplementedError


async def main(path: Path, stream: Stream) -> None:
    """Serve orders until standard input ends."""
    source = FileSource(path, stream)
    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(open_pool(os.environ["TRILHA_DATABASE_URL"], name="benchmark"))
        system = await stack.enter_async_context(
            open_pool(os.environ["TRILHA_DATABASE_SYSTEM_URL"], name="benchmark", staging=False)
        )
        clock, ids, leases = SystemClock(), Uuid7Ids(), PostgresLeases(system)

        def units(organisation_id: OrganisationId) -> PostgresUnitOfWork:
            return PostgresUnitOfWork(app, organisation_id, clock, ids)

        run = ExclusiveRun(organisations=PostgresOrganisations(system), units=units, leases=leases, clock=clock,
                           ids=ids, worker="benchmark")  # fmt: skip
        store = StorePage(source=source, units=units, live=MemoryLiveFeed(kept=1), clock=clock, ids=ids)
        ingest = IngestStream(run=run, source=source, units=units, store_page=store, clock=clock, ids=ids)
        for line in sys.stdin:
            order = msgspec.json.decode(line, type=Order)
            if order.apart:
                steps = Steps(source, app, units, store, leases, ids.new)
                answer: Done | list[Parts] = [await steps() for _ in range(order.pages)]
            else:
                answer = await _obey(ingest, stream, order)
            print(msgspec.json.encode(answer).decode(), flush=True)


async def _obey(ingest: IngestStream, stream: Stream, order: Order) -> Done:
    started = time.perf_counter()
    command = IngestStreamCommand(organisation_id=ORGANISATION, stream=stream, max_pages=order.pages)
    run = await ingest(command)
    seconds = time.perf_counter() - started
    if run is None or run.status is not RunStatus.SUCCEEDED or run.inserted != run.received:
        raise SystemExit(f"the run did not bring every row in as new: {run}")
    return Done(seconds, run.inserted, _peak_rss_mib())


class Steps:
    """One page, step by step, committed at the end. Staging is done once more before, by itself, and rolled back."""

    def __init__(
        self, source: FileSource, pool: Pool, units: UnitsOfWork[TelemetryUnitOfWork], store: StorePage, leases: Leases,
        new_id: Callable[[], UUID],
    ) -> None:  # fmt: skip
        self._source = source
        self._pool = pool
        self._units = units
        self._store = store
        self._leases = leases
        self._new_id = new_id

    async def __call__(self) -> Parts:
        """Do it, and say what it took."""
        stream = self._source.stream
        lease = await self._leases.acquire(ORGANISATION, f"ingest:{stream}", "benchmark", LEASE_TTL)
        async with self._units(ORGANISATION) as unit:
            checkpoint = await unit.checkpoints.get(stream)
        if lease is None or checkpoint is None:
            raise SystemExit("ingest something first, and nothing beside it")
        page = await self._source.page_since(stream, 0, checkpoint.token, urgent=True)
        started = time.perf_counter()
        self._source.understand(stream, page.body, page.received_at)
        decode = time.perf_counter() - started
        encode, staging = await self._stage(page)
        merge = await self._merge(page)
        run = IngestionRun(id=self._new_id(), kind=RunKind(stream), started_at=page.received_at)
        started = time.perf_counter()
        await self._store(StorePageCommand(lease=lease, checkpoint=checkpoint, run=run, page=page))
        whole = time.perf_counter() - started
        return Parts(len(page.records), decode, encode, staging, merge - encode - staging, whole - merge)

    async def _stage(self, page: SourcePage) -> tuple[float, float]:
        table = RECORD_TABLES[page.stream]
        async with self._pool.connection() as connection, connection.transaction(force_rollback=True):
            async with connection.cursor() as cursor, cursor.copy(table.copy) as copy:
                copy.set_types(table.types)
                started = time.perf_counter()
                ready = b"".join([copy.formatter.write_row(msgspec.structs.astuple(each)) for each in page.records])
                encoded = time.perf_counter()
                await copy.write(ready)
            return encoded - started, time.perf_counter() - encoded

    async def _merge(self, page: SourcePage) -> float:
        """Merge without keeping: leaving the block rolls back."""
        async with self._units(ORGANISATION) as unit:
            await unit.checkpoints.get(page.stream)
            started = time.perf_counter()
            await unit.records(page.stream).merge(self._new_id(), page.received_at, page.records)
            return time.perf_counter() - started


def _peak_rss_mib() -> float:
    """Of this program alone: getrusage would count what the parent had at the moment of the fork."""
    status = Path("/proc/self/status").read_text()
    found = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    assert found
    return int(found[1]) / 1024


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Stream(sys.argv[2])))
