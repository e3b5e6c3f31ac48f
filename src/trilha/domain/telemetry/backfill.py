"""Bringing in a past time by range, piece by piece, beside the streams and behind them.

The source answers at most seven days at once and without pages, so windows start at an hour and adapt to how many
records come. What is done is written down after every window, so a backfill goes on where it was killed. It never asks
while a stream wants to, and one at a time per organisation.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec

from trilha.domain.kernel import Conflict, InvalidValue, NotFound, utc
from trilha.domain.telemetry.checkpoint import Gap
from trilha.domain.telemetry.model import FEEDS, Stream
from trilha.domain.telemetry.run import MergeOutcome

LONGEST = timedelta(days=90)
SURE_REACH = LONGEST - timedelta(hours=1)
"""How far back a range is asked for where the source refused an older one; less than all, for calls take time."""

FIRST_WINDOW = timedelta(hours=1)
LEAST_WINDOW = timedelta(minutes=1)
LONGEST_WINDOW = timedelta(days=7)
LONGEST_AFTER_NOTHING = timedelta(days=1)
"""A time without records says nothing about the next: the fleet may come online in the middle of a window."""
WANTED_RECORDS = 10_000
"""Windows aim at answers of this size: big enough to be worth a call, small enough to hold and to commit at once."""

TRY_AGAIN_AFTER = timedelta(days=1)
"""A refusal may be a gateway's bad hour, and one call a day costs nothing."""

LATENESS = timedelta(days=14)
"""Ranges go by when records happened, gaps by when the source made them, which is up to so much later."""

EARLINESS = timedelta(days=3)
"""Devices whose clock is ahead, or set to another zone, date records up to so much later than the source made them."""


class BackfillStatus(StrEnum):
    """How a backfill stands. `waiting` turns `running` with its first window; the other three are ends."""

    WAITING = "waiting"
    RUNNING = "running"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"


UNFINISHED = (BackfillStatus.WAITING, BackfillStatus.RUNNING)


class BackfillReason(StrEnum):
    """Who wanted it: a person, or a gap that heals by itself."""

    REQUESTED = "requested"
    HEALING = "healing"


class BackfillPart(msgspec.Struct, frozen=True):
    """How far one feed has come: everything before `done_until` is in; the next window is `window_s` long at most."""

    stream: Stream
    done_until: datetime
    window_s: float = FIRST_WINDOW.total_seconds()


class Backfill(msgspec.Struct, frozen=True):
    """A past time to be brought in, and how far that is done. `version` guards against two writers.

    `calls` are windows that were answered; `received` = inserted + replaced + duplicates + quarantined.
    """

    id: UUID
    start: datetime
    end: datetime
    parts: tuple[BackfillPart, ...]
    reason: BackfillReason
    requested_at: datetime
    status: BackfillStatus = BackfillStatus.WAITING
    started_at: datetime | None = None
    finished_at: datetime | None = None
    calls: int = 0
    received: int = 0
    inserted: int = 0
    replaced: int = 0
    duplicates: int = 0
    quarantined: int = 0
    error_code: str | None = None
    error_message: str | None = None
    retry_at: datetime | None = None
    """When a healing that the source refused is tried again."""
    version: int = 0

    @property
    def is_unfinished(self) -> bool:
        """Whether there is something left to do."""
        return self.status in UNFINISHED


class Window(msgspec.Struct, frozen=True):
    """What to ask next: records of a feed that happened from `start` to before `end`."""

    stream: Stream
    start: datetime
    end: datetime


class Estimate(msgspec.Struct, frozen=True):
    """What is left of a backfill, by the windows and the pace it has now. `ends_at` is None where it has no pace."""

    done_share: float
    calls_left: int
    ends_at: datetime | None


class BackfillUnderWay(Conflict):
    """Somebody's backfill has not ended yet, and there is one at a time."""

    code = "telemetry.backfill_under_way"

    def __init__(self, backfill: Backfill) -> None:
        super().__init__(
            f"backfill {backfill.id} ({backfill.start:%Y-%m-%d %H:%M} to {backfill.end:%Y-%m-%d %H:%M} UTC) has not "
            "ended; wait for it, or cancel it first"
        )
        self.backfill_id = backfill.id


class BackfillEnded(Conflict):
    """It has an end already, so it cannot be cancelled."""

    code = "telemetry.backfill_ended"

    def __init__(self, backfill: Backfill) -> None:
        super().__init__(f"backfill {backfill.id} is {backfill.status} already")


