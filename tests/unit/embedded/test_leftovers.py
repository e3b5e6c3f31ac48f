"""A pid file after a crash: its process may be gone, still ending, or somebody else's by now."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from trilha.adapters.embedded.leftovers import end_leftovers


@contextmanager
def process_in(folder: Path) -> Iterator[psutil.Process]:
    with subprocess.Popen([sys.executable, "-c", "input()"], cwd=folder, stdin=subprocess.PIPE) as process:
        try:
            yield psutil.Process(process.pid)
        finally:
            process.kill()


def test_a_server_that_still_works_in_the_folder_is_ended(tmp_path: Path) -> None:
    pid_file = tmp_path / "server.pid"
    with process_in(tmp_path) as left:
        pid_file.write_text(f"{left.pid}\nmore\n")
        end_leftovers(tmp_path, pid_file, signal.SIGTERM)
        assert not left.is_running()
    assert not pid_file.exists()


def test_a_process_that_only_has_the_same_number_is_left_alone(tmp_path: Path) -> None:
    data, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    data.mkdir()
    elsewhere.mkdir()
    pid_file = data / "server.pid"
    with process_in(elsewhere) as other:
        pid_file.write_text(str(other.pid))
        end_leftovers(data, pid_file, signal.SIGTERM)
        assert other.is_running()
    assert not pid_file.exists()


def test_an_empty_or_missing_pid_file_is_no_obstacle(tmp_path: Path) -> None:
    pid_file = tmp_path / "server.pid"
    end_leftovers(tmp_path, pid_file, signal.SIGTERM)
    pid_file.touch()
    end_leftovers(tmp_path, pid_file, signal.SIGTERM)
    assert not pid_file.exists()
