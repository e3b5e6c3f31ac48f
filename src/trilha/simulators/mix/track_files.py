"""Recorded tracks in files: GPX, cab traces of San Francisco and taxi rides of Porto, told apart by what is in them."""

import csv
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import msgspec
from msgspec import Struct

from trilha.domain.tracks import GpxRefused, MalformedGpx, TrackPoint, read_gpx

_CAB_GAP = timedelta(minutes=10)
_PORTO_STEP = timedelta(seconds=15)
_CAB_FIELDS = 4
_LARGEST_FIELD = 4_000_000
_SUFFIXES = frozenset({".gpx", ".txt", ".csv"})

Trail = tuple[TrackPoint, ...]


class Dropped(Struct, frozen=True):
    """A point of a file that is not served, counted from 0, and why."""

    segment: int
    position: int
    reason: str


class Boarding(Struct, frozen=True):
    """Passengers get in, or out."""

    point: TrackPoint
    in_: bool = msgspec.field(name="in")


class Recording(Struct, frozen=True):
    """What one vehicle left behind; trails are in order of time, each of them a trip if it has two points."""

    name: str
    trails: tuple[Trail, ...]
    boardings: tuple[Boarding, ...] = ()
    dropped: tuple[Dropped, ...] = ()


class Ignored(Struct, frozen=True):
    """A file that holds no track we can read."""

    name: str
    reason: str


def read_tracks(folder: Path) -> tuple[list[Recording], list[Ignored]]:
    """Every recording below a folder, one for each GPX file, each cab and each taxi, in the order of their names.

    Raises `ValueError` when there is none.
    """
    recordings: list[Recording] = []
    ignored: list[Ignored] = []
    for path in sorted(one for one in folder.rglob("*") if one.suffix.lower() in _SUFFIXES and one.is_file()):
        name = path.relative_to(folder).as_posix()
        try:
            found = [one for one in _read(path, name) if one.trails]
        except (ValueError, KeyError, GpxRefused, MalformedGpx) as error:
            ignored.append(Ignored(name, str(error) or type(error).__name__))
            continue
        recordings += found
        if not found:
            ignored.append(Ignored(name, "no point with a time"))
    if not recordings:
        raise ValueError(
            f"{folder} holds no GPX file, no cab trace (lat lon occupied time) and no file with a POLYLINE"
        )
    return recordings, ignored


def _read(path: Path, name: str) -> list[Recording]:
    readers: dict[str, Callable[[Path, str], list[Recording]]] = {".gpx": _gpx, ".txt": _cab, ".csv": _porto}
    return readers[path.suffix.lower()](path, name)


def _gpx(path: Path, name: str) -> list[Recording]:
    """A segment is a trail; what has no time cannot be told in a stream."""
    file = read_gpx(path.read_bytes())
    dropped = tuple(Dropped(point.segment, point.position, point.reason.value) for point in file.unused)
    return [Recording(name, tuple(_in_order(points) for points in file.segments), dropped=dropped)]


def _cab(path: Path, name: str) -> list[Recording]:
    """Lines of latitude, longitude, occupied (0 or 1) and seconds since 1970; silence parts trails."""
    fixes: list[tuple[TrackPoint, bool]] = []
    dropped = []
    for number, line in enumerate(path.read_text("ascii").splitlines()):
        fix = _cab_fix(line)
        if fix is not None:
            fixes.append(fix)
        elif not fixes:
            raise ValueError(f"the first line is {line[:40]!r}; a cab trace has: lat lon occupied unix_time")
        else:
            dropped.append(Dropped(0, number, "malformed_line"))
    fixes.sort(key=lambda fix: fix[0].at)
    boardings = (Boarding(now[0], now[1]) for before, now in pairwise(fixes) if before[1] is not now[1])
    trails = _cut([point for point, _ in fixes])
    return [Recording(name, tuple(trails), tuple(boardings), tuple(dropped))]


def _cab_fix(line: str) -> tuple[TrackPoint, bool] | None:
    fields = line.split()
    if len(fields) != _CAB_FIELDS or fields[2] not in {"0", "1"} or not fields[3].isdigit():
        return None
    try:
        at = datetime.fromtimestamp(int(fields[3]), UTC)
        return TrackPoint(at=at, latitude_deg=float(fields[0]), longitude_deg=float(fields[1])), fields[2] == "1"
    except (ValueError, OverflowError):
        return None


def _cut(points: list[TrackPoint]) -> Iterator[Trail]:
    first = 0
    for place, (before, after) in enumerate(pairwise(points), start=1):
        if after.at - before.at > _CAB_GAP:
            yield tuple(points[first:place])
            first = place
    if points:
        yield tuple(points[first:])


def _porto(path: Path, name: str) -> list[Recording]:
    """Every row a ride of a taxi, a point each 15 seconds; passengers get in at the first and out at the last."""
    csv.field_size_limit(_LARGEST_FIELD)
    rides: defaultdict[str, list[Trail]] = defaultdict(list)
    dropped: defaultdict[str, list[Dropped]] = defaultdict(list)
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        if not {"TAXI_ID", "TIMESTAMP", "POLYLINE"} <= set(rows.fieldnames or ()):
            raise ValueError("no columns TAXI_ID, TIMESTAMP and POLYLINE")
        for number, row in enumerate(rows):
            trail = _ride(row)
            if trail:
                rides[row["TAXI_ID"]].append(trail)
            else:
                dropped[row["TAXI_ID"]].append(Dropped(number, 0, "empty_ride"))
    return [_taxi(name, taxi, trails, tuple(dropped[taxi])) for taxi, trails in sorted(rides.items())]


def _ride(row: dict[str, str]) -> Trail:
    start = datetime.fromtimestamp(int(row["TIMESTAMP"]), UTC)
    places = msgspec.json.decode(row["POLYLINE"], type=list[tuple[float, float]])
    return tuple(
        TrackPoint(at=start + number * _PORTO_STEP, latitude_deg=latitude, longitude_deg=longitude)
        for number, (longitude, latitude) in enumerate(places)
    )


def _taxi(file: str, taxi: str, trails: list[Trail], dropped: tuple[Dropped, ...]) -> Recording:
    trails.sort(key=lambda trail: trail[0].at)
    boardings = (Boarding(point, in_) for trail in trails for point, in_ in ((trail[0], True), (trail[-1], False)))
    return Recording(f"{file}#{taxi}", tuple(trails), tuple(boardings), dropped)


def _in_order(points: Trail) -> Trail:
    return tuple(sorted(points, key=lambda point: point.at))
