"""A database as a stream of bytes and back, by PostgreSQL's own programs from the wheel.

A dump is one snapshot: what was committed when it began, whatever is written meanwhile. It is of PostgreSQL's custom
format, compressed, and can be restored on another machine and by a newer PostgreSQL.
"""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Final
from urllib.parse import urlsplit

from trilha.adapters.embedded.errors import BackupError
from trilha.adapters.embedded.location import DataFolder
from trilha.adapters.embedded.server import clean_environment

PIECE: Final = 1 << 20
_COMPRESSION: Final = "gzip:3"
_LAST_LINES: Final = 5


def dump(folder: DataFolder, url: str, write: Callable[[bytes], object]) -> None:
    """Hand over the database at `url`, a superuser's address, piece by piece. Raises BackupError."""
    argv = [str(folder.binaries().pg_dump), "-Fc", f"--compress={_COMPRESSION}", *_signing_in(url)]
    with _running(argv, url, stdout=subprocess.PIPE) as process, _piped(process.stdout) as out:
        while piece := out.read(PIECE):
            write(piece)


def restore(folder: DataFolder, url: str, pieces: Iterator[bytes]) -> None:
    """Fill the empty database at `url`, whose roles exist. Raises BackupError; what came until then stays."""
    _feed([str(folder.binaries().pg_restore), "--exit-on-error", *_signing_in(url)], url, pieces)


def check_readable(folder: DataFolder, pieces: Iterator[bytes]) -> None:
    """Let the program that would restore a dump read its table of contents. Raises BackupError."""
    _feed([str(folder.binaries().pg_restore), "--list"], "", pieces, stdout=subprocess.DEVNULL)


def _feed(argv: list[str], url: str, pieces: Iterator[bytes], **pipes: int) -> None:
    with _running(argv, url, stdin=subprocess.PIPE, **pipes) as process:
        try:
            with _piped(process.stdin) as into:
                for piece in pieces:
                    into.write(piece)
        except BrokenPipeError:
            pass  # it has read enough, or tells at its end what is wrong


def _signing_in(url: str) -> list[str]:
    parts = urlsplit(url)
    names = {"--host": parts.hostname, "--port": parts.port, "--username": parts.username}
    return [f"{name}={value}" for name, value in names.items()] + [
        f"--dbname={parts.path.lstrip('/')}",
        "--no-password",
    ]


@contextmanager
def _running(argv: list[str], url: str, **pipes: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run it to its end; never left behind, whatever the block raises."""
    environment = {**clean_environment(), "PGPASSWORD": urlsplit(url).password or ""}
    with TemporaryFile() as said:
        process = subprocess.Popen(argv, env=environment, cwd="/", stderr=said, **pipes)  # type: ignore[call-overload] # noqa: S603 - ours
        try:
            yield process
        except BaseException:
            process.kill()
            raise
        finally:
            process.wait()
        if process.returncode:
            said.seek(0)
            raise BackupError(f"{Path(argv[0]).name} failed: {_end_of(said.read().decode(errors='replace'))}")


@contextmanager
def _piped(pipe: IO[bytes] | None) -> Iterator[IO[bytes]]:
    if pipe is None:
        raise RuntimeError("no pipe was asked for")
    with pipe:
        yield pipe


def _end_of(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-_LAST_LINES:]) or "it gave no reason"
