"""What the children print: a log file each, bounded in size."""

import asyncio
import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

_LARGEST_BYTES = 10 << 20
_KEPT = 3
_TAIL_BYTES = 16 << 10
_CHUNK_BYTES = 64 << 10


class RotatingLog:
    """Appends to a file that only its owner reads; a full one is renamed to ``.1``, and so on, the oldest dropped."""

    def __init__(self, path: Path, *, largest_bytes: int = _LARGEST_BYTES, kept: int = _KEPT) -> None:
        self.path = path
        self._largest_bytes = largest_bytes
        self._kept = kept
        self._file = self._open()

    def write(self, chunk: bytes) -> None:
        """Write at once: after a crash the last words matter most. On a full disk the words are lost, not the run."""
        with contextlib.suppress(OSError):
            if self._file.tell() and self._file.tell() + len(chunk) > self._largest_bytes:
                self._rotate()
            self._file.write(chunk)

    def close(self) -> None:
        self._file.close()

    def _open(self) -> BinaryIO:
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        file = os.fdopen(descriptor, "ab", buffering=0)
        file.seek(0, os.SEEK_END)
        return file

    def _rotate(self) -> None:
        self._file.close()
        for number in range(self._kept, 0, -1):
            older = self._numbered(number - 1)
            if older.exists():
                older.replace(self._numbered(number))
        self._file = self._open()

    def _numbered(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}") if number else self.path


class OutputPipe:
    """A pipe whose reading end feeds ``sink`` from the running event loop.

    Not asyncio's own pipe: with that, waiting for a process waits for everybody who inherited its output, too.
    """

    def __init__(self, sink: Callable[[bytes], None]) -> None:
        self._sink = sink
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        self._reading, self.writing = os.pipe()
        os.set_blocking(self._reading, False)
        self._loop.add_reader(self._reading, self._read)

    def close_writing(self) -> None:
        """Once the child has it."""
        os.close(self.writing)

    async def drain(self, within_s: float) -> None:
        """Read what is left, then close; whoever still holds the other end is not waited for longer."""
        try:
            async with asyncio.timeout(within_s):
                await self._ended.wait()
        except TimeoutError:
            pass
        finally:
            self._close()

    def _read(self) -> None:
        chunk = os.read(self._reading, _CHUNK_BYTES)
        if chunk:
            self._sink(chunk)
        else:
            self._close()

    def _close(self) -> None:
        if not self._ended.is_set():
            self._ended.set()
            self._loop.remove_reader(self._reading)
            os.close(self._reading)


def last_lines(log: Path, count: int = 15) -> str:
    """The end of a log file; empty when there is none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _TAIL_BYTES))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-count:])
    except FileNotFoundError:
        return ""
