"""A stack started as a user starts it, on free ports and in a data folder of its own; shared by a module's tests."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

TRILHA = str(Path(sys.executable).with_name("trilha"))
DEADLINE_S = 60.0


class Installation:
    """A data folder and a port, and the commands on them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        ours = {name: value for name, value in os.environ.items() if not name.startswith("TRILHA_")}
        self.environment = {
            **ours,
            "TRILHA_DATA_DIR": str(folder),
            "TRILHA_HTTP_PORT": str(self.port),
            # a page in the hands of a killed worker is free again this soon
            "TRILHA_LEASE_TTL_S": "3",
            # nobody waits here for the minute in which the simulated MiX takes the next call
            "TRILHA_MIX_CALLS_PER_MINUTE": "120",
            "TRILHA_MIX_CALLS_PER_HOUR": "7200",
            "COLUMNS": "60",
            "NO_COLOR": "1",
        }

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [TRILHA, *arguments],
            env={**self.environment, **variables},
            capture_output=True,
            text=True,
            timeout=DEADLINE_S * 2,
            check=False,
        )

    def status(self) -> dict[str, Any]:
        return dict(json.loads(self.run("status", "--json").stdout))

    def child(self, name: str) -> dict[str, Any]:
        return next(child for child in self.status()["children"] if child["name"] == name)

    def get(self, path: str) -> dict[str, Any]:
        token = self.run("token").stdout.strip()
        answer = httpx.get(
            f"http://127.0.0.1:{self.port}{path}", headers={"Authorization": f"Bearer {token}"}, timeout=10
        )
        answer.raise_for_status()
        return dict(answer.json())

    def processes(self) -> list[psutil.Process]:
        """Whatever still works for this installation, known by its environment or its working folder."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                told = process.environ().get("TRILHA_DATA_DIR"), process.cwd()
                if str(self.folder) == told[0] or str(told[1]).startswith(str(self.folder)):
                    found.append(process)
        return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(condition: Callable[[], object], what: str, within_s: float = DEADLINE_S) -> None:
    """Wait for a condition; an API that restarts is not yet the answer."""
    deadline = time.monotonic() + within_s
    last: object = None
    while time.monotonic() < deadline:
        try:
            last = condition()
        except httpx.HTTPError as error:
            last = error
        else:
            if last:
                return
        time.sleep(0.2)
    pytest.fail(f"{what}: not within {within_s:g} s; last: {last!r}")


@pytest.fixture
def installation() -> Iterator[Installation]:
    """One that was never started."""
    with tempfile.TemporaryDirectory(prefix="trilha cli ") as folder:
        yield Installation(Path(folder) / "data")


@pytest.fixture(scope="module")
def demo() -> Iterator[Installation]:
    """`trilha up --demo --detach`, ready; stopped at the end. Its path holds a space and an accent."""
    with tempfile.TemporaryDirectory(prefix="trilha café ") as folder:
        # as root the servers run as a user of their own, who has to pass
        Path(folder).chmod(0o755)
        made = Installation(Path(folder) / "data")
        try:
            started = made.run("up", "--demo", "--detach")
            assert started.returncode == 0, started.stdout + started.stderr
            yield made
        finally:
            made.run("down")
