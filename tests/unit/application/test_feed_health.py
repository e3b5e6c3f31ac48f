"""When a stream is well, behind, stale or failing, and what a person is told."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trilha.application.telemetry.health import HealthStatus, StreamFacts, behind_s, judge, stream_health, worst
from trilha.application.telemetry.views import BackfillView, CheckpointView, HourView, RunView, backfill_view, run_view
from trilha.domain.telemetry import FEEDS, IngestionRun, RunKind, RunStatus, Stream, request_backfill

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
ages = st.timedeltas(timedelta(0), timedelta(days=8))


def a_checkpoint(token_age: timedelta, idle: timedelta = timedelta(0), **changes: Any) -> CheckpointView:
    given_: dict[str, Any] = {
        "stream": "events",
        "token": "t",
        "token_time": NOW - token_age,
        "token_age_s": token_age.total_seconds(),
        "moved_at": NOW - idle,
        "checked_at": NOW - idle,
        "pages": 1,
        "open_gaps": 0,
    }
    return CheckpointView(**{**given_, **changes})


def a_run(ago: timedelta, status: RunStatus = RunStatus.SUCCEEDED, **changes: Any) -> RunView:
    run = IngestionRun(
        id=UUID(int=1), kind=RunKind.EVENTS, started_at=NOW - ago, status=status, finished_at=NOW - ago, **changes
    )
    return run_view(run)


def a_backfill(streams: tuple[Stream, ...]) -> BackfillView:
    return backfill_view(request_backfill(UUID(int=7), NOW - timedelta(days=2), NOW, streams, NOW), NOW)


def facts(**changes: Any) -> StreamFacts:
    well: dict[str, Any] = {
        "stream": Stream.EVENTS,
        "checkpoint": a_checkpoint(timedelta(seconds=40)),
        "last_ended": a_run(timedelta(minutes=1)),
        "last_success": a_run(timedelta(minutes=1)),
    }
    return StreamFacts(**{**well, **changes})


SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


@pytest.mark.parametrize(
    ("changes", "status", "told"),
    [
        ({}, "ok", ""),
        ({"checkpoint": None, "last_ended": None, "last_success": None}, "stale", "never begun"),
        ({"checkpoint": a_checkpoint(MINUTE, 10 * MINUTE)}, "ok", ""),
        ({"checkpoint": a_checkpoint(MINUTE, 10 * MINUTE + SECOND)}, "stale", "trilha status"),
        ({"checkpoint": a_checkpoint(HOUR), "last_success": None}, "behind", "2026-03-10 11:00"),
        ({"checkpoint": a_checkpoint(HOUR), "last_success": a_run(2 * MINUTE)}, "ok", ""),
        ({"checkpoint": a_checkpoint(HOUR), "last_success": a_run(2 * MINUTE + SECOND)}, "behind", "catches up"),
        ({"checkpoint": a_checkpoint(MINUTE, open_gaps=1)}, "behind", "trilha backfill start"),
        ({"last_ended": a_run(SECOND, RunStatus.FAILED), "last_success": a_run(3 * MINUTE - SECOND)}, "behind", ""),
        ({"last_ended": a_run(SECOND, RunStatus.FAILED), "last_success": None}, "failing", "doctor"),
        ({"last_ended": a_run(SECOND, RunStatus.LOST), "last_success": a_run(3 * MINUTE)}, "failing", "lost"),
    ],
)
def test_a_feed_of_every_minute_is_judged(changes: dict[str, Any], status: str, told: str) -> None:
    if "last_ended" in changes and status == "behind":
        changes = {**changes, "checkpoint": a_checkpoint(HOUR)}

    judged, reason = judge(facts(**changes), NOW)

    assert judged == status
    assert told in (reason or "")
    assert (reason is None) == (status == "ok")


def test_a_failure_says_what_the_source_said() -> None:
    failed = a_run(SECOND, RunStatus.FAILED, error_code="source.refused", error_message="wrong password")

    _, reason = judge(facts(last_ended=failed, last_success=None), NOW)

    assert reason is not None
    assert "wrong password (source.refused)" in reason


@pytest.mark.parametrize(
    ("hours_ago", "status"), [(1, HealthStatus.OK), (26, HealthStatus.OK), (27, HealthStatus.STALE)]
)
def test_amendments_are_read_once_a_day_and_that_is_well(hours_ago: int, status: HealthStatus) -> None:
    ago = timedelta(hours=hours_ago)
    daily = facts(
        stream=Stream.AMENDMENTS,
        checkpoint=a_checkpoint(ago + timedelta(hours=20), ago),
        last_ended=a_run(ago),
        last_success=a_run(ago),
    )

    assert judge(daily, NOW)[0] is status


def test_amendments_that_fail_are_told_at_once_for_the_next_turn_is_tomorrow() -> None:
    failed = facts(
        stream=Stream.AMENDMENTS, last_ended=a_run(MINUTE, RunStatus.FAILED), last_success=a_run(timedelta(hours=25))
    )

    assert judge(failed, NOW)[0] is HealthStatus.FAILING


def test_an_open_gap_tells_the_backfill_that_fills_it_if_it_does() -> None:
    gap = a_checkpoint(MINUTE, open_gaps=2)

    _, filling = judge(facts(checkpoint=gap, backfill=a_backfill((Stream.EVENTS,))), NOW)
    _, not_this_one = judge(facts(checkpoint=gap, backfill=a_backfill((Stream.TRIPS,))), NOW)

    assert str(UUID(int=7)) in (filling or "")
    assert "no backfill of this stream" in (not_this_one or "")


@given(token_age=ages, idle=ages, success=st.none() | ages, stream=st.sampled_from(FEEDS))
def test_a_feed_is_ok_only_if_little_can_be_missing(
    token_age: timedelta, idle: timedelta, success: timedelta | None, stream: Stream
) -> None:
    given_ = facts(
        stream=stream,
        checkpoint=a_checkpoint(token_age, idle),
        last_success=None if success is None else a_run(success),
    )

    behind = behind_s(given_, NOW)

    assert behind is not None
    assert 0 <= behind <= token_age.total_seconds()
    if judge(given_, NOW)[0] is HealthStatus.OK:
        assert behind <= 120
        assert idle <= 10 * MINUTE


def test_figures_of_a_day_are_added_up() -> None:
    hours = [HourView("events", NOW - HOUR * n, received=100 * n, inserted=10, late=n) for n in (1, 3)]

    health = stream_health(facts(hours=hours), NOW)

    assert (health.rows, health.inserted, health.late_share) == (400, 20, 0.01)
    assert stream_health(facts(), NOW).late_share is None


@given(statuses=st.lists(st.sampled_from(HealthStatus)))
def test_the_whole_is_as_its_worst_part(statuses: list[HealthStatus]) -> None:
    order = list(HealthStatus)

    assert worst(statuses) == order[max((order.index(one) for one in statuses), default=0)]
