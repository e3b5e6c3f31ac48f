"""The arithmetic of calls, and the page that shows it."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trilha.application.telemetry.call_plan import Load, plan_calls
from trilha.domain.telemetry import Stream
from trilha.entrypoints.reference import CALLS_PAGE, with_call_table

DOCS = Path(__file__).parents[3] / "docs"
loads = st.builds(
    Load,
    vehicles=st.integers(1, 5_000),
    positions=st.integers(0, 10_000),
    events=st.integers(0, 500),
    trips=st.integers(0, 100),
    peak=st.floats(1, 5),
)


def test_three_hundred_buses_need_180_calls_of_500() -> None:
    plan = plan_calls(Load())

    assert {one.stream: one.calls_per_hour for one in plan.streams} == {
        Stream.EVENTS: 60,
        Stream.POSITIONS: 60,
        Stream.TRIPS: 60,
    }
    positions = next(one for one in plan.streams if one.stream is Stream.POSITIONS)
    assert positions.records_per_turn == pytest.approx(300 * 2_863 / 1_440)
    assert positions.calls_per_peak_hour == 120
    assert (plan.due_per_hour, plan.left_per_hour) == (180, 320)
    assert plan.more_pages_per_hour + 200 == 500
    assert plan.behind_s < 120


def test_a_backfill_of_ninety_days_takes_its_windows_by_its_share() -> None:
    plan = plan_calls(Load(positions=1_000, events=0, trips=0), timedelta(days=10))

    # 300,000 positions a day in windows of 10,000, and the other two feeds in windows of a week
    assert plan.backfill_hours == pytest.approx((30 * 10 + 2 * 10 / 7) / 200)


@given(load=loads)
def test_every_page_is_counted_and_no_feed_is_left_out(load: Load) -> None:
    plan = plan_calls(load)

    for one in plan.streams:
        assert one.calls_per_hour * load.page_size >= one.records_per_turn * 60
        assert 60 <= one.calls_per_hour <= one.calls_per_peak_hour
    assert plan.left_per_hour == load.calls_per_hour - sum(one.calls_per_hour for one in plan.streams)


def test_slower_answers_use_the_minute_up_slower() -> None:
    assert plan_calls(Load(answer_s=3)).behind_s < plan_calls(Load(answer_s=0.5)).behind_s


def test_the_page_shows_these_figures() -> None:
    page = (DOCS / CALLS_PAGE).read_text(encoding="utf-8")

    assert with_call_table(page) == page, "run `make docs`"
