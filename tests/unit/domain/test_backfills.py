"""Windows of backfills, estimates, gaps: whatever comes, every moment is asked for once and it ends."""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trilha.domain.kernel import InvalidValue
from trilha.domain.telemetry import (
    FEEDS,
    Backfill,
    BackfillEnded,
    BackfillPart,
    BackfillReason,
    BackfillStatus,
    BackfillUnderWay,
    Gap,
    MergeOutcome,
    Stream,
    Window,
    cancel_backfill,
    closes,
    estimate_backfill,
    give_up_backfill,
    heal_gap,
    next_backfill,
    next_window,
    parse_streams,
    record_window,
    request_backfill,
    shorten_window,
)
from trilha.domain.telemetry.backfill import (
    EARLINESS,
    LATENESS,
    LEAST_WINDOW,
    LONGEST,
    LONGEST_AFTER_NOTHING,
    LONGEST_WINDOW,
    WANTED_RECORDS,
)
from trilha.domain.telemetry.checkpoint import LONGEST_GAP, first_checkpoint, leap_over_gap
from trilha.testing.strategies import backfills

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
KEY = UUID(int=7)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MOST_WINDOWS = 3 * 90 * 24 * 60 + 1


def wished(length: timedelta = 10 * DAY, *streams: Stream) -> Backfill:
    return request_backfill(KEY, NOW - length, NOW, streams, NOW)


lengths = st.timedeltas(timedelta(microseconds=1), LONGEST) | st.timedeltas(timedelta(seconds=1), timedelta(hours=5))
answers = st.lists(st.none() | st.integers(0, 5 * WANTED_RECORDS), max_size=60)
"""How many records each window has; None is a source that does not answer."""


def filled(backfill: Backfill, counts: list[int | None]) -> Iterator[tuple[Backfill, Window | None]]:
    """Each state after an answer, with the window that was brought in; in the end nothing more comes."""
    left = iter(counts)
    for _ in range(MOST_WINDOWS):
        window = next_window(backfill)
        if window is None:
            return
        count = next(left, 0)
        if count is None:
            backfill = shorten_window(backfill, window, NOW)
            yield backfill, None
        else:
            backfill = record_window(backfill, window, MergeOutcome(inserted=count), 1, NOW)
            yield backfill, window
    raise AssertionError("a backfill without end")


@given(lengths, st.lists(st.sampled_from(FEEDS)), answers)
def test_windows_cover_the_time_of_every_feed_once_and_come_to_an_end(
    length: timedelta, streams: list[Stream], counts: list[int | None]
) -> None:
    backfill = wished(length, *streams)
    windows = [window for _, window in filled(backfill, counts) if window is not None]
    assert backfill.start <= NOW - length < backfill.start + timedelta(seconds=1)
    for feed in streams or FEEDS:
        mine = [window for window in windows if window.stream is feed]
        assert (mine[0].start, mine[-1].end) == (backfill.start, backfill.end)
        assert all(one.end == other.start for one, other in itertools.pairwise(mine))
    assert {window.stream for window in windows} == set(streams or FEEDS)


@given(lengths, answers)
def test_a_window_is_whole_seconds_and_never_more_than_the_source_answers(
    length: timedelta, counts: list[int | None]
) -> None:
    for backfill, window in filled(wished(length), counts):
        assert all(
            LEAST_WINDOW.total_seconds() <= part.window_s <= LONGEST_WINDOW.total_seconds() for part in backfill.parts
        )
        if window is not None:
            assert timedelta() < window.end - window.start <= LONGEST_WINDOW
            assert window.start.microsecond == window.end.microsecond == 0


