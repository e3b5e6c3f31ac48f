"""Pages of the feeds as MiX would send them, made by the simulator and kept in a file while they are needed.

In a file, not in memory: a million events are 0.9 GB of JSON, and the memory of whoever ingests them is measured.
"""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from benchmarks.figures import progress
from trilha.domain.telemetry import Stream
from trilha.simulators.mix import Kind, Scenario, load_scenario, render_page

PAGE = 1_000
_LENGTH_BYTES = 8
_KINDS = {Stream.EVENTS: Kind.EVENTS, Stream.POSITIONS: Kind.POSITIONS, Stream.TRIPS: Kind.TRIPS}


def write_pages(path: Path, stream: Stream, rows: int) -> None:
    """Write `rows` records in order of creation over 90 days; events and positions are in order of occurrence too."""
    progress(f"rendering {rows:,} {stream}")
    scenario = load_scenario(rows, kind=_KINDS[stream])
    with path.open("wb") as file, ProcessPoolExecutor() as pool:
        for page in pool.map(partial(_render, scenario, stream, rows), range(0, rows, PAGE), chunksize=10):
            file.write(len(page).to_bytes(_LENGTH_BYTES, "little"))
            file.write(page)


def read_pages(path: Path) -> Iterator[bytes]:
    """One page after the other, never more than one in memory."""
    with path.open("rb") as file:
        while length := file.read(_LENGTH_BYTES):
            yield file.read(int.from_bytes(length, "little"))


def _render(scenario: Scenario, stream: Stream, rows: int, start: int) -> bytes:
    return render_page(scenario, start, min(PAGE, rows - start), _KINDS[stream])
