"""How far a stream has been read, and what must never be skipped.

MiX streams by the time records were created on its server; a token may be at most seven days old, and `NEW` brings no
history. So the first token is made as old as is safe, the source's own token is the only way forward, and a token that
has grown too old opens a visible gap instead of being replaced in silence.
"""

from datetime import datetime, timedelta

import msgspec

from trilha.domain.kernel import SourceError
from trilha.domain.telemetry.model import Stream

OLDEST_TOKEN = timedelta(days=7)
SEED_AGE = timedelta(days=6, hours=12)
"""Where a first token starts: as much history as the source gives, less room for a slow start."""

LONGEST_GAP = timedelta(days=60)
"""A backfill reaches 90 days, and has to begin some before its gap because records come late."""

LEAST_LEAP = timedelta(hours=1)
"""A refused token that is hardly older than a fresh one is not left behind, for the fresh one would be refused too."""


class Checkpoint(msgspec.Struct, frozen=True):
    """The token from which a stream is read next. `version` grows with every page and guards against two writers."""

    stream: Stream
    token: str
    token_time: datetime
    moved_at: datetime
    checked_at: datetime
    version: int = 0


class Gap(msgspec.Struct, frozen=True):
    """A time that the stream can no longer give and that a backfill has to fill. Open until `closed_at` is set.

    `start` and `end` are times at which the source made records, as its tokens are.
    """

    stream: Stream
    start: datetime
    end: datetime
    opened_at: datetime
    closed_at: datetime | None = None


class StreamStuck(SourceError):
    """The source promises more records but names no later token, so reading on would bring the same for ever."""

    code = "telemetry.stream_stuck"

    def __init__(self, stream: Stream, token: str) -> None:
        super().__init__(
            f"the source says that more {stream} wait after token {token}, but names no later one; it is asked again "
            "at the next turn. If this stays, ask the source's support"
        )


class ClocksDiffer(SourceError):
    """The source refuses as too old what is young by our clock; nothing is skipped until a person has looked."""

    code = "telemetry.clocks_differ"

    def __init__(self, stream: Stream, token: str, token_time: datetime, now: datetime) -> None:
        age_h = (now - token_time) / timedelta(hours=1)
        super().__init__(
            f"the source refuses the token {token} of {stream} as more than seven days old, but it is {age_h:.1f} "
            f"hours old by this machine's clock ({now:%Y-%m-%dT%H:%M:%SZ}), which must be behind. Set the clock "
            "(`timedatectl` shows whether it is synchronised) and the stream goes on by itself, with nothing lost. If "
            "the clock is right, the source keeps less than seven days: ask its support"
        )


def seed_time(now: datetime) -> datetime:
    """The time that the first token of a stream stands for."""
    return now - SEED_AGE


def is_too_old(token_time: datetime, now: datetime) -> bool:
    """Whether the source would refuse a token of that time."""
    return now - token_time >= OLDEST_TOKEN


def may_leap(token_time: datetime, now: datetime) -> bool:
    """Whether a fresh token is enough younger to be worth a try where the source refused one of that time."""
    return seed_time(now) - token_time >= LEAST_LEAP


def first_checkpoint(stream: Stream, token: str, token_time: datetime, now: datetime) -> Checkpoint:
    """Where a stream begins."""
    return Checkpoint(stream=stream, token=token, token_time=token_time, moved_at=now, checked_at=now)


def advance(checkpoint: Checkpoint, next_token: str | None, token_time: datetime | None, now: datetime) -> Checkpoint:
    """Follow the token that the source named; without one, stay where we are: never invent one."""
    if next_token is None or token_time is None or next_token == checkpoint.token:
        return msgspec.structs.replace(checkpoint, checked_at=now, version=checkpoint.version + 1)
    return Checkpoint(
        stream=checkpoint.stream,
        token=next_token,
        token_time=token_time,
        moved_at=now,
        checked_at=now,
        version=checkpoint.version + 1,
    )


def leap_over_gap(
    checkpoint: Checkpoint, token: str, token_time: datetime, now: datetime
) -> tuple[list[Gap], Checkpoint]:
    """Go on from a young token, leaving open what lies between the old one and it.

    In pieces of LONGEST_GAP, each of which one backfill can fill.
    """
    gaps, start = [], checkpoint.token_time
    while start < token_time:
        end = min(start + LONGEST_GAP, token_time)
        gaps.append(Gap(stream=checkpoint.stream, start=start, end=end, opened_at=now))
        start = end
    return gaps, advance(checkpoint, token, token_time, now)
