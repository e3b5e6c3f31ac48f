"""What watching a vehicle tells, and what it refuses to believe."""

from datetime import time, timedelta
from uuid import UUID

import msgspec
import pytest

from tests.unit.domain.monitoring.world import (
    BUS,
    DEPOT,
    KMH_PER_KNOT,
    NOW,
    SCHOOL,
    START,
    at,
    book,
    cleared_at,
    fired_at,
    fix,
    happening,
    rule,
    watched,
)
from trilha.domain.kernel import VehicleId
from trilha.domain.monitoring import (
    HARSH_EVENTS,
    Direction,
    EventOfType,
    FenceCrossing,
    FenceDwell,
    Fired,
    Idling,
    Moment,
    MotionPolicy,
    MovingWithoutDriver,
    OverSpeed,
    Schedule,
    Scope,
    Silence,
    VehicleWatch,
    Weekday,
    Window,
    follow,
    hush,
    listen,
)

HARSH_DRIVING = EventOfType(HARSH_EVENTS)


def test_over_speed_is_told_once_after_its_time_and_cleared() -> None:
    """The state machine of Traccar's overspeed handler: 40 knots for 15 s."""
    rules = book(rule(OverSpeed(limit_kmh=40 * KMH_PER_KNOT, for_s=15)))
    knots = [(0, 50), (10, 55), (20, 55), (30, 55), (30, 30)]
    fixes = [
        fix(second, second * 25.0, knot * KMH_PER_KNOT, record_id=number) for number, (second, knot) in enumerate(knots)
    ]
    result = watched(rules, [fixes])
    assert (fired_at(result), cleared_at(result)) == ([20], [30])
    (fired,) = [one for one in result.signals if isinstance(one, Fired)]
    assert fired.evidence.value == pytest.approx(55 * KMH_PER_KNOT)
    assert fired.evidence.limit == pytest.approx(40 * KMH_PER_KNOT)


def test_motion_by_distance_and_time() -> None:
    """Traccar's motion processor: 500 m or more away is moving, 300 s within 500 m is standing."""
    policy = MotionPolicy(min_distance_m=500, min_duration_s=300)
    stopped = None
    for second in (0, 120, 240):
        stopped = follow(stopped, fix(second).point, policy)
    assert stopped is not None
    assert not stopped.is_moving
    assert follow(stopped, fix(300, 600).point, policy).is_moving

    moving = follow(follow(None, fix(-60, -600).point, policy), fix(0).point, policy)
    moving = follow(moving, fix(60, 100).point, policy)
    assert moving.is_moving
    assert follow(moving, fix(120, 100).point, policy).is_moving
    assert not follow(moving, fix(300, 100).point, policy).is_moving


def test_the_posted_limit_counts_with_its_tolerance_and_says_nothing_where_it_is_not_known() -> None:
    rules = book(rule(OverSpeed(tolerance_kmh=5)))
    assert fired_at(watched(rules, [[fix(0, speed_kmh=64, posted_kmh=60)]])) == []
    assert fired_at(watched(rules, [[fix(0, speed_kmh=66, posted_kmh=60)]])) == [0]
    assert fired_at(watched(rules, [[fix(0, speed_kmh=200)]])) == []
    unknown = watched(rules, [[fix(0, speed_kmh=66, posted_kmh=60), fix(30, speed_kmh=10)]])
    assert cleared_at(unknown) == []


@pytest.mark.parametrize(("speed_kmh", "posted_kmh"), [(50.0, None), (None, 60.0)])
def test_speeding_that_nothing_confirms_for_ten_minutes_has_ended(
    speed_kmh: float | None, posted_kmh: float | None
) -> None:
    """The vehicle goes on reporting, off the roads with a limit, or without a speed; later it speeds anew."""
    rules = book(rule(OverSpeed(for_s=60)))
    speeding = [fix(second, speed_kmh=90, posted_kmh=60) for second in (0, 60, 300)]
    silent = [fix(second, speed_kmh=speed_kmh, posted_kmh=posted_kmh) for second in range(360, 1_200, 60)]
    anew = [fix(second, speed_kmh=90, posted_kmh=60) for second in (1_200, 1_260)]
    result = watched(rules, [speeding, silent, anew])
    assert fired_at(result) == [60, 1_260]
    assert cleared_at(result) == [960]


