"""Whether the streams are well, and if not, what a person can do: thresholds and judgement, without asking anybody."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from trilha.application.telemetry.views import BackfillView, CheckpointView, HourView, RunView
from trilha.domain.telemetry import EARLINESS, LATENESS, RunStatus, Stream


class HealthStatus(StrEnum):
    """How a stream is, from well to worst."""

    OK = "ok"
    BEHIND = "behind"
    """Data come in, but not all up to now."""
    STALE = "stale"
    """Nobody asks the source."""
    FAILING = "failing"
    """The source is asked, and it does not work."""


_SEVERITY = {status: severity for severity, status in enumerate(HealthStatus)}


class Thresholds(msgspec.Struct, frozen=True):
    """How long after the last success failures count, after the last question a stream is stale, and what is behind."""

    failing_after: timedelta
    stale_after: timedelta
    behind_after: timedelta


EACH_MINUTE = Thresholds(
    failing_after=timedelta(minutes=3), stale_after=timedelta(minutes=10), behind_after=timedelta(minutes=2)
)
ONCE_A_DAY = Thresholds(failing_after=timedelta(0), stale_after=timedelta(hours=26), behind_after=timedelta(hours=50))
"""Failing at once, for the next turn is tomorrow. The last day read is a midnight, up to two days back by nature."""

THRESHOLDS: Mapping[Stream, Thresholds] = {
    Stream.EVENTS: EACH_MINUTE,
    Stream.POSITIONS: EACH_MINUTE,
    Stream.TRIPS: EACH_MINUTE,
    Stream.AMENDMENTS: ONCE_A_DAY,
}


class StreamFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a stream. `last_ended` is its newest run that has an end, `last_success` the newest good one."""

    stream: Stream
    checkpoint: CheckpointView | None = None
    last_ended: RunView | None = None
    last_success: RunView | None = None
    hours: Sequence[HourView] = ()
    open_quarantine: int = 0
    backfill: BackfillView | None = None


class StreamHealth(msgspec.Struct, frozen=True, kw_only=True):
    """How a stream is. `reason` says why it is not ok, and what to do.

    `behind_s` is the time since which something may be missing: the age of the token, or the time since a run that
    reached the end of what there was, whichever is less. `late_share` (0 to 1) is of records that the source made more
    than an hour after they happened. Rows, late share and `hours` are those of the last 24 hours.
    """

    stream: str
    status: HealthStatus
    reason: str | None
    token_age_s: float | None
    behind_s: float | None
    last_success_at: datetime | None
    last_asked_at: datetime | None
    rows: int
    inserted: int
    late_share: float | None
    hours: tuple[HourView, ...]
    open_gaps: int
    open_quarantine: int


def stream_health(facts: StreamFacts, now: datetime) -> StreamHealth:
    """Judge one stream."""
    status, reason = judge(facts, now)
    rows = sum(hour.received for hour in facts.hours)
    success = facts.last_success
    return StreamHealth(
        stream=facts.stream.value,
        status=status,
        reason=reason,
        token_age_s=None if facts.checkpoint is None else facts.checkpoint.token_age_s,
        behind_s=behind_s(facts, now),
        last_success_at=None if success is None else success.finished_at,
        last_asked_at=None if facts.checkpoint is None else facts.checkpoint.checked_at,
        rows=rows,
        inserted=sum(hour.inserted for hour in facts.hours),
        late_share=sum(hour.late for hour in facts.hours) / rows if rows else None,
        hours=tuple(facts.hours),
        open_gaps=0 if facts.checkpoint is None else facts.checkpoint.open_gaps,
        open_quarantine=facts.open_quarantine,
    )


def behind_s(facts: StreamFacts, now: datetime) -> float | None:
    """Seconds since which something may be missing; None before the stream was begun."""
    if facts.checkpoint is None:
        return None
    token_age_s = max(facts.checkpoint.token_age_s, 0.0)
    if facts.last_success is None:
        return token_age_s
    # a run that came to its end read all there was when it began, whatever the source's token says
    return min(token_age_s, max((now - facts.last_success.started_at).total_seconds(), 0.0))


def judge(facts: StreamFacts, now: datetime) -> tuple[HealthStatus, str | None]:
    """The status, worst first, and for all but ok its reason."""
    limits = THRESHOLDS[facts.stream]
    if (failure := _failure(facts, limits, now)) is not None:
        return HealthStatus.FAILING, failure
    if (silence := _silence(facts.checkpoint, limits, now)) is not None:
        return HealthStatus.STALE, silence
    if (delay := _delay(facts, limits, now)) is not None:
        return HealthStatus.BEHIND, delay
    return HealthStatus.OK, None


def worst(statuses: Sequence[HealthStatus]) -> HealthStatus:
    """How all of them together are."""
    return max(statuses, key=_SEVERITY.__getitem__, default=HealthStatus.OK)


def _failure(facts: StreamFacts, limits: Thresholds, now: datetime) -> str | None:
    last, success = facts.last_ended, facts.last_success
    if last is None or last.status == RunStatus.SUCCEEDED:
        return None
    if success is not None and success.finished_at is not None and now - success.finished_at < limits.failing_after:
        return None
    return (
        f"the run of {_time(last.started_at)} ended as {last.status}: {last.error_message or 'without a message'} "
        f"({last.error_code or 'no code'}). It is tried again at its next turn; `trilha doctor` looks at every part"
    )


def _silence(checkpoint: CheckpointView | None, limits: Thresholds, now: datetime) -> str | None:
    if checkpoint is None:
        return (
            "it was never begun: a worker does so within a minute of the organisation being connected; is one running?"
        )
    if now - checkpoint.checked_at <= limits.stale_after:
        return None
    return (
        f"the source was last asked at {_time(checkpoint.checked_at)}: is a worker running? `trilha status` and "
        "`trilha doctor` say so"
    )


def _delay(facts: StreamFacts, limits: Thresholds, now: datetime) -> str | None:
    checkpoint, behind = facts.checkpoint, behind_s(facts, now)
    if checkpoint is None or behind is None:
        return None
    if checkpoint.open_gaps:
        return f"{_gaps(checkpoint.open_gaps)} {_filling(facts)}"
    if behind > limits.behind_after.total_seconds():
        return (
            f"read up to {_time(checkpoint.token_time)}, and more may wait: it catches up as fast as the source's "
            "budget of calls allows"
        )
    return None


def _gaps(count: int) -> str:
    return "a gap is open:" if count == 1 else f"{count} gaps are open:"


def _filling(facts: StreamFacts) -> str:
    backfill = facts.backfill
    if backfill is None or facts.stream not in {part.stream for part in backfill.parts}:
        return (
            "no backfill of this stream is under way; start one with `trilha backfill start`, from "
            f"{LATENESS.days} days before the gap, for what came late, to {EARLINESS.days} days after it "
            "(`GET /v1/etl/gaps` has its times)"
        )
    end = "" if backfill.expected_end_at is None else f", expected to end at {_time(backfill.expected_end_at)}"
    return f"backfill {backfill.id} fills it, {backfill.done_share:.0%} done{end}"


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
