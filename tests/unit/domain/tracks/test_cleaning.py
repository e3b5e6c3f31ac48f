from datetime import UTC, datetime, timedelta

import pytest

from trilha.domain.kernel import InvalidValue
from trilha.domain.tracks import CleaningPolicy, DropReason, TrackPoint, clean

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
LONDON, PARIS = (51.5, -0.1), (48.85, 2.35)


def fix(second: float, place: tuple[float, float] = LONDON, **said: float) -> TrackPoint:
    return TrackPoint(NOON + timedelta(seconds=second), *place, **said)


def reasons(points: list[TrackPoint], policy: CleaningPolicy | None = None) -> dict[int, str]:
    cleaned = clean(points, policy or CleaningPolicy(), now=NOON + timedelta(minutes=10))
    return {drop.position: drop.reason for drop in cleaned.dropped}


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (fix(15, (90.1, 0.0)), DropReason.IMPOSSIBLE_COORDINATE),
        (fix(15, (0.0, -180.5)), DropReason.IMPOSSIBLE_COORDINATE),
        (fix(15, (float("nan"), 0.0)), DropReason.IMPOSSIBLE_COORDINATE),
        (fix(15, (0.0, float("inf"))), DropReason.IMPOSSIBLE_COORDINATE),
        (fix(15, (0.0, 0.0)), DropReason.ZERO_COORDINATE),
        (fix(15 * 60 + 1), DropReason.FUTURE),
        (fix(15, accuracy_m=101.0), DropReason.LOW_ACCURACY),
        (fix(15, hdop=21.0), DropReason.LOW_ACCURACY),
        (fix(5), DropReason.OUT_OF_ORDER),
        (fix(10), DropReason.DUPLICATE_TIME),
        (fix(15, PARIS), DropReason.IMPOSSIBLE_JUMP),
    ],
    ids=lambda value: value.value if isinstance(value, DropReason) else "",
)
def test_one_wrong_point_goes_with_its_reason_and_takes_no_other_along(wrong: TrackPoint, reason: DropReason) -> None:
    assert reasons([fix(0), fix(10), wrong, fix(20), fix(30)]) == {2: reason}


def test_points_on_the_limits_stay() -> None:
    points = [fix(0, (90.0, 180.0)), fix(10, (90.0, -180.0), accuracy_m=100.0, hdop=20.0), fix(15 * 60, (90.0, 0.0))]
    assert not reasons(points)


def test_one_clock_far_ahead_does_not_condemn_what_follows() -> None:
    assert reasons([fix(0), fix(500), fix(10), fix(20), fix(30)]) == {1: DropReason.OUT_OF_ORDER}


def test_late_points_can_be_put_in_their_place() -> None:
    cleaned = clean([fix(20), fix(0), fix(10)], CleaningPolicy(sort_by_time=True))
    assert [point.at.second for point in cleaned.points] == [0, 10, 20]
    assert not cleaned.dropped


def test_a_move_that_three_points_confirm_is_a_move() -> None:
    before, after = [fix(second) for second in (0, 10, 20)], [fix(second, PARIS) for second in (30, 40, 50)]
    assert not reasons([*before, *after])
    assert reasons([*before, *after[:2]]) == {3: DropReason.IMPOSSIBLE_JUMP, 4: DropReason.IMPOSSIBLE_JUMP}


def test_a_journey_with_the_receiver_off_is_no_jump() -> None:
    assert not reasons([fix(-7200), fix(0, PARIS)])


def test_a_false_start_goes_when_the_trail_is_elsewhere() -> None:
    assert reasons([fix(0, PARIS), fix(10), fix(20), fix(30)]) == {0: DropReason.IMPOSSIBLE_JUMP}


def test_noise_is_no_jump_however_fast() -> None:
    assert not reasons([fix(0), fix(0.1, (51.5008, -0.1))])


@pytest.mark.parametrize("wrong", [{"max_speed_kmh": -1.0}, {"min_jump_m": float("nan")}, {"relocation_points": 1}])
def test_a_policy_that_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InvalidValue, match=next(iter(wrong))):
        CleaningPolicy(**wrong)


def test_a_time_without_zone_is_refused_with_its_place() -> None:
    with pytest.raises(InvalidValue, match=r"points\[1\]\.at"):
        clean([fix(0), TrackPoint(NOON.replace(tzinfo=None), *LONDON)])


def test_now_needs_its_zone() -> None:
    with pytest.raises(InvalidValue, match="now"):
        clean([], now=NOON.replace(tzinfo=None))