def test_a_fence_is_entered_and_left_and_the_first_sight_is_no_crossing() -> None:
    rules = book(
        rule(FenceCrossing((DEPOT,), Direction.EXIT), 1),
        rule(FenceCrossing((SCHOOL,), Direction.ENTER), 2),
        rule(FenceCrossing((DEPOT,), Direction.ENTER), 3),
    )
    result = watched(rules, [[fix(0), fix(60, 600), fix(120, 2_500), fix(180, 3_500)]])
    assert [(signal.rule_id.int, (signal.at - START).total_seconds()) for signal in result.signals] == [
        (1, 60),
        (2, 120),
    ]
    assert [(one.geofence_id, one.direction.value, one.was_seen_outside) for one in result.crossings] == [
        (DEPOT, "enter", False),
        (DEPOT, "exit", True),
        (SCHOOL, "enter", True),
        (SCHOOL, "exit", True),
    ]
    assert [one.dwelled_s for one in result.crossings] == [0, 60, 0, 60]


def test_dwelling_counts_from_the_entrance_and_ends_at_the_exit() -> None:
    rules = book(rule(FenceDwell((DEPOT, SCHOOL), for_s=600)))
    result = watched(rules, [[fix(0)], [fix(300)], [fix(700)], [fix(900)], [fix(1_000, 700)]])
    assert (fired_at(result), cleared_at(result)) == ([700], [1_000])


def test_idling_is_standing_that_goes_on_being_reported() -> None:
    rules = book(rule(Idling(for_s=600)))
    stands = [fix(second, speed_kmh=0) for second in range(0, 900, 60)]
    result = watched(rules, [stands, [fix(900, 300, 40)]])
    assert (fired_at(result), cleared_at(result)) == ([600], [900])
    parked = [fix(0, speed_kmh=0), fix(300, speed_kmh=0), fix(4_000, speed_kmh=0), fix(4_300, speed_kmh=0)]
    assert fired_at(watched(rules, [parked])) == []


def test_what_nobody_saw_did_not_last() -> None:
    """Fast before an hour without a position and fast after it is not fast for an hour."""
    rules = book(rule(OverSpeed(limit_kmh=80, for_s=60)))
    hour_later = [fix(3_600, 60_000, 100), fix(3_630, 61_000, 100), fix(3_660, 62_000, 100)]
    assert fired_at(watched(rules, [[fix(0, speed_kmh=100)], hour_later])) == [3_660]
    fast = [fix(0, speed_kmh=100), fix(60, 1_600, 100)]
    told = watched(rules, [fast, hour_later])
    assert (fired_at(told), cleared_at(told)) == ([60, 3_660], [3_600])
    heard = [fix(second, second * 25.0, 100) for second in (0, 600)]
    assert fired_at(watched(rules, [heard])) == [600]


def test_moving_without_a_driver_needs_motion_and_nobody() -> None:
    rules = book(rule(MovingWithoutDriver(for_s=60)))
    nobody = [fix(second, second * 10, has_driver=False) for second in range(0, 301, 60)]
    result = watched(rules, [nobody, [fix(360, 3_600)]])
    assert (fired_at(result), cleared_at(result)) == ([120], [360])
    standing = [fix(second, has_driver=False) for second in range(0, 301, 60)]
    assert fired_at(watched(rules, [standing])) == []


def test_each_event_fires_late_or_not_and_those_of_other_types_do_not() -> None:
    rules = book(rule(HARSH_DRIVING))
    other = happening(20, 3, msgspec.json.decode(b"5"))
    result = watched(rules, [[happening(10, 1), other], [happening(5, 2)]])
    assert fired_at(result) == [10, 5]


def test_silence_is_told_once_by_each_rule_and_ends_with_a_sign() -> None:
    rules = book(rule(Silence(for_s=600), 1), rule(Silence(for_s=1_200), 2))
    state = watched(rules, [[fix(0)]]).state
    assert listen(state, rules, at(599)).signals == ()
    first = listen(state, rules, at(600))
    again = listen(first.state, rules, at(660))
    both = listen(again.state, rules, at(1_300))
    assert [len(one.signals) for one in (first, again, both)] == [1, 0, 1]
    end = watched(rules, [[fix(1_400)]], both.state)
    assert cleared_at(end) == [1_400, 1_400]
    assert listen(VehicleWatch(BUS), rules, at(9_999)).signals == ()


@pytest.mark.parametrize(
    "wrong",
    [
        msgspec.structs.replace(
            fix(60), point=msgspec.structs.replace(fix(60).point, latitude_deg=0.0, longitude_deg=0.0)
        ),
        msgspec.structs.replace(fix(60), point=msgspec.structs.replace(fix(60).point, latitude_deg=float("nan"))),
        msgspec.structs.replace(fix(60), point=msgspec.structs.replace(fix(60, 2_500).point, hdop=50.0)),
        fix(60, 90_000.0),
    ],
    ids=["zero", "nan", "vague", "teleport"],
)
def test_what_cannot_have_been_opens_and_closes_no_visit(wrong: object) -> None:
    rules = book(rule(FenceCrossing((DEPOT, SCHOOL))))
    assert isinstance(wrong, type(fix(0)))
    result = watched(rules, [[fix(0), wrong, fix(120, 10)]])
    assert [one.direction for one in result.crossings] == [Direction.ENTER]
    assert fired_at(result) == []


