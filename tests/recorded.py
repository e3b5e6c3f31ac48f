"""Recorded tracks and what other libraries compute of them: no part of the project, used where they exist."""

import csv
import json
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain, pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

ROOT = Path(__file__).parents[1]
CAB_SILENCE = timedelta(minutes=10)
PORTO_STEP = timedelta(seconds=15)

Fix = tuple[datetime, float, float]
"""When, latitude, longitude."""


@dataclass(frozen=True)
class Recorded:
    """What a file says of one vehicle, read without our own readers; a trail is a journey without silence."""

    name: str
    trails: list[list[Fix]]
    untimed: int = 0
    boardings: tuple[tuple[datetime, bool], ...] = ()
    """When passengers got in (true) or out."""

    @property
    def fixes(self) -> list[Fix]:
        return list(chain.from_iterable(self.trails))


def shared_data() -> Path:
    """The folder of recorded data. They are no part of the project, so a test is skipped where there are none.

    Fails where TRILHA_SHARED_DIR names a folder without them: who names one wants the tests to run.
    """
    named = os.environ.get("TRILHA_SHARED_DIR")
    beside = [Path(named)] if named else [folder / "shared" for folder in list(ROOT.parents)[:2]]
    for folder in beside:
        if (folder / "data" / "tracks").is_dir():
            return folder / "data"
    if named:
        pytest.fail(f"TRILHA_SHARED_DIR is {named!r}, which has no data/tracks")
    pytest.skip("no recorded data beside the project")


def reference_tracks() -> Sequence[Mapping[str, str]]:
    """The rows of the reference values, one for each recorded GPX file."""
    with (shared_data() / "tracks" / "reference_values.csv").open(newline="") as rows:
        return list(csv.DictReader(rows))


def read_gpx_file(path: Path, name: str) -> Recorded:
    """Any namespace; a point without a time is counted only."""
    trails, untimed = [], 0
    for segment in ET.parse(path).getroot().iterfind(".//{*}trkseg"):
        points = [(point.findtext("{*}time"), point.attrib) for point in segment.iterfind("{*}trkpt")]
        timed = [(_moment(at), float(where["lat"]), float(where["lon"])) for at, where in points if at]
        untimed += len(points) - len(timed)
        if timed:
            trails.append(timed)
    return Recorded(name, trails, untimed)


def read_cab_file(path: Path, name: str) -> Recorded:
    """Lines of latitude, longitude, occupied, seconds since 1970."""
    rows = [line.split() for line in path.read_text().splitlines()]
    fixes = [(_since_1970(row[3]), float(row[0]), float(row[1])) for row in rows]
    occupied = [row[2] == "1" for row in rows]
    boardings = [(fixes[n][0], now) for n, (before, now) in enumerate(pairwise(occupied), 1) if before is not now]
    return Recorded(name, list(_cut(fixes)), boardings=tuple(boardings))


def read_porto_file(path: Path, name: str) -> list[Recorded]:
    """A taxi each; a ride is a row with points."""
    rides: defaultdict[str, list[list[Fix]]] = defaultdict(list)
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            places, start = json.loads(row["POLYLINE"]), _since_1970(row["TIMESTAMP"])
            if places:
                ride = [(start + n * PORTO_STEP, latitude, longitude) for n, (longitude, latitude) in enumerate(places)]
                rides[row["TAXI_ID"]].append(ride)
    return [
        Recorded(f"{name}#{taxi}", trails, boardings=tuple(chain.from_iterable(map(_ends, trails))))
        for taxi, trails in rides.items()
    ]


def _ends(ride: list[Fix]) -> list[tuple[datetime, bool]]:
    return [(ride[0][0], True), (ride[-1][0], False)]


def _cut(fixes: list[Fix]) -> Iterator[list[Fix]]:
    trail = fixes[:1]
    for before, after in pairwise(fixes):
        if after[0] - before[0] > CAB_SILENCE:
            yield trail
            trail = []
        trail.append(after)
    yield trail


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.strip()).astimezone(UTC)


def _since_1970(seconds: str) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)
