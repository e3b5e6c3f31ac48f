"""Backing up the data folder of one machine, and making one from a backup."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import msgspec

from trilha.adapters.embedded import DataFolder, EmbeddedError, EmbeddedPostgres
from trilha.adapters.embedded.archive import DATABASE as DUMP
from trilha.adapters.embedded.archive import Archive, Manifest, new_archive
from trilha.adapters.embedded.dumping import check_readable, dump, restore
from trilha.adapters.embedded.location import write_private
from trilha.adapters.postgres import prepare_cluster
from trilha.adapters.postgres.migrate import NEWEST_MIGRATION
from trilha.adapters.postgres.restoring import drop_database, has_outbox, seen_by, send_again, take_place
from trilha.adapters.system import SystemClock
from trilha.entrypoints.container.here import DATABASE, data_folder, existing_folder, role_passwords, running_holder
from trilha.entrypoints.feed import MEMORY, Feed, known_feed
from trilha.entrypoints.mistakes import ExitCode, Mistake
from trilha.entrypoints.settings import Settings, variable

Progress = Callable[[str], None]
_BESIDE = (MEMORY, "secrets/api-token")
"""What an installation is besides its database: whose data they are, and the token that its clients have."""
_RESTORING = f"{DATABASE}_restoring"


def back_up(settings: Settings, path: Path, progress: Progress) -> int:
    """Write what is in the data folder to a new file, running or not; returns its size. Raises Mistake."""
    _require_embedded(settings)
    with _in_words():
        folder = existing_folder(settings)
        if folder is None or not (folder.path / EmbeddedPostgres.name).is_dir():
            raise Mistake("there are no data yet to back up: `trilha up` makes them", ExitCode.UNAVAILABLE)
        with _server(settings, folder) as server:
            _write(folder, _database(server, DATABASE), path, progress)
        progress("checking what was written")
        archive = _checked(path)
        check_readable(folder, archive.pieces(DUMP))
        archive.close()
    return path.stat().st_size


def restore_from(settings: Settings, path: Path, *, replace: bool, progress: Progress) -> Manifest:
    """Make the data folder what it was when the backup was made; nothing may run on it. Raises Mistake.

    What is there is replaced at the very end, when all of the file has proved sound. First the old database is made to
    send its events again, then the bus of both is removed, then the databases are exchanged at once: whenever it fails
    or is killed, there is one of the two, whole, and `trilha up` or the same command once more goes on from there.
    """
    _require_embedded(settings)
    with _in_words():
        progress("checking the file")
        archive = _checked(path)
        beside = _beside(archive)
        folder = data_folder(settings)
        _refuse(folder, beside, replace=replace)
        progress("starting PostgreSQL")
        with EmbeddedPostgres(folder) as server:
            _fill(folder, server, archive, progress)
            _exchange(folder, server)
            for name, content in beside.items():
                write_private(folder.path / name, content)
        archive.close()
    return archive.manifest


def _write(folder: DataFolder, url: str, path: Path, progress: Progress) -> None:
    major, migration = seen_by(url)
    manifest = Manifest(
        made_at=SystemClock().now(), trilha=version("trilha"), postgres_major=major, migration=migration
    )
    with new_archive(path) as archive:
        with archive.member(DUMP) as write:
            dump(folder, url, _told(write, progress, "written"))
        for name in _BESIDE:
            if (folder.path / name).exists():
                with archive.member(name) as write:
                    write((folder.path / name).read_bytes())
        archive.finish(manifest)


def _fill(folder: DataFolder, server: EmbeddedPostgres, archive: Archive, progress: Progress) -> None:
    drop_database(server.superuser_url, _RESTORING)
    prepare_cluster(server.superuser_url, role_passwords(folder), database=_RESTORING)
    url = _database(server, _RESTORING)
    tell = _told(lambda _: None, progress, f"of {_size(archive.database_bytes)} read")
    restore(folder, url, _each(archive.pieces(DUMP), tell))
    progress("getting it ready")
    send_again(url)


def _exchange(folder: DataFolder, server: EmbeddedPostgres) -> None:
    # killed after this, the old database stays, and what it had sent is on no bus any more
    if has_outbox(server.superuser_url, DATABASE):
        send_again(_database(server, DATABASE))
    shutil.rmtree(folder.path / "nats", ignore_errors=True)
    take_place(server.superuser_url, _RESTORING, DATABASE)


def _beside(archive: Archive) -> dict[str, str]:
    """The small files as texts; raises BackupError where one is not what it has to be."""
    texts = {}
    for name, content in archive.small().items():
        try:
            texts[name] = content.decode("ascii")
            if name == MEMORY:
                msgspec.json.decode(content, type=Feed)
        except (UnicodeDecodeError, msgspec.DecodeError):
            raise archive.damaged(name) from None
        if not content.strip():
            raise archive.damaged(name)
    return texts


def _refuse(folder: DataFolder, beside: Mapping[str, str], *, replace: bool) -> None:
    holder = running_holder(folder)
    if holder is not None:
        raise Mistake(f"Trilha runs on the data folder {folder.path} (process {holder}): `trilha down` stops it")
    if (folder.path / EmbeddedPostgres.name).exists() and not replace:
        raise Mistake(
            f"the data folder {folder.path} holds data already: set {variable('data_dir')} to an empty one, or say "
            "--replace to lose what is there"
        )
    there, coming = known_feed(folder.path), beside.get(MEMORY)
    if there is not None and coming is not None and msgspec.json.decode(coming, type=Feed).kind != there.kind:
        raise Mistake(
            f"the data folder {folder.path} is for {there.kind} data, and the backup is not: set "
            f"{variable('data_dir')} to an empty one"
        )


def _checked(path: Path) -> Archive:
    """The backup, read through once; one that this version cannot restore is refused."""
    archive = Archive(path, _BESIDE)
    archive.check()
    if archive.manifest.migration > NEWEST_MIGRATION:
        raise EmbeddedError(
            f"{path} was made by Trilha {archive.manifest.trilha}, whose database is newer (migration "
            f"{archive.manifest.migration}) than this one knows ({NEWEST_MIGRATION}): upgrade Trilha, then restore"
        )
    return archive


@contextmanager
def _server(settings: Settings, folder: DataFolder) -> Iterator[EmbeddedPostgres]:
    """The one that runs, or one started for as long as it is needed."""
    if running_holder(folder) is not None:
        yield EmbeddedPostgres(folder)
        return
    with EmbeddedPostgres(data_folder(settings)) as server:
        yield server


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except EmbeddedError as error:
        raise Mistake(str(error)) from error


def _require_embedded(settings: Settings) -> None:
    if settings.database_url:
        raise Mistake(
            f"{variable('database_url')} is set, and this is for the embedded database: back up your own with its "
            "tools (pg_dump, or what its provider has), and mark its outbox rows as not sent after restoring",
            ExitCode.CONFIGURATION,
        )


def _database(server: EmbeddedPostgres, name: str) -> str:
    return f"{server.superuser_url.rpartition('/')[0]}/{name}"


def _each(pieces: Iterator[bytes], tell: Callable[[bytes], None]) -> Iterator[bytes]:
    for piece in pieces:
        tell(piece)
        yield piece


def _told(write: Callable[[bytes], None], progress: Progress, done: str) -> Callable[[bytes], None]:
    seen = 0

    def writing(piece: bytes) -> None:
        nonlocal seen
        write(piece)
        seen += len(piece)
        progress(f"{_size(seen)} {done}")

    return writing


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB"