@given(lengths, answers)
def test_what_is_done_only_grows_and_calls_left_end_at_none(length: timedelta, counts: list[int | None]) -> None:
    backfill, done = wished(length), 0.0
    assert estimate_backfill(backfill, NOW).done_share == 0
    for backfill, window in filled(backfill, counts):  # noqa: B020 - the next state of the same
        share = estimate_backfill(backfill, NOW + HOUR).done_share
        assert share > done if window is not None else share == done
        done = share
    left = estimate_backfill(backfill, NOW + HOUR)
    assert (backfill.status, left.done_share, left.calls_left, left.ends_at) == (BackfillStatus.COMPLETED, 1, 0, None)


@given(lengths, answers)
def test_counts_and_versions_add_up(length: timedelta, counts: list[int | None]) -> None:
    states = list(filled(wished(length), counts))
    assert [backfill.version for backfill, _ in states] == list(range(1, len(states) + 1))
    last, calls = states[-1][0], sum(window is not None for _, window in states)
    assert (last.calls, last.quarantined) == (calls, calls)
    assert (
        last.received == last.inserted + last.quarantined == sum(count or 0 for count in counts[: len(states)]) + calls
    )


def test_windows_grow_where_little_comes_and_shrink_where_much_does() -> None:
    def after(count: int) -> float:
        backfill = wished()
        window = next_window(backfill)
        assert window is not None
        return record_window(backfill, window, MergeOutcome(inserted=count), 0, NOW).parts[0].window_s

    assert after(0) == 7200
    assert after(WANTED_RECORDS) == 3600
    assert after(2 * WANTED_RECORDS) == 1800
    assert after(100 * WANTED_RECORDS) == 900


def test_the_pace_so_far_tells_the_end() -> None:
    backfill = wished(4 * HOUR, Stream.EVENTS)
    assert estimate_backfill(backfill, NOW).ends_at is None
    window = next_window(backfill)
    assert window is not None
    begun = record_window(backfill, window, MergeOutcome(inserted=WANTED_RECORDS), 0, NOW)
    left = estimate_backfill(begun, NOW + timedelta(minutes=2))
    assert (left.calls_left, left.ends_at) == (3, NOW + timedelta(minutes=8))


@given(backfills())
def test_a_cancelled_one_stays_so_and_an_end_is_an_end(backfill: Backfill) -> None:
    if backfill.is_unfinished or backfill.status is BackfillStatus.CANCELLED:
        cancelled = cancel_backfill(backfill, NOW)
        assert cancelled.status is BackfillStatus.CANCELLED
        assert cancel_backfill(cancelled, NOW + DAY) is cancelled
        assert not cancelled.is_unfinished
    else:
        with pytest.raises(BackfillEnded):
            cancel_backfill(backfill, NOW)
    given_up = give_up_backfill(backfill, "code", "why", NOW)
    if backfill.reason is BackfillReason.REQUESTED:
        assert given_up.status is BackfillStatus.FAILED
    else:
        assert given_up.is_unfinished == backfill.is_unfinished


def test_a_healing_that_was_refused_waits_for_another_day() -> None:
    gap = Gap(Stream.EVENTS, NOW - 2 * DAY, NOW - DAY, opened_at=NOW)
    refused = give_up_backfill(heal_gap(KEY, gap, NOW), "source.refused", "no", NOW)
    assert next_backfill([refused], NOW) is None
    assert next_backfill([refused], NOW + DAY) == refused


def test_a_wish_fills_a_gap_only_if_it_reaches_back_to_late_records() -> None:
    gap = Gap(Stream.EVENTS, NOW - 20 * DAY, NOW - 19 * DAY, opened_at=NOW)
    for start, whole in ((gap.start, False), (gap.start - 14 * DAY, True)):
        wish = request_backfill(KEY, start, NOW, (Stream.EVENTS,), NOW)
        done = msgspec.structs.replace(wish, parts=(BackfillPart(Stream.EVENTS, NOW),))
        assert closes(done, gap) is whole


