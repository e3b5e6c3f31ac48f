"""How far the source's calls go for a fleet: arithmetic, for the docs and for whoever plans a bigger one."""

from datetime import timedelta
from math import ceil

import msgspec

from trilha.application.ports import Priority
from trilha.application.rate_limiting import MARGIN, SHARES
from trilha.application.schedule import JOBS, Every
from trilha.domain.telemetry import AMENDED_FEEDS, FEEDS, LONGEST_WINDOW, SEED_AGE, WANTED_RECORDS, Stream

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MASTER_LISTS = 4
"""Groups, drivers, vehicles and event types, once a day each."""


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """A fleet and its source's budget. `peak` is how many times the average the busiest minutes bring.

    The defaults are 300 buses that report every thirty seconds of a day, at the limits of MiX Integrate. `answer_s` is
    how long a call of a backfill takes, with its commit, before the next one.
    """

    vehicles: int = 300
    positions: int = 2_863
    events: int = 27
    trips: int = 8
    peak: float = 2.0
    page_size: int = 1_000
    calls_per_minute: int = 20
    calls_per_hour: int = 500
    answer_s: float = 1.0

    def per_day(self, stream: Stream) -> int:
        """Records of the whole fleet in a day."""
        per_vehicle = {Stream.POSITIONS: self.positions, Stream.EVENTS: self.events, Stream.TRIPS: self.trips}
        return self.vehicles * per_vehicle[stream]


class StreamCalls(msgspec.Struct, frozen=True):
    """What one feed needs. A turn is one call, and one more for each further page."""

    stream: Stream
    records_per_day: int
    records_per_turn: float
    calls_per_hour: int
    calls_per_peak_hour: int
    backfill_calls_per_day: float


class CallPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What all feeds need, and what is left.

    `others_per_day` are master data, amendments and the list of organisations. `behind_s` is the most that a feed is
    behind while a backfill uses all it may: the time between two turns, and the wait for a call of the minute.
    """

    streams: tuple[StreamCalls, ...]
    due_per_hour: int
    due_per_peak_hour: int
    left_per_hour: int
    others_per_day: int
    more_pages_per_hour: int
    backfill_per_hour: int
    backfill_hours: float
    first_pages: int
    first_start_hours: float
    behind_s: float


def plan_calls(load: Load, backfilled: timedelta = timedelta(days=90)) -> CallPlan:
    """The plan of a steady day; `backfilled` is the time that a backfill of all feeds is planned for."""
    streams = tuple(_stream_calls(stream, load) for stream in FEEDS)
    due = sum(one.calls_per_hour for one in streams)
    more_pages, backfill = (_share(load, one) for one in (Priority.MORE_PAGES, Priority.BACKFILL))
    windows = sum(one.backfill_calls_per_day for one in streams) * (backfilled / DAY)
    first = sum(ceil(one.records_per_day * (SEED_AGE / DAY) / load.page_size) for one in streams)
    return CallPlan(
        streams=streams,
        due_per_hour=due,
        due_per_peak_hour=sum(one.calls_per_peak_hour for one in streams),
        left_per_hour=load.calls_per_hour - due,
        others_per_day=MASTER_LISTS + len(AMENDED_FEEDS) + round(DAY / HOUR),
        more_pages_per_hour=more_pages,
        backfill_per_hour=backfill,
        backfill_hours=windows / backfill,
        first_pages=first,
        first_start_hours=first / more_pages,
        behind_s=_behind_s(load),
    )


def _stream_calls(stream: Stream, load: Load) -> StreamCalls:
    per_day = load.per_day(stream)
    turns = round(HOUR / _interval(stream))
    per_turn = per_day / (turns * 24)
    return StreamCalls(
        stream=stream,
        records_per_day=per_day,
        records_per_turn=per_turn,
        calls_per_hour=turns * max(ceil(per_turn / load.page_size), 1),
        calls_per_peak_hour=turns * max(ceil(per_turn * load.peak / load.page_size), 1),
        backfill_calls_per_day=max(per_day / WANTED_RECORDS, DAY / LONGEST_WINDOW),
    )


def _interval(stream: Stream) -> timedelta:
    cadence = next(job.cadence for job in JOBS if job.kind == stream)
    if not isinstance(cadence, Every):
        raise TypeError(f"{stream} is no feed that is read at a steady pace")
    return cadence.interval


def _share(load: Load, priority: Priority) -> int:
    """Calls an hour that a priority and all below it may use together."""
    return int(load.calls_per_hour * dict(SHARES)[priority])


def _behind_s(load: Load) -> float:
    """A turn comes due right after others used up the minute, one call after the other; it is then served first."""
    longest_turn = max(_interval(stream) for stream in FEEDS)
    wait_s = (timedelta(minutes=1) + MARGIN).total_seconds() - load.calls_per_minute * load.answer_s
    return longest_turn.total_seconds() + max(wait_s, 0.0) + load.answer_s
