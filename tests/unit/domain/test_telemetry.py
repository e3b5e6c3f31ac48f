from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trilha.domain.kernel import DriverId, EventId, EventTypeId, PositionId, RejectedRecord, VehicleId
from trilha.domain.telemetry import (
    OLDEST_TOKEN,
    REACH,
    AlreadySettled,
    Checkpoint,
    IngestionRun,
    Known,
    MergeOutcome,
    Position,
    QuarantineEntry,
    RunKind,
    RunStatus,
    Settlement,
    Stream,
    TelemetryEvent,
    add_page,
    advance,
    count_late,
    declare_lost,
    fail,
    first_checkpoint,
    is_from_the_future,
    is_too_old,
    latest_positions,
    leap_over_gap,
    may_leap,
    occurred_at,
    plan_merge,
    seed_time,
    settle_entry,
    succeed,
)
from trilha.domain.telemetry.model import CLOCK_TOLERANCE
from trilha.testing.strategies import checkpoints, instants, merge_outcomes, telemetry_events, texts

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
TICK = timedelta(microseconds=1)
RUN = IngestionRun(id=UUID(int=1), kind=RunKind.EVENTS, started_at=NOON)


def an_event(**fields: object) -> TelemetryEvent:
    event = TelemetryEvent(EventId(1), NOON, DriverId(1), VehicleId(1), EventTypeId(1))
    return msgspec.structs.replace(event, **fields)


def test_an_event_happened_at_its_start_else_its_end_else_its_receipt() -> None:
    assert occurred_at(NOON, NOON + HOUR, NOON + 2 * HOUR) == NOON
    assert occurred_at(None, NOON + HOUR, NOON + 2 * HOUR) == NOON + HOUR
    assert occurred_at(None, None, NOON + 2 * HOUR) == NOON + 2 * HOUR


@given(checkpoints(), texts(20), instants(), instants())
def test_the_sources_token_is_the_only_way_forward(
    checkpoint: Checkpoint, token: str, token_time: datetime, now: datetime
) -> None:
    moved = advance(checkpoint, token, token_time, now)
    assert (moved.token, moved.version) == (token, checkpoint.version + 1)
    assert moved.checked_at == now
    stayed = advance(checkpoint, None, None, now)
    expected = msgspec.structs.replace(checkpoint, checked_at=now, version=checkpoint.version + 1)
    assert stayed == expected


def test_the_same_token_again_is_no_move() -> None:
    first = first_checkpoint(Stream.EVENTS, "a", NOON, NOON)
    again = advance(first, "a", NOON + HOUR, NOON + HOUR)
    assert (again.moved_at, again.token_time, again.checked_at, again.version) == (NOON, NOON, NOON + HOUR, 1)


@given(instants())
def test_a_first_token_is_old_but_not_too_old(now: datetime) -> None:
    assert not is_too_old(seed_time(now), now)
    assert now - seed_time(now) > OLDEST_TOKEN - timedelta(days=1)


def test_a_token_is_too_old_from_seven_days_on() -> None:
    assert is_too_old(NOON, NOON + OLDEST_TOKEN)
    assert not is_too_old(NOON, NOON + OLDEST_TOKEN - TICK)


def test_a_leap_leaves_the_gap_that_it_leaps_over() -> None:
    old = first_checkpoint(Stream.EVENTS, "a", NOON, NOON)
    (gap,), new = leap_over_gap(old, "b", NOON + HOUR, NOON + 2 * HOUR)
    assert (gap.start, gap.end, gap.opened_at, gap.closed_at) == (NOON, NOON + HOUR, NOON + 2 * HOUR, None)
    assert (new.token, new.token_time, new.version) == ("b", NOON + HOUR, 1)


@given(st.lists(st.tuples(merge_outcomes(), st.integers(0, 100)), max_size=5))
def test_the_counts_of_a_run_add_up(pages: list[tuple[MergeOutcome, int]]) -> None:
    run = RUN
    for outcome, quarantined in pages:
        run = add_page(run, outcome, quarantined)
    assert run.pages == len(pages)
    assert run.received == run.inserted + run.replaced + run.duplicates + run.quarantined
    assert run.inserted == sum(outcome.inserted for outcome, _ in pages)
    assert run.quarantined == sum(quarantined for _, quarantined in pages)


def test_a_run_ends_in_one_of_three_ways_and_keeps_its_counts() -> None:
    run = msgspec.structs.replace(RUN, pages=2, received=7)
    ends = succeed(run, NOON + HOUR), fail(run, "code", "why", NOON + HOUR), declare_lost(run, NOON + HOUR)
    assert [end.status for end in ends] == [RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.LOST]
    assert [end.error_code for end in ends] == [None, "code", "telemetry.run_lost"]
    assert {(end.finished_at, end.pages, end.received) for end in ends} == {(NOON + HOUR, 2, 7)}


_ONE_ID = st.lists(telemetry_events(st.just(1), instants(NOON, NOON + 2 * REACH)), max_size=5)