def request_backfill(
    key: UUID,
    start: datetime,
    end: datetime,
    streams: Sequence[Stream],
    now: datetime,
    *,
    others: Sequence[Backfill] = (),
) -> Backfill:
    """A person's wish. Raises InvalidValue, and BackfillUnderWay if one of `others` is a person's too."""
    start, end = utc(start, "start"), utc(end, "end")
    if end > now:
        raise InvalidValue("end", end.isoformat(), f"a time that is over (now is {now:%Y-%m-%dT%H:%M:%SZ})")
    if start >= end:
        raise InvalidValue("start", start.isoformat(), f"a time before end ({end.isoformat()})")
    if end - start > LONGEST:
        raise InvalidValue("start", start.isoformat(), f"at most {LONGEST.days} days before end ({end.isoformat()})")
    for other in others:
        if other.is_unfinished and other.reason is BackfillReason.REQUESTED:
            raise BackfillUnderWay(other)
    return _new(key, start, end, _feeds(streams), BackfillReason.REQUESTED, now)


def heal_gap(key: UUID, gap: Gap, now: datetime) -> Backfill:
    """What fills a gap: its time, the time before it from which records may have come late, and some after it."""
    end = max(min(gap.end + EARLINESS, now), gap.end)
    return _new(key, healing_start(gap), end, (gap.stream,), BackfillReason.HEALING, now)


def next_backfill(backfills: Sequence[Backfill], now: datetime) -> Backfill | None:
    """Which one to work on: what was begun first, then a person's wish, then the oldest. None where all must wait."""
    due = [one for one in backfills if one.is_unfinished and (one.retry_at is None or one.retry_at <= now)]
    return min(due, key=_order, default=None)


def next_window(backfill: Backfill) -> Window | None:
    """What to ask next, or None when all is in. Whole seconds, for that is all the source can be asked for."""
    for part in backfill.parts:
        if part.done_until < backfill.end:
            end = part.done_until + timedelta(seconds=part.window_s)
            return Window(part.stream, part.done_until, min(end, backfill.end))
    return None


def record_window(
    backfill: Backfill, window: Window, outcome: MergeOutcome, quarantined: int, now: datetime
) -> Backfill:
    """A window is in: count it, move on, adapt the next one to what came, and end after the last."""
    received = outcome.inserted + outcome.replaced + outcome.duplicates + quarantined
    adapted = _adapted(window.end - window.start, received)
    counted = msgspec.structs.replace(
        _begun(backfill, now),
        parts=_with_part(backfill, BackfillPart(window.stream, window.end, adapted.total_seconds())),
        calls=backfill.calls + 1,
        received=backfill.received + received,
        inserted=backfill.inserted + outcome.inserted,
        replaced=backfill.replaced + outcome.replaced,
        duplicates=backfill.duplicates + outcome.duplicates,
        quarantined=backfill.quarantined + quarantined,
    )
    if next_window(counted) is not None:
        return counted
    return msgspec.structs.replace(counted, status=BackfillStatus.COMPLETED, finished_at=now)


def shorten_window(backfill: Backfill, window: Window, now: datetime) -> Backfill:
    """The source could not answer so much at once: ask for half of it next time."""
    half = max((window.end - window.start) / 2, LEAST_WINDOW)
    part = BackfillPart(window.stream, window.start, round(half.total_seconds()))
    return msgspec.structs.replace(_begun(backfill, now), parts=_with_part(backfill, part))


def cancel_backfill(backfill: Backfill, now: datetime) -> Backfill:
    """Stop; what was brought in stays. Cancelling twice is once. Raises BackfillEnded for one with another end."""
    if backfill.status is BackfillStatus.CANCELLED:
        return backfill
    if not backfill.is_unfinished:
        raise BackfillEnded(backfill)
    return msgspec.structs.replace(
        backfill, status=BackfillStatus.CANCELLED, finished_at=now, version=backfill.version + 1
    )


def leave_out_too_old(backfill: Backfill, window: Window, now: datetime) -> Backfill | None:
    """Begin where the source should answer, where what it refused lies further back; None where it does not.

    A gap that begins before the new `start` stays open.
    """
    reach = (now - SURE_REACH).replace(microsecond=0)
    if not window.start < reach < backfill.end:
        return None
    parts = tuple(
        msgspec.structs.replace(part, done_until=max(part.done_until, reach), window_s=FIRST_WINDOW.total_seconds())
        for part in backfill.parts
    )
    return msgspec.structs.replace(_begun(backfill, now), start=max(backfill.start, reach), parts=parts)