def test_nothing_from_the_future_is_believed() -> None:
    moment = Moment.of(at(60), at(60))
    rules = book(rule(FenceCrossing((SCHOOL,))), rule(HARSH_DRIVING, 2))
    result = watched(rules, [[fix(0), fix(4_000, 2_500), happening(4_000, 9)]], moment=moment)
    assert result.signals == ()
    assert result.state.seen_at == at(0)


def test_three_points_that_agree_on_a_far_place_are_believed() -> None:
    rules = book(rule(FenceCrossing((DEPOT,), Direction.EXIT)))
    ferry = [[fix(0)], [fix(60, 90_000)], [fix(120, 90_010)], [fix(180, 90_020)]]
    result = watched(rules, ferry)
    assert fired_at(result) == [60]
    assert result.state.last == fix(180, 90_020).point


def test_a_late_position_shows_a_sign_of_life_at_most() -> None:
    rules = book(rule(FenceCrossing((DEPOT, SCHOOL))))
    first = watched(rules, [[fix(0), fix(600, 600)]])
    late = watched(rules, [[fix(300, 2_500)]], first.state)
    assert late == type(late)(first.state)


def test_what_is_historic_moves_what_is_known_and_tells_nothing() -> None:
    rules = book(rule(HARSH_DRIVING, 1), rule(OverSpeed(limit_kmh=80), 2), rule(FenceCrossing((DEPOT,)), 3))
    later = Moment.of(at(200_000), at(200_000))
    result = watched(rules, [[fix(0, speed_kmh=100), fix(60, 600, 100), happening(30, 5)]], moment=later)
    assert result.signals == ()
    assert [one.direction for one in result.crossings] == [Direction.ENTER, Direction.EXIT]
    awake = watched(rules, [[fix(199_990, 700, 100)]], result.state, later)
    assert fired_at(awake) == [199_990]


def test_after_the_end_the_cooldown_holds() -> None:
    speeding = rule(OverSpeed(limit_kmh=80), cooldown_s=300)
    rules = book(speeding)
    fast, slow = 100.0, 50.0
    fixes = [fix(0, speed_kmh=fast), fix(10, speed_kmh=slow), fix(100, speed_kmh=fast), fix(110, speed_kmh=slow)]
    assert fired_at(watched(rules, [fixes])) == [0]
    going_on = [fix(0, speed_kmh=fast), fix(10, speed_kmh=slow), fix(100, speed_kmh=fast), fix(310, speed_kmh=fast)]
    assert fired_at(watched(rules, [going_on])) == [0, 310]
    quiet = hush(VehicleWatch(BUS), speeding, at(0))
    assert fired_at(watched(rules, [[fix(299, speed_kmh=fast)], [fix(300, speed_kmh=fast)]], quiet)) == [300]
    assert hush(quiet, speeding, at(-10)) is quiet


def test_a_rule_sleeps_outside_its_windows_and_tells_at_once_when_it_wakes() -> None:
    """The start is 09:00 of a Tuesday in São Paulo; the window begins at 09:10."""
    window = Window((Weekday.TUESDAY,), time(9, 10), time(10, 0))
    rules = book(rule(Idling(for_s=300), schedule=Schedule((window,))))
    stands = [fix(second, speed_kmh=0) for second in range(0, 900, 60)]
    assert fired_at(watched(rules, [stands])) == [600]


def test_a_rule_watches_whom_it_names() -> None:
    mine, other = rule(HARSH_DRIVING, 1, scope=Scope((BUS,))), rule(HARSH_DRIVING, 2, scope=Scope((VehicleId(8),)))
    result = watched(book(mine, other), [[happening(0, 1)]])
    assert [signal.rule_id for signal in result.signals] == [UUID(int=1)]


def test_a_state_survives_json() -> None:
    rules = book(rule(OverSpeed(limit_kmh=80, for_s=60)), rule(MovingWithoutDriver(), 2), rule(Idling(60), 3))
    state = watched(rules, [[fix(0), fix(60, 90_000, 90), fix(120, 40, 90)]]).state
    assert msgspec.json.decode(msgspec.json.encode(state), type=VehicleWatch) == state


def test_a_rule_that_is_gone_leaves_no_trace() -> None:
    state = watched(book(rule(OverSpeed(limit_kmh=80))), [[fix(0, speed_kmh=100)]]).state
    assert state.holds
    assert watched(book(), [[fix(60, speed_kmh=20)]], state, NOW).state.holds == {}
    assert NOW.told_from == START - timedelta(days=1)
