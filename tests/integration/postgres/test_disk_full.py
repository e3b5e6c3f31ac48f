"""The disk of the database is full in the middle of a page: nothing of it is kept, and work goes on with more room.

Where we may mount a file system the disk really is full. Everywhere a trigger stands in for it, which refuses with the
server's own words: while rows are written, and, with all of them written, while they are committed.
"""

import os
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import psycopg
import pytest

from tests.postgres import PASSWORDS, in_database
from trilha.adapters.embedded import EmbeddedPostgres, open_data_folder
from trilha.adapters.memory import MemoryLiveFeed, MemorySource, SourceFleet
from trilha.adapters.postgres import (
    DatabaseUrls,
    PostgresLeases,
    PostgresOrganisations,
    migrate,
    open_pool,
    prepare_cluster,
    units_of_work,
)
from trilha.adapters.system import SystemClock, Uuid7Ids
from trilha.application.exclusive_run import ExclusiveRun
from trilha.application.ports import StorageUnavailable
from trilha.application.telemetry.ingest_stream import IngestStream, IngestStreamCommand
from trilha.application.telemetry.store_page import StorePage
from trilha.domain.fleet import SourceOrganisation
from trilha.domain.identity import OrganisationSource
from trilha.domain.kernel import OrganisationId
from trilha.domain.telemetry import IngestionRun, RunStatus, Stream
from trilha.testing.contracts.fresh import an_organisation, new_external_id
from trilha.testing.contracts.telemetry_records import a_trip

PAGE = 200
PAGES = 5
SPARE_BYTES = 200_000
"""Less than a page of trips and its indexes take."""
SIZE = "220m"


class Disk(Protocol):
    def fill(self) -> None: ...
    def make_room(self) -> None: ...


class RefusingServer:
    """Says that its disk is full: at the first trip, or, `at_commit`, when everything has been written."""

    def __init__(self, superuser: psycopg.Connection, *, at_commit: bool) -> None:
        self._superuser = superuser
        self._table = "outbox" if at_commit else "trips"
        self._when = (
            "constraint trigger no_room after insert on outbox deferrable initially deferred"
            if at_commit
            else "trigger no_room before insert on trips"
        )

    def fill(self) -> None:
        self._superuser.execute(
            "create or replace function no_room() returns trigger language plpgsql as "
            "$$ begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$"
        )
        self._superuser.execute(f"create {self._when} for each row execute function no_room()")

    def make_room(self) -> None:
        self._superuser.execute(f"drop trigger no_room on {self._table}")


class SmallDisk:
    """A file system with little room."""

    def __init__(self, superuser: psycopg.Connection, folder: Path) -> None:
        self._superuser = superuser
        self._filler = folder / "filler"

    def fill(self) -> None:
        # the page is to fail at its rows, not at the log that comes before them
        self._superuser.execute("select pg_switch_wal()")
        self._superuser.execute("checkpoint")
        free = os.statvfs(self._filler.parent)
        with self._filler.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, free.f_bavail * free.f_bsize - SPARE_BYTES)

    def make_room(self) -> None:
        self._filler.unlink()


@contextmanager
def _mounted() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="trilha-disk-") as name:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", name], check=True, capture_output=True)
        try:
            yield Path(name)
        finally:
            subprocess.run(["umount", name], check=True)


def _may_mount() -> bool:
    with suppress(OSError, subprocess.CalledProcessError), _mounted():
        return True
    return False


