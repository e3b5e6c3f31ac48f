"""A backup taken while everything is at work, restored elsewhere: a moment that was, from which all goes on."""

import asyncio
import stat
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from tests.e2e.platforms import Platform, real_platform
from trilha.adapters.embedded import DataFolder, EmbeddedNats, EmbeddedPostgres, open_data_folder
from trilha.adapters.embedded.archive import Manifest, new_archive
from trilha.adapters.postgres import migrate, prepare_cluster, urls_for
from trilha.application.identity.connect_organisations import ConnectOrganisationsCommand
from trilha.application.ports import Envelope, StorageUnavailable
from trilha.application.subscriptions import SUBSCRIPTIONS
from trilha.application.telemetry.ingest_stream import IngestStreamCommand
from trilha.domain.kernel import OrganisationId
from trilha.domain.telemetry import FEEDS, Stream
from trilha.entrypoints.container.backups import back_up, restore_from
from trilha.entrypoints.container.here import DATABASE, role_passwords
from trilha.entrypoints.mistakes import Mistake
from trilha.entrypoints.settings import Settings
from trilha.simulators.mix import Behaviour, Kind, MixSimulator, Scenario

TABLES = {Kind.EVENTS: "telemetry_events", Kind.POSITIONS: "positions", Kind.TRIPS: "trips"}


@pytest.fixture
async def simulator() -> AsyncIterator[MixSimulator]:
    epoch = datetime.now(UTC).replace(microsecond=0) - timedelta(days=6)
    patient = Behaviour(calls_per_minute=0, calls_per_hour=0)
    scenario = Scenario(epoch=epoch, vehicles=10, positions_per_vehicle_per_day=288, behaviour=patient)
    async with MixSimulator(scenario) as running:
        yield running


@pytest.fixture
def folder() -> Iterator[Path]:
    """As root the servers run as a user of their own, who has to pass."""
    with tempfile.TemporaryDirectory(prefix="trilha backup ") as name:
        Path(name).chmod(0o755)
        yield Path(name)


async def _ingest(platform: Platform, organisation_id: OrganisationId, *feeds: Stream) -> None:
    for feed in feeds:
        run = await platform.ingest(IngestStreamCommand(organisation_id=organisation_id, stream=feed))
        assert run is not None
        assert run.error_message is None


def _of(server: EmbeddedPostgres) -> psycopg.Connection:
    return psycopg.connect(f"{server.superuser_url.rpartition('/')[0]}/{DATABASE}", autocommit=True)


def _holds_the_truth(server: EmbeddedPostgres, simulator: MixSimulator) -> dict[str, int]:
    """Every stream that was begun has exactly what the source made until its token; returns how much."""
    held = {}
    with _of(server) as database:
        for stream, token_time in database.execute("select stream, token_time from checkpoints").fetchall():
            truth = simulator.truth(until=token_time, kind=Kind(stream))
            rows = database.execute(f"select count(*), coalesce(bit_xor(id), 0) from {TABLES[Kind(stream)]}").fetchone()
            assert rows == (truth.events, truth.ids_checksum), stream
            held[stream] = truth.events
    return held


async def _digest_all(platform: Platform, organisation_id: OrganisationId, events: int) -> None:
    digested, complete = 0, asyncio.Event()

    async def digest(envelope: Envelope) -> None:
        nonlocal digested
        await platform.handlers["count_throughput"](envelope)
        digested += 1
        if digested == events:
            complete.set()

    subscription = next(one for one in SUBSCRIPTIONS if one.use_case == "count_throughput")
    consuming = asyncio.create_task(
        platform.bus.consume(f"{subscription.consumer}-{organisation_id}", subscription.event_types, digest)
    )
    try:
        while await platform.relay():
            pass
        await asyncio.wait_for(complete.wait(), 30)
    finally:
        consuming.cancel()
        await asyncio.gather(consuming, return_exceptions=True)


def _asked(server: EmbeddedPostgres, question: str) -> int:
    with _of(server) as database:
        row = database.execute(question).fetchone()
    return int(row[0]) if row else 0


EVENTS = "select count(*) from outbox where envelope ->> 'type' = 'telemetry.events_ingested'"
RECEIVED = "select coalesce(sum(received), 0) from ingestion_runs where kind in ('events', 'positions', 'trips')"


