from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from trilha.domain.kernel import DriverId, EventId, EventTypeId, VehicleId
from trilha.domain.telemetry import (
    OLDEST_TOKEN,
    REACH,
    Checkpoint,
    IngestionRun,
    MergeOutcome,
    RunKind,
    RunStatus,
    Stream,
    TelemetryEvent,
    add_page,
    advance,
    declare_lost,
    fail,
    first_checkpoint,
    is_too_old,
    leap_over_gap,
    occurred_at,
    plan_merge,
    seed_time,
    succeed,
)
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
    gap, new = leap_over_gap(old, "b", NOON + HOUR, NOON + 2 * HOUR)
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
    plan = plan_merge({EventId(1): known}, events)
    outcome = plan.outcome
    assert outcome.inserted + outcome.replaced + outcome.duplicates == len(events)
    assert outcome.inserted + outcome.replaced == len(plan.written)
    assert min(outcome.inserted, outcome.replaced, outcome.duplicates) >= 0
    assert all(old in known for old in plan.superseded)


@given(st.lists(telemetry_events(), max_size=8, unique_by=lambda event: event.id))
def test_merging_again_what_was_merged_changes_nothing(events: list[TelemetryEvent]) -> None:
    known = {event.id: [event] for event in events}
    plan = plan_merge(known, events)
    assert (plan.written, plan.superseded, plan.outcome) == ((), (), MergeOutcome(duplicates=len(events)))


def test_reach_holds_its_own_end() -> None:
    known = {EventId(1): [an_event()]}
    for moved_by, inserted in ((REACH, 0), (REACH + TICK, 1), (-REACH, 0), (-REACH - TICK, 1)):
        assert plan_merge(known, [an_event(occurred_at=NOON + moved_by)]).outcome.inserted == inserted