def give_up_backfill(backfill: Backfill, code: str, message: str, now: datetime) -> Backfill:
    """The source refuses. A person is told; a gap must heal without one, so it is tried again another day."""
    if backfill.reason is BackfillReason.HEALING:
        return msgspec.structs.replace(
            backfill,
            error_code=code,
            error_message=message,
            retry_at=now + TRY_AGAIN_AFTER,
            version=backfill.version + 1,
        )
    return msgspec.structs.replace(
        backfill,
        status=BackfillStatus.FAILED,
        finished_at=now,
        error_code=code,
        error_message=message,
        version=backfill.version + 1,
    )


def closes(backfill: Backfill, gap: Gap) -> bool:
    """Whether all of an open gap is in. Part by part, so a gap closes before other feeds are done."""
    done = [part.done_until for part in backfill.parts if part.stream is gap.stream]
    needed = max(min(gap.end + EARLINESS, backfill.requested_at), gap.end)
    return gap.closed_at is None and bool(done) and begins_before(backfill, gap) and needed <= min(done)


def begins_before(backfill: Backfill, gap: Gap) -> bool:
    """Whether a backfill reaches back to where records of a gap may have happened.

    One that was made for the gap may begin later, where the source does not answer for older times.
    """
    if backfill.reason is BackfillReason.HEALING:
        return backfill.start <= gap.start
    return backfill.start <= healing_start(gap)


def healing_start(gap: Gap) -> datetime:
    """From when on records of a gap may have happened."""
    return max(gap.start - LATENESS, gap.end - LONGEST)


def estimate_backfill(backfill: Backfill, now: datetime) -> Estimate:
    """What is left. The pace counts from the first window, waiting for calls included."""
    whole = (backfill.end - backfill.start).total_seconds() * len(backfill.parts)
    left = {part: max((backfill.end - part.done_until).total_seconds(), 0.0) for part in backfill.parts}
    done_share = 1.0 - sum(left.values()) / whole
    if not backfill.is_unfinished:
        return Estimate(done_share, 0, None)
    calls_left = sum(-int(-seconds // part.window_s) for part, seconds in left.items())
    if backfill.started_at is None or not backfill.calls:
        return Estimate(done_share, calls_left, None)
    return Estimate(done_share, calls_left, now + (now - backfill.started_at) / backfill.calls * calls_left)


def parse_streams(names: Sequence[str]) -> tuple[Stream, ...]:
    """Feeds by name, each once, all of them where none is named; raises InvalidValue."""
    known = {one.value: one for one in FEEDS}
    for name in names:
        if name not in known:
            raise InvalidValue("streams", name, ", ".join(known))
    return tuple(known[name] for name in dict.fromkeys(names)) or FEEDS


def backfill_missing(key: UUID) -> NotFound:
    """The refusal where no backfill has that id."""
    return NotFound("backfill", key)


def _new(
    key: UUID, start: datetime, end: datetime, streams: Sequence[Stream], reason: BackfillReason, now: datetime
) -> Backfill:
    start, end = start.replace(microsecond=0), _whole_second_after(end)
    parts = tuple(BackfillPart(stream, start) for stream in streams)
    return Backfill(id=key, start=start, end=end, parts=parts, reason=reason, requested_at=now)


def _feeds(streams: Sequence[Stream]) -> tuple[Stream, ...]:
    return parse_streams([stream.value for stream in streams])


def _whole_second_after(moment: datetime) -> datetime:
    floor = moment.replace(microsecond=0)
    return floor if floor == moment else floor + timedelta(seconds=1)


def _order(backfill: Backfill) -> tuple[bool, bool, datetime, UUID]:
    return (
        backfill.status is not BackfillStatus.RUNNING,
        backfill.reason is not BackfillReason.REQUESTED,
        backfill.requested_at,
        backfill.id,
    )


def _begun(backfill: Backfill, now: datetime) -> Backfill:
    return msgspec.structs.replace(
        backfill,
        status=BackfillStatus.RUNNING,
        started_at=backfill.started_at or now,
        error_code=None,
        error_message=None,
        retry_at=None,
        version=backfill.version + 1,
    )


def _with_part(backfill: Backfill, changed: BackfillPart) -> tuple[BackfillPart, ...]:
    return tuple(changed if part.stream is changed.stream else part for part in backfill.parts)


def _adapted(window: timedelta, records: int) -> timedelta:
    """At most doubled and at least halved twice, towards the wanted number of records."""
    if records == 0:
        return min(window * 2, LONGEST_AFTER_NOTHING)
    factor = min(max(WANTED_RECORDS / records, 0.25), 2.0)
    seconds = round((window * factor).total_seconds())
    return min(max(timedelta(seconds=seconds), LEAST_WINDOW), LONGEST_WINDOW)
