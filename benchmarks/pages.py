"""Pages of the feeds as MiX would send them, made by the simulator and kept in a file while they are needed.

In a file, not in memory: a million events are 0.9 GB of JSON, and the memory of whoever ingests them is measured.
"""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache, partial
from pathlib import Path

from msgspec.structs import replace

from benchmarks.figures import progress
from trilha.domain.telemetry import Stream
from trilha.simulators.mix import EventSource, Kind, Scenario, load_scenario
from trilha.simulators.mix.fleet import Fleet
from trilha.simulators.mix.records import Source
from trilha.simulators.mix.streams import open_streams
from trilha.simulators.mix.wire import encode

PAGE = 1_000
_LENGTH_BYTES = 8
_KINDS = {Stream.EVENTS: Kind.EVENTS, Stream.POSITIONS: Kind.POSITIONS, Stream.TRIPS: Kind.TRIPS}


def write_pages(path: Path, stream: Stream, rows: int) -> None:
    """Write `rows` records in order of occurrence over 90 days."""
    progress(f"rendering {rows:,} {stream}")
    scenario = _scenario(rows)
    with path.open("wb") as file, ProcessPoolExecutor() as pool:
        for page in pool.map(partial(_render, scenario, stream, rows), range(0, rows, PAGE), chunksize=10):
            file.write(len(page).to_bytes(_LENGTH_BYTES, "little"))
            file.write(page)


def read_pages(path: Path) -> Iterator[bytes]:
    """One page after the other, never more than one in memory."""
    with path.open("rb") as file:
        while length := file.read(_LENGTH_BYTES):
            yield file.read(int.from_bytes(length, "little"))


def _scenario(rows: int) -> Scenario:
    plain = load_scenario(rows)
    per_day = plain.events_per_vehicle_per_day
    return replace(
        plain, positions_per_vehicle_per_day=per_day, trips_per_vehicle_per_day=min(per_day, _TRIPS), future_share=0.0
    )


_TRIPS = 12
"""A bus has time for so many a day."""


def _render(scenario: Scenario, stream: Stream, rows: int, start: int) -> bytes:
    source = _source(scenario, stream)
    slots = range(start, start + min(PAGE, rows - start))
    return encode([source.record(sending) for slot in slots for sending in source.sent(slot)])


@lru_cache(maxsize=1)
def _source(scenario: Scenario, stream: Stream) -> Source:
    return open_streams(scenario, Fleet(scenario), EventSource(scenario))[_KINDS[stream]].source
