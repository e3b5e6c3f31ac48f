"""The file of a backup: written by one at a time, and read no further than what belongs to it."""

import hashlib
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from trilha.adapters.embedded.archive import DATABASE, Archive, Manifest, new_archive
from trilha.adapters.embedded.errors import BackupError

BESIDE = ("feed.json", "secrets/api-token")
MANIFEST = Manifest(made_at=datetime(2026, 3, 10, tzinfo=UTC), trilha="1", postgres_major=17, migration="0001")


def write(path: Path, members: dict[str, bytes]) -> None:
    with new_archive(path) as archive:
        for name, content in members.items():
            with archive.member(name) as add:
                add(content)
        archive.finish(MANIFEST)


def unfinished(path: Path) -> Path:
    return path.with_name(f"{path.name}.unfinished")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "backup.zip"


def test_it_reads_what_was_written_of_the_members_it_knows(path: Path) -> None:
    write(path, {DATABASE: b"dump", "feed.json": b"{}", "secrets/postgres": b"not asked for"})
    archive = Archive(path, BESIDE)
    archive.check()
    assert archive.small() == {"feed.json": b"{}"}
    assert b"".join(archive.pieces(DATABASE)) == b"dump"
    archive.close()
    assert not unfinished(path).exists()


def test_it_reads_no_member_that_is_larger_than_it_can_be(path: Path) -> None:
    write(path, {DATABASE: b"d" * 100_000, "feed.json": b" " * 65_536, "secrets/api-token": b"t" * 65_537})
    archive = Archive(path, BESIDE[:1])
    assert len(archive.small()["feed.json"]) == 65_536
    archive.close()
    archive = Archive(path, BESIDE)
    with pytest.raises(BackupError, match="api-token has more than 65536 bytes"):
        archive.small()
    archive.close()


@pytest.mark.parametrize("missing", [DATABASE, "feed.json"])
def test_a_member_that_the_manifest_promises_must_be_there(path: Path, missing: str) -> None:
    members = {DATABASE: b"dump", "feed.json": b"{}"}
    checksums = {name: hashlib.sha256(content).hexdigest() for name, content in members.items()}
    with zipfile.ZipFile(path, "w") as file:
        for name in members.keys() - {missing}:
            file.writestr(name, members[name])
        file.writestr("manifest.json", msgspec.json.encode(msgspec.structs.replace(MANIFEST, checksums=checksums)))
    archive = Archive(path, BESIDE)
    with pytest.raises(BackupError, match=f"damaged .{missing}"):
        archive.check()
    archive.close()


def test_without_a_dump_it_is_no_backup(path: Path) -> None:
    write(path, {"feed.json": b"{}"})
    archive = Archive(path, BESIDE)
    with pytest.raises(BackupError, match="damaged"):
        archive.check()
    archive.close()


def test_two_do_not_write_the_same_file(path: Path) -> None:
    with new_archive(path) as archive:
        with pytest.raises(BackupError, match="another backup is being written"):
            write(path, {})
        with archive.member(DATABASE) as add:
            add(b"dump")
        archive.finish(MANIFEST)
    first = Archive(path, BESIDE)
    first.check()
    first.close()


def test_it_follows_no_link_and_leaves_alone_what_it_did_not_make(path: Path) -> None:
    elsewhere = path.with_name("elsewhere")
    elsewhere.write_bytes(b"precious")
    unfinished(path).symlink_to(elsewhere)
    with pytest.raises(BackupError, match="remove the file"):
        write(path, {DATABASE: b"dump"})
    assert elsewhere.read_bytes() == b"precious"
    assert unfinished(path).is_symlink()
    assert not path.exists()