PLACES = ["rows", "commit", *(["disk"] if os.geteuid() == 0 and _may_mount() else [])]


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def server(place: str, request: pytest.FixtureRequest) -> Iterator[tuple[DatabaseUrls, Disk]]:
    """A migrated database, and the disk below it."""
    with _mounted() if place == "disk" else nullcontext() as folder:
        if folder is None:
            urls = request.getfixturevalue("fresh_postgres_urls")
            superuser_url = request.getfixturevalue("postgres_superuser_url")
            with psycopg.connect(in_database(superuser_url, urls.app), autocommit=True) as superuser:
                yield urls, RefusingServer(superuser, at_commit=place == "commit")
            return
        with EmbeddedPostgres(open_data_folder(folder / "data"), durable=False) as server:
            urls = prepare_cluster(server.superuser_url, PASSWORDS)
            migrate(urls.owner, now=datetime.now(UTC))
            with psycopg.connect(in_database(server.superuser_url, urls.app), autocommit=True) as superuser:
                yield urls, SmallDisk(superuser, folder)


@asynccontextmanager
async def _ingesting(urls: DatabaseUrls) -> AsyncIterator[tuple[IngestStream, OrganisationId]]:
    """A source with PAGES pages of trips, and what brings them in."""
    clock, ids, external_id, organisation = SystemClock(), Uuid7Ids(), new_external_id(), an_organisation()
    source = MemorySource(clock, PAGE)
    source.add(SourceFleet(SourceOrganisation(external_id, organisation.name, organisation.time_zone)))
    trips = [a_trip(number, occurred_at=clock.now() - timedelta(hours=1)) for number in range(PAGE * PAGES)]
    source.emit(external_id, trips)
    async with (
        open_pool(urls.app, name="test") as pool,
        open_pool(urls.system, name="test", staging=False) as system_pool,
    ):
        organisations = PostgresOrganisations(system_pool)
        await organisations.add(organisation, OrganisationSource(organisation.id, "memory", external_id))
        units = units_of_work(pool, clock, ids)
        run = ExclusiveRun(
            organisations=organisations,
            units=units,
            leases=PostgresLeases(system_pool),
            clock=clock,
            ids=ids,
            worker="test",
        )
        store = StorePage(source=source, units=units, live=MemoryLiveFeed(), clock=clock, ids=ids)
        yield (
            IngestStream(run=run, source=source, units=units, store_page=store, clock=clock, ids=ids),
            organisation.id,
        )


async def _once(ingest: IngestStream, organisation_id: OrganisationId) -> IngestionRun | None:
    """None where there was no room even for what became of the run."""
    try:
        return await ingest(IngestStreamCommand(organisation_id=organisation_id, stream=Stream.TRIPS))
    except StorageUnavailable:
        return None


def _kept(urls: DatabaseUrls, organisation_id: OrganisationId) -> tuple[int, ...]:
    """How many pages there are, by their trips, bytes, moves of the checkpoint, and events."""
    with psycopg.connect(urls.app) as app, psycopg.connect(urls.system) as system:
        app.execute("select set_config('trilha.organisation_id', %s, true)", (str(organisation_id),))
        trips, pages, moves = (
            app.execute(
                "select (select count(*) from trips), (select count(*) from raw_pages), "
                "coalesce((select version from checkpoints), 0)"
            ).fetchone()
            or ()
        )
        sent = system.execute("select count(*) from outbox").fetchone() or ()
    assert trips % PAGE == 0, "a page is half written"
    return (trips // PAGE, pages, moves, *sent)


async def test_a_page_for_which_there_is_no_room_is_brought_in_later(server: tuple[DatabaseUrls, Disk]) -> None:
    urls, disk = server
    async with _ingesting(urls) as (ingest, organisation_id):
        disk.fill()
        refused = await _once(ingest, organisation_id)
        assert refused is None or (refused.status, refused.error_code) == (RunStatus.FAILED, StorageUnavailable.code)
        counts = _kept(urls, organisation_id)
        assert len(set(counts)) == 1, counts
        assert counts[0] < PAGES
        disk.make_room()
        again = await _once(ingest, organisation_id)
        assert again is not None
        assert (again.status, again.pages) == (RunStatus.SUCCEEDED, PAGES - counts[0])
        assert set(_kept(urls, organisation_id)) == {PAGES}