def test_nothing_says_nothing_about_the_next_window() -> None:
    wish = request_backfill(KEY, NOW - 60 * DAY, NOW, (Stream.POSITIONS,), NOW)
    while (window := next_window(wish)) is not None:
        assert window.end - window.start <= LONGEST_AFTER_NOTHING
        wish = record_window(wish, window, MergeOutcome(), 0, NOW)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (NOW, NOW),
        (NOW, NOW - HOUR),
        (NOW - HOUR, NOW + HOUR),
        (NOW - LONGEST - HOUR, NOW),
        (NOW.replace(tzinfo=None), NOW),
    ],
)
def test_a_time_that_cannot_be_brought_in_is_refused(start: datetime, end: datetime) -> None:
    with pytest.raises(InvalidValue):
        request_backfill(KEY, start, end, (), NOW)


def test_a_person_has_one_at_a_time_and_healing_ones_do_not_count() -> None:
    healing = heal_gap(KEY, Gap(Stream.EVENTS, NOW - DAY, NOW, NOW), NOW)
    ended = cancel_backfill(wished(), NOW)
    assert request_backfill(KEY, NOW - DAY, NOW, (), NOW, others=[healing, ended]).is_unfinished
    with pytest.raises(BackfillUnderWay):
        request_backfill(KEY, NOW - DAY, NOW, (), NOW, others=[wished()])


def test_streams_by_name() -> None:
    assert parse_streams([]) == FEEDS
    assert parse_streams(["trips", "events", "trips"]) == (Stream.TRIPS, Stream.EVENTS)
    with pytest.raises(InvalidValue):
        parse_streams(["amendments"])


@given(st.lists(backfills(), max_size=6))
def test_what_was_begun_goes_first_then_a_persons_wish(known: list[Backfill]) -> None:
    chosen = next_backfill(known, NOW)
    unfinished = [one for one in known if one.is_unfinished]
    assert (chosen is None) == (not unfinished)
    if chosen is not None:
        running = [one for one in unfinished if one.status is BackfillStatus.RUNNING]
        assert chosen in (running or unfinished)
        wishes = [one for one in running or unfinished if one.reason is BackfillReason.REQUESTED]
        assert chosen in (wishes or running or unfinished)


@given(st.timedeltas(timedelta(seconds=1), timedelta(days=200)), st.sampled_from(FEEDS))
def test_every_gap_that_is_opened_can_be_healed_whole(outage: timedelta, stream: Stream) -> None:
    old = first_checkpoint(stream, "old", NOW - outage, NOW - outage)
    gaps, _ = leap_over_gap(old, "new", NOW, NOW)
    assert (gaps[0].start, gaps[-1].end) == (NOW - outage, NOW)
    assert all(one.end == other.start for one, other in itertools.pairwise(gaps))
    for gap in gaps:
        assert gap.end - gap.start <= LONGEST_GAP
        backfill = heal_gap(KEY, gap, NOW)
        assert backfill.start <= gap.start - LATENESS < gap.end <= backfill.end
        assert backfill.end - backfill.start <= LONGEST


@given(st.timedeltas(timedelta(hours=1), LONGEST_GAP), st.integers(0, 7), answers)
def test_a_gap_is_closed_exactly_when_all_of_it_is_in(length: timedelta, days: int, counts: list[int | None]) -> None:
    """With what devices dated later than it was made, as far as that is over."""
    after = timedelta(days=days)
    gap = Gap(Stream.TRIPS, NOW - length, NOW, NOW)
    backfill = heal_gap(KEY, gap, NOW + after)
    assert backfill.end == NOW + min(after, EARLINESS)
    assert not closes(backfill, gap)
    for backfill, _ in filled(backfill, counts):  # noqa: B020 - the next state of the same
        assert closes(backfill, gap) == (backfill.parts[0].done_until >= min(gap.end + EARLINESS, backfill.end))
    assert closes(backfill, gap)
    assert not closes(backfill, msgspec.structs.replace(gap, stream=Stream.EVENTS))
    assert not closes(backfill, msgspec.structs.replace(gap, start=backfill.start - HOUR))
    assert not closes(backfill, msgspec.structs.replace(gap, closed_at=NOW))
