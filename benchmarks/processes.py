"""Servers under measurement: started on a free port, waited for, and stopped with everything they started."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from benchmarks.scratch import folder

READY_WITHIN_S = 60.0
STOPPED_WITHIN_S = 20.0


def free_port() -> int:
    """One that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(name: str, argv: Sequence[str], environment: Mapping[str, str], ready_url: str) -> Iterator[int]:
    """Run a server while the block lasts; gives its process id once `ready_url` answers 200."""
    log = folder("logs") / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(argv, env=os.environ | environment, stdout=output, stderr=output)
        try:
            _wait_until_ready(process, ready_url, log)
            yield process.pid
        finally:
            process.terminate()
            try:
                process.wait(STOPPED_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_until_ready(process: "subprocess.Popen[bytes]", ready_url: str, log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while not answers(ready_url):
        if process.poll() is not None:
            raise SystemExit(f"{process.args!r} ended with {process.returncode}: {log.read_text()[-2000:]}")
        if time.monotonic() > deadline:
            raise SystemExit(f"{ready_url} was not ready within {READY_WITHIN_S:.0f} s: see {log}")
        time.sleep(0.02)


def answers(url: str) -> bool:
    """Whether a GET is answered with 200."""
    try:
        with urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False