@given(_ONE_ID, st.lists(telemetry_events(st.integers(0, 2), instants(NOON, NOON + REACH)), max_size=8))
def test_the_outcome_counts_every_record_once(known: list[TelemetryEvent], events: list[TelemetryEvent]) -> None:
    plan = plan_merge({1: [Known(one, NOON) for one in known]}, events, NOON)
    outcome = plan.outcome
    assert outcome.inserted + outcome.replaced + outcome.duplicates == len(events)
    assert outcome.inserted + outcome.replaced == len(plan.written)
    assert min(outcome.inserted, outcome.replaced, outcome.duplicates) >= 0
    assert all(old in known for old in plan.superseded)


@given(st.lists(telemetry_events(), max_size=8, unique_by=lambda event: event.id))
def test_merging_again_what_was_merged_changes_nothing(events: list[TelemetryEvent]) -> None:
    known = {int(event.id): [Known(event, NOON)] for event in events}
    plan = plan_merge(known, events, NOON)
    assert (plan.written, plan.superseded, plan.outcome) == ((), (), MergeOutcome(duplicates=len(events)))


def test_reach_holds_its_own_end() -> None:
    known = {1: [Known(an_event(), NOON)]}
    for moved_by, inserted in ((REACH, 0), (REACH + TICK, 1), (-REACH, 0), (-REACH - TICK, 1)):
        assert plan_merge(known, [an_event(occurred_at=NOON + moved_by)], NOON).outcome.inserted == inserted


@given(st.permutations([(1, 1), (2, 2), (3, 3), (3, 4)]))
def test_the_youngest_answer_about_a_record_holds_in_whatever_order_they_come(answers: list[tuple[int, int]]) -> None:
    """Of two received at the same moment the one merged last holds, as in a stream."""
    known = dict[int, list[Known]]()
    for received, value in answers:
        at = NOON + received * HOUR
        plan = plan_merge(known, [an_event(occurrences=value)], at)
        if plan.written:
            known[1] = [Known(plan.written[0], at)]
    ((kept,),) = known.values()
    last = [value for received, value in answers if received == 3][-1]
    assert kept == Known(an_event(occurrences=last), NOON + 3 * HOUR)


def a_position(**fields: object) -> Position:
    return msgspec.structs.replace(Position(PositionId(1), NOON, DriverId(1), VehicleId(1), 0.0, 0.0), **fields)


_MOVES = st.builds(
    a_position,
    id=st.integers(1, 4),
    vehicle_id=st.integers(1, 2),
    occurred_at=instants(NOON - HOUR, NOON + HOUR) | st.just(NOON),
)


@given(st.lists(_MOVES, max_size=8), st.randoms(use_true_random=False))
def test_a_vehicle_is_where_it_was_last_whatever_order_it_is_told_in(positions: list[Position], dice: Random) -> None:
    shuffled = list(positions)
    dice.shuffle(shuffled)
    believed = [one for one in positions if not is_from_the_future(one.occurred_at, NOON)]
    expected = {
        vehicle: max((one.occurred_at, one.id) for one in believed if one.vehicle_id == vehicle)
        for vehicle in {one.vehicle_id for one in believed}
    }
    for told in (positions, shuffled):
        latest = latest_positions(told, NOON)
        assert {vehicle: (one.occurred_at, one.id) for vehicle, one in latest.items()} == expected


def test_a_device_may_be_five_minutes_ahead_and_not_more() -> None:
    assert not is_from_the_future(NOON + CLOCK_TOLERANCE, NOON)
    assert is_from_the_future(NOON + CLOCK_TOLERANCE + TICK, NOON)
    ahead = a_position(occurred_at=NOON + HOUR)
    assert latest_positions([ahead], NOON) == {}
    assert latest_positions([ahead, a_position()], NOON) == {VehicleId(1): a_position()}


def test_a_record_is_late_from_more_than_an_hour_before_its_page_on() -> None:
    times = [NOON - HOUR - TICK, NOON - HOUR, NOON, NOON + HOUR]
    assert count_late([an_event(occurred_at=at) for at in times], NOON) == 1
    assert count_late([], NOON) == 0


def test_an_entry_of_the_quarantine_ends_once() -> None:
    entry = QuarantineEntry(UUID(int=1), "events", None, NOON, RejectedRecord(0, "malformed", "id", b"{}"))
    settled = settle_entry(entry, Settlement.REPLAYED, NOON + HOUR)
    assert (settled.settlement, settled.settled_at) == (Settlement.REPLAYED, NOON + HOUR)
    assert settle_entry(settled, Settlement.REPLAYED, NOON + 2 * HOUR) is settled
    with pytest.raises(AlreadySettled):
        settle_entry(settled, Settlement.DISCARDED, NOON + 2 * HOUR)


def test_a_token_is_left_behind_only_where_a_fresh_one_is_younger_by_an_hour() -> None:
    """So a source that refuses every token makes a gap an hour at most, and never one that goes back."""
    fresh = seed_time(NOON)
    assert may_leap(fresh - HOUR, NOON)
    assert not may_leap(fresh - HOUR + TICK, NOON)
    assert not may_leap(NOON, NOON)
