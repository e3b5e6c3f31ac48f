"""Pages of the event stream as MiX would send them, made by the simulator and kept in a file while they are needed.

In a file, not in memory: a million events are 0.9 GB of JSON, and the memory of whoever ingests them is measured.
"""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from benchmarks.figures import progress
from trilha.simulators.mix import Scenario, load_scenario, render_page

PAGE = 1_000
_LENGTH_BYTES = 8


def write_pages(path: Path, rows: int) -> None:
    """Write `rows` events in order of occurrence over 90 days."""
    progress(f"rendering {rows:,} events")
    scenario = load_scenario(rows)
    with path.open("wb") as file, ProcessPoolExecutor() as pool:
        for page in pool.map(partial(_render, scenario, rows), range(0, rows, PAGE), chunksize=10):
            file.write(len(page).to_bytes(_LENGTH_BYTES, "little"))
            file.write(page)


def read_pages(path: Path) -> Iterator[bytes]:
    """One page after the other, never more than one in memory."""
    with path.open("rb") as file:
        while length := file.read(_LENGTH_BYTES):
            yield file.read(int.from_bytes(length, "little"))


def _render(scenario: Scenario, rows: int, start: int) -> bytes:
    return render_page(scenario, start, min(PAGE, rows - start))
