"""Scores explain themselves, never reward an infraction, and agree with those that others publish."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.made import ANA, conduct, doings, kind, rated, tally
from trilha.domain.kernel import DriverId, EventTypeId, InvalidValue
from trilha.domain.performance import (
    Band,
    Conduct,
    Doing,
    Drive,
    GeotabMeasure,
    GeotabPolicy,
    GeotabRule,
    Measure,
    RagMeasure,
    RagPolicy,
    RagRule,
    ScorePolicy,
    ScoreRule,
    Unscored,
    conducts,
    geotab_score,
    rag_score,
    ribas_violation,
    score,
)
from trilha.domain.performance.geotab import event_sub_score, seat_belt_sub_score, share_sub_score

CORNERING, BRAKING, SPEEDING, BELT = (EventTypeId(n) for n in (1, 2, 3, 4))
POLICY = ScorePolicy(
    rules=(
        ScoreRule(key="braking", measure=Measure.PER_100_KM, weight=2, cap=25, event_types=(BRAKING,)),
        ScoreRule(key="cornering", measure=Measure.PER_100_KM, weight=1.5, cap=60, event_types=(CORNERING,)),
        ScoreRule(key="speeding", measure=Measure.PERCENT_OF_TIME, weight=3, cap=50, event_types=(SPEEDING,)),
    )
)
RAG = RagPolicy(
    rules=(
        RagRule("harsh_cornering", (CORNERING,)),
        RagRule("harsh_braking", (BRAKING,)),
        RagRule("speeding", (SPEEDING,), RagMeasure.DURATION),
    )
)
GEOTAB = GeotabPolicy(
    rules=(
        GeotabRule("harsh_braking", (BRAKING,), GeotabMeasure.EVENTS, 0.3),
        GeotabRule("seat_belt", (BELT,), GeotabMeasure.SEAT_BELT, 0.2),
        GeotabRule("speeding", (SPEEDING,), GeotabMeasure.SHARE, 0.5, multiplier=2.0),
    )
)
driven = st.builds(
    conduct,
    st.floats(min_value=10, max_value=20_000),
    st.dictionaries(st.integers(min_value=1, max_value=4), doings),
    st.floats(min_value=0, max_value=1_000_000),
)


def test_a_worked_example() -> None:
    """The one in docs/scoring.md."""
    done = {BRAKING: Doing(9, 8, 0.0), SPEEDING: Doing(30, 30, 720.0)}
    found = score(rated(), conduct(400, done, driving_s=36_000), POLICY)
    assert [(one.rule, one.rate, one.points) for one in found.deductions] == [
        ("braking", 2.0, 4.0),
        ("speeding", 2.0, 6.0),
    ]
    assert (found.value, found.band, found.formula) == (90.0, Band.LOW_RISK, "trilha-1.0")


@given(did=driven)
def test_the_lost_points_sum_to_what_is_missing(did: Conduct) -> None:
    found = score(rated(), did, POLICY)
    assert found.value is not None
    assert 0 <= found.value <= 100
    assert sum(Decimal(str(one.points)) for one in found.deductions) == 100 - Decimal(str(found.value))
    caps = {rule.key: rule.cap for rule in POLICY.rules}
    assert all(one.points <= caps.get(one.rule, 0) for one in found.deductions)


@given(did=driven, event_type=st.integers(min_value=1, max_value=4), more=doings)
def test_an_infraction_more_never_helps(did: Conduct, event_type: int, more: Doing) -> None:
    done = did.of([EventTypeId(event_type)])
    worse = Doing(done.occurrences + more.occurrences, done.moments + more.moments, done.duration_s + more.duration_s)
    after = Conduct(did.distance_km, did.driving_s, did.trips, {**did.doings, EventTypeId(event_type): worse})
    assert score(rated(), after, POLICY).value <= score(rated(), did, POLICY).value
    assert geotab_score(rated(), after, GEOTAB).value <= geotab_score(rated(), did, GEOTAB).value + 1e-9
    assert rag_score(rated(), after, RAG).value >= rag_score(rated(), did, RAG).value


def test_a_score_does_not_fall_below_zero_and_says_so() -> None:
    done = {BRAKING: Doing(900, 900, 0.0), CORNERING: Doing(900, 900, 0.0), SPEEDING: Doing(1, 1, 36_000.0)}
    found = score(rated(), conduct(100, done), POLICY)
    assert (found.value, found.band) == (0.0, Band.HIGH_RISK)
    assert [(one.rule, one.points, one.capped) for one in found.deductions] == [
        ("braking", 25.0, True),
        ("cornering", 60.0, True),
        ("speeding", 50.0, True),
        ("floor", -35.0, False),
    ]


def test_one_event_a_minute_counts() -> None:
    found = score(rated(), conduct(100, {BRAKING: Doing(occurrences=50, moments=1, duration_s=0)}), POLICY)
    assert found.value == 98.0


def test_time_over_the_limit_without_driving_time_is_told_as_not_measured() -> None:
    found = score(rated(), conduct(100, {SPEEDING: Doing(3, 3, 600.0)}, driving_s=0), POLICY)
    assert found.value == 100.0
    assert [(one.rule, one.rate, one.points, one.seconds) for one in found.deductions] == [
        ("speeding", None, 0.0, 600.0)
    ]


@pytest.mark.parametrize(
    ("driver", "distance_km", "why"),
    [
        (rated(), 0.0, Unscored.NO_DISTANCE),
        (rated(), 9.99, Unscored.TOO_SHORT),
        (rated(is_person=False), 500.0, Unscored.NOT_A_PERSON),
    ],
    ids=["0 km", "below the minimum", "special driver"],
)
def test_without_ground_there_is_no_score_but_a_reason(driver: object, distance_km: float, why: Unscored) -> None:
    found = score(driver, conduct(distance_km, {BRAKING: Doing(1, 1, 0.0)}), POLICY)
    assert (found.value, found.band, found.unscored, found.deductions) == (None, None, why, ())
    assert found.distance_km == distance_km


@pytest.mark.parametrize("found", [rag_score, geotab_score])
def test_other_formulas_do_not_divide_by_no_distance(found: object) -> None:
    policy = RAG if found is rag_score else GEOTAB
    assert found(rated(), conduct(0.0, {BRAKING: Doing(1, 1, 1.0)}), policy).unscored is Unscored.NO_DISTANCE


@pytest.mark.parametrize(
    ("points", "band"),
    [(10, "low_risk"), (10.01, "mild_risk"), (25, "mild_risk"), (40, "medium_risk"), (41, "high_risk")],
)
def test_a_limit_belongs_to_the_better_band(points: float, band: str) -> None:
    rule = ScoreRule(key="braking", measure=Measure.PER_100_KM, weight=1, cap=points, event_types=(BRAKING,))
    found = score(rated(), conduct(100, {BRAKING: Doing(99, 99, 0.0)}), ScorePolicy(rules=(rule,)))
    assert found.band is Band(band)


def test_a_rule_takes_in_the_types_of_a_class_that_no_other_names() -> None:
    rules = (
        ScoreRule(key="braking", measure=Measure.PER_100_KM, weight=1, cap=9, event_types=(BRAKING,)),
        ScoreRule(key="others", measure=Measure.PER_100_KM, weight=1, cap=9, classification="driving_infraction"),
    )
    known = [kind(BRAKING), kind(SPEEDING), kind(BELT, classification="safety")]
    assert [rule.event_types for rule in ScorePolicy(rules=rules).resolved(known).rules] == [(BRAKING,), (SPEEDING,)]


@pytest.mark.parametrize(
    "changes", [{"weight": -1}, {"weight": float("nan")}, {"cap": 101}, {"key": "floor"}, {"key": "a b"}, {"key": ""}]
)
def test_a_rule_that_could_help_or_hide_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(InvalidValue):
        ScoreRule(**{"key": "braking", "measure": Measure.PER_100_KM, "weight": 1.0, "cap": 9.0, **changes})


def test_rules_of_one_name_are_refused() -> None:
    with pytest.raises(InvalidValue, match="a key of its own"):
        ScorePolicy(rules=(POLICY.rules[0], POLICY.rules[0]))


def test_a_policy_without_rules_would_find_everybody_faultless() -> None:
    with pytest.raises(InvalidValue, match="1 to 50 rules"):
        ScorePolicy(rules=())


def test_mix_rag_is_as_mix_publishes_it() -> None:
    """2,460 km, 14 harsh cornerings, 10 harsh brakings, 340 s of speeding: 0.57 + 0.41 + 1.38 = 2.36, amber (2 to 5).

    Source: MiX help centre, "What is RAG scoring".
    """
    done = {CORNERING: Doing(14, 14, 0), BRAKING: Doing(10, 10, 0), SPEEDING: Doing(5, 5, 340)}
    found = rag_score(rated(), conduct(2460, done), RAG)
    assert [round(one.points, 2) for one in found.deductions] == [0.57, 0.41, 1.38]
    assert (found.value, found.band) == (2.36, Band.AMBER)


@pytest.mark.parametrize(
    ("count", "band"), [(19, "green"), (20, "amber"), (50, "amber"), (51, "red")], ids=["1.9", "2", "5", "5.1"]
)
def test_rag_bands_are_amber_from_two_to_five(count: int, band: str) -> None:
    found = rag_score(rated(), conduct(1000, {BRAKING: Doing(count, 1, 0)}), RAG)
    assert (found.value, found.band) == (count / 10, Band(band))


@pytest.mark.parametrize(("scores", "mean"), [((50, 30), 40), ((0, 30), 30), ((50, 0), 50), ((0, 0), 0)])
def test_a_ribas_violation_is_the_mean_of_what_is_not_zero(scores: tuple[float, float], mean: float) -> None:
    """Source of the first: MiX help centre, "What is RIBAS scoring"."""
    assert ribas_violation(*scores) == mean


def test_geotab_is_as_geotab_publishes_it() -> None:
    """3 harsh brakings on 600 km: 95. Source: Geotab knowledge base, driver safety scorecard."""
    assert event_sub_score(3, 600) == 95.0
    assert event_sub_score(3, 10) == 0.0
    assert share_sub_score(0.1, multiplier=2) == 80.0
    assert seat_belt_sub_score(0.1, 3, 600) == pytest.approx(0.7 * 90 + 0.3 * 95)


def test_half_a_hundredth_of_a_point_is_rounded_up() -> None:
    rule = ScoreRule(key="braking", measure=Measure.PER_100_KM, weight=1, cap=25, event_types=(BRAKING,))
    found = score(rated(), conduct(20_000, {BRAKING: Doing(1, 1, 0)}), ScorePolicy(rules=(rule,)))
    assert (found.value, [one.points for one in found.deductions]) == (99.99, [0.01])


def test_geotab_weighs_its_rules() -> None:
    done = {BRAKING: Doing(3, 3, 0), BELT: Doing(3, 3, 3600), SPEEDING: Doing(9, 9, 3600)}
    found = geotab_score(rated(), conduct(600, done), GEOTAB)
    assert found.value == pytest.approx(0.3 * 95 + 0.2 * (0.7 * 90 + 0.3 * 95) + 0.5 * 80, abs=0.005)
    assert sum(one.points for one in found.deductions) == pytest.approx(100 - found.value, abs=0.005)
    assert found.band is Band.MILD_RISK


def test_a_geotab_score_that_is_shown_as_ninety_has_the_band_of_ninety() -> None:
    only = GeotabPolicy(rules=(GeotabRule("harsh_braking", (BRAKING,), GeotabMeasure.EVENTS, 1.0),))
    found = geotab_score(rated(), conduct(99.9996, {BRAKING: Doing(1, 1, 0)}), only)
    assert (found.value, found.band) == (90.0, Band.LOW_RISK)


def test_geotab_weights_must_sum_to_one() -> None:
    with pytest.raises(InvalidValue, match="sum to 1"):
        GeotabPolicy(rules=GEOTAB.rules[:2])


def test_conducts_bring_driving_and_doing_together() -> None:
    """Also of who only did, as an event without a trip, or only drove."""
    drive = Drive(DriverId(5), 0, 2, 120.0, 7200.0, 60.0, 7260.0, 30.0)
    found = conducts([tally(BRAKING, 1, 3, seconds=4)], [drive])
    noisy = Drive(DriverId(5), 0, 2, 431.1499999999999, 7200.0, 60.0, 7260.0, 30.0)
    assert conducts([], [noisy])[5, 0].distance_km == 431.15
    assert found[ANA, 1] == Conduct(0.0, 0.0, 0, {BRAKING: Doing(3, 3, 4)})
    assert found[5, 0] == Conduct(120.0, 7200.0, 2, {})