async def test_a_backup_under_load_goes_on_elsewhere(
    simulator: MixSimulator, nats_server: EmbeddedNats, folder: Path
) -> None:
    file = folder / "backup.zip"
    here, there = open_data_folder(folder / "here"), open_data_folder(folder / "there")
    with EmbeddedPostgres(here, durable=False) as server, here.lock("supervisor"):
        urls = prepare_cluster(server.superuser_url, role_passwords(here), database=DATABASE)
        migrate(urls.owner, now=datetime.now(UTC))
        (here.path / "secrets" / "api-token").write_text("the token that clients have")
        async with real_platform(simulator, urls, nats_server) as platform:
            (organisation,) = await platform.connect(ConnectOrganisationsCommand(source="mix"))
            await _ingest(platform, organisation.id, Stream.EVENTS)
            await _digest_all(platform, organisation.id, _asked(server, EVENTS))
            ingesting = asyncio.create_task(_ingest(platform, organisation.id, Stream.POSITIONS, Stream.TRIPS))
            await asyncio.to_thread(back_up, Settings(data_dir=str(here.path)), file, lambda _: None)
            await ingesting
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    _restore_refuses_and_restores(file, there)
    assert (there.path / "secrets" / "api-token").read_text() == "the token that clients have"

    with EmbeddedPostgres(there, durable=False) as server, EmbeddedNats(there, durable=False) as nats:
        before = _holds_the_truth(server, simulator)
        assert before
        async with real_platform(
            simulator, urls_for(server.superuser_url, role_passwords(there), DATABASE), nats
        ) as on:
            await _ingest(on, organisation.id, *FEEDS)
            after = _holds_the_truth(server, simulator)
            assert sum(after.values()) > sum(before.values()), "the backup was taken when all was in"
            await _digest_all(on, organisation.id, _asked(server, EVENTS))
            assert await on.counted(organisation.id) == _asked(server, RECEIVED)


def _restore_refuses_and_restores(file: Path, there: DataFolder) -> None:
    settings = Settings(data_dir=str(there.path))
    with there.lock("supervisor"), pytest.raises(Mistake, match="trilha down"):
        restore_from(settings, file, replace=False, progress=lambda _: None)
    told: list[str] = []
    restore_from(settings, file, replace=False, progress=told.append)
    assert any("MB of" in line for line in told)
    with pytest.raises(Mistake, match="--replace"):
        restore_from(settings, file, replace=False, progress=told.append)
    _one_that_fails_late_leaves_the_old_database_whole(settings, file, there)
    restore_from(settings, file, replace=True, progress=told.append)


def _one_that_fails_late_leaves_the_old_database_whole(settings: Settings, file: Path, there: DataFolder) -> None:
    """Somebody looks into the old database, so that it cannot be exchanged; its bus is gone by then."""
    with EmbeddedPostgres(there, durable=False) as server, _of(server) as database:
        database.execute("update outbox set sent_at = now()")
    (there.path / "nats").mkdir()
    with ExitStack() as looking:

        def look(told: str) -> None:
            if told == "getting it ready":
                looking.enter_context(_of(EmbeddedPostgres(there)))

        with pytest.raises(StorageUnavailable, match="ObjectInUse"):
            restore_from(settings, file, replace=True, progress=look)
    assert not (there.path / "nats").exists()
    with EmbeddedPostgres(there, durable=False) as server:
        assert _asked(server, EVENTS) > 0
        assert _asked(server, "select count(*) from outbox where sent_at is not null") == 0


@pytest.mark.parametrize(
    ("name", "content"),
    [("feed.json", b'{"kind": "theirs"}'), ("secrets/api-token", b"\xff\xfe"), ("secrets/api-token", b" \n")],
)
def test_a_file_with_something_else_beside_its_database_changes_nothing(
    folder: Path, name: str, content: bytes
) -> None:
    file = folder / "backup.zip"
    manifest = Manifest(made_at=datetime.now(UTC), trilha="0", postgres_major=17, migration="0001")
    with new_archive(file) as archive:
        for member, written in (("database.dump", b"dump"), (name, content)):
            with archive.member(member) as write:
                write(written)
        archive.finish(manifest)
    with pytest.raises(Mistake, match=f"damaged .{name}"):
        restore_from(Settings(data_dir=str(folder / "there")), file, replace=True, progress=lambda _: None)
    assert not (folder / "there").exists()
