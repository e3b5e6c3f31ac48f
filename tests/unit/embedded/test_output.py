"""Logs are bounded, lose nothing before they are full, and end with the last words."""

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from trilha.entrypoints.supervisor.keeper import pause_s
from trilha.entrypoints.supervisor.output import RotatingLog, last_lines
from trilha.entrypoints.supervisor.process import exit_reason

CHUNKS = st.lists(st.binary(min_size=1, max_size=40), max_size=40)


@given(CHUNKS, st.integers(1, 100), st.integers(1, 3))
def test_a_log_is_bounded_and_ends_with_what_was_written_last(chunks: list[bytes], largest: int, kept: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "child.log")
        log = RotatingLog(path, largest_bytes=largest, kept=kept)
        for chunk in chunks:
            log.write(chunk)
        log.close()
        files = sorted(Path(folder).iterdir(), key=lambda file: file.name, reverse=True)
        assert len(files) <= kept + 1
        assert all(file.stat().st_size <= max(largest, 40) for file in files)
        assert b"".join(chunks).endswith(b"".join(file.read_bytes() for file in files))


@given(CHUNKS)
def test_a_log_that_is_opened_again_goes_on(chunks: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "child.log")
        for chunk in chunks:
            log = RotatingLog(path)
            log.write(chunk)
            log.close()
        assert not chunks or path.read_bytes() == b"".join(chunks)
        assert not chunks or path.stat().st_mode & 0o777 == 0o600


@given(st.lists(st.text(st.characters(categories=["L", "N", "P"]), max_size=50), max_size=400), st.integers(1, 30))
def test_last_lines_are_the_last_lines(lines: list[str], count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "child.log")
        path.write_text("".join(f"{line}\n" for line in lines))
        found = last_lines(path, count).split("\n") if lines else []
        # a long log is read from its last 16 KiB, which may cut the first of these lines
        assert found[1:] == lines[-count:][-len(found) :][1:]


def test_no_log_has_no_lines() -> None:
    assert last_lines(Path("/nowhere/child.log")) == ""


@given(st.integers(1, 2000))
def test_pauses_grow_and_stay_bearable(crashes: int) -> None:
    assert 0.2 <= pause_s(crashes) <= pause_s(crashes + 1) <= 30


def test_ends_are_told_in_words() -> None:
    assert [exit_reason(code) for code in (0, 3, -9, -15, -77)] == [
        "exit code 0",
        "exit code 3",
        "SIGKILL",
        "SIGTERM",
        "signal 77",
    ]
