"""The file of a backup: a ZIP, so that anybody can look into it, written whole or not at all.

It holds the database's dump, some small files beside it, and last a manifest with everybody's checksum: a file that was
cut off has none. Only its owner may read it, for it holds tokens and personal data.
"""

import errno
import hashlib
import os
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from trilha.adapters.embedded.dumping import PIECE
from trilha.adapters.embedded.errors import BackupError

FORMAT: Final = 1
DATABASE: Final = "database.dump"
_MANIFEST: Final = "manifest.json"
_SMALL_BYTES: Final = 1 << 16

Progress = Callable[[int], None]


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup is of. `checksums` are SHA-256 in hexadecimal by name."""

    format: int = FORMAT
    made_at: datetime
    trilha: str
    postgres_major: int
    migration: str
    checksums: dict[str, str] = {}


class ArchiveWriter:
    """Collects what belongs into a backup; see `new_archive`."""

    def __init__(self, file: zipfile.ZipFile) -> None:
        self._file = file
        self._checksums: dict[str, str] = {}

    @contextmanager
    def member(self, name: str) -> Iterator[Callable[[bytes], None]]:
        """Write one piece after the other."""
        digest = hashlib.sha256()
        with self._file.open(name, "w", force_zip64=True) as target:

            def write(piece: bytes) -> None:
                digest.update(piece)
                target.write(piece)

            yield write
        self._checksums[name] = digest.hexdigest()

    def finish(self, manifest: Manifest) -> None:
        """The last thing to be written."""
        complete = msgspec.structs.replace(manifest, checksums=self._checksums)
        self._file.writestr(_MANIFEST, msgspec.json.format(msgspec.json.encode(complete), indent=2))


@contextmanager
def new_archive(path: Path) -> Iterator[ArchiveWriter]:
    """Write a backup to `path`, which must not exist. Raises BackupError, and then nothing is there.

    It grows in a file beside it that must not exist either, so two never write the same one.
    """
    unfinished = path.with_name(f"{path.name}.unfinished")
    _refuse_existing(path)
    descriptor = _begun(unfinished)
    try:
        with os.fdopen(descriptor, "wb") as raw:
            os.fchmod(descriptor, 0o600)
            with zipfile.ZipFile(raw, "w", zipfile.ZIP_STORED) as file:
                yield ArchiveWriter(file)
            raw.flush()
            os.fsync(descriptor)
        _refuse_existing(path)
        unfinished.rename(path)
    except OSError as error:
        raise _cannot_write(path, error) from error
    finally:
        unfinished.unlink(missing_ok=True)


_NO_BACKUP = (
    zipfile.BadZipFile,
    KeyError,  # it has no manifest
    msgspec.DecodeError,
    NotImplementedError,  # how zipfile says that a member is packed in a way that it does not know
)


class Archive:
    """A backup that was opened; its manifest has been read, its contents not yet.

    Besides the dump only members named in `beside` are ever read, and of those and the manifest 64 KiB at most.
    """

    def __init__(self, path: Path, beside: Sequence[str]) -> None:
        self.path = path
        self._beside = beside
        try:
            self._file = zipfile.ZipFile(path)
            self.manifest = msgspec.json.decode(self._read(_MANIFEST), type=Manifest)
        except FileNotFoundError:
            raise BackupError(f"{path} does not exist: give the file that `trilha backup` wrote") from None
        except _NO_BACKUP:
            raise BackupError(f"{path} is no backup of Trilha, or was cut off: take another one") from None
        except OSError as error:
            raise BackupError(f"{path} cannot be read: {error.strerror}") from error
        if self.manifest.format > FORMAT:
            raise BackupError(f"{path} was made by Trilha {self.manifest.trilha}: restore it with that or a newer one")

    def pieces(self, name: str) -> Iterator[bytes]:
        """What a member holds, piece by piece."""
        with self._file.open(name) as source:
            while piece := source.read(PIECE):
                yield piece

    def small(self) -> Mapping[str, bytes]:
        """The files beside the database, those that there are. Raises BackupError for one that is not small."""
        return {name: self._read(name) for name in self._known()}

    @property
    def database_bytes(self) -> int:
        """How large the dump is."""
        return self._file.getinfo(DATABASE).file_size

    def check(self) -> None:
        """Read all that counts. Raises BackupError where a byte is not as it was written."""
        for name in (DATABASE, *self._known()):
            digest = hashlib.sha256()
            try:
                for piece in self.pieces(name):
                    digest.update(piece)
            except (zipfile.BadZipFile, KeyError, OSError):
                digest = hashlib.sha256(b"unreadable")
            if digest.hexdigest() != self.manifest.checksums.get(name):
                raise self.damaged(name)

    def damaged(self, name: str) -> BackupError:
        """What to raise about a member that cannot be what was written."""
        return BackupError(f"{self.path} is damaged ({name} is not as it was written): take another backup")

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _known(self) -> list[str]:
        return [name for name in self._beside if name in self.manifest.checksums]

    def _read(self, name: str) -> bytes:
        with self._file.open(name) as source:
            content = source.read(_SMALL_BYTES + 1)
        if len(content) > _SMALL_BYTES:
            raise BackupError(f"{self.path} is no backup of Trilha ({name} has more than {_SMALL_BYTES} bytes)")
        return content


def _refuse_existing(path: Path) -> None:
    if path.exists():
        raise BackupError(f"{path} exists already, and is not overwritten: choose another name or remove it")


def _begun(unfinished: Path) -> int:
    try:
        return os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        raise BackupError(
            f"{unfinished} exists: another backup is being written to it, or one was interrupted; wait for the one, "
            "or remove the file if there is none, then try again"
        ) from None
    except OSError as error:
        raise _cannot_write(unfinished, error) from error


def _cannot_write(path: Path, error: OSError) -> BackupError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return BackupError(f"no space left for {path}: free some, or write to another disk")
    return BackupError(f"{path} cannot be written: {error.strerror}")
