"""Scores, rankings, days and what is decided about them, asked of a company."""

from datetime import date, timedelta

import msgspec
import pytest

from tests.driving import (
    ANA,
    BIA,
    BRAKING,
    BUS,
    CAIO,
    GARAGE,
    LINE,
    LOOSE,
    NOBODY,
    NOW,
    OWN_TYPE,
    SPEEDING,
    STRANGER,
    UNKNOWN_BUS,
    Company,
    at,
    drive_weeks,
)
from trilha.application.performance.asked_days import AskedDays, RangeTooLong
from trilha.application.performance.score_views import score_view
from trilha.application.performance.scores import RankingQuestion, ScoreQuestion
from trilha.application.performance.stock_policies import GEOTAB, MIX_RAG, TRILHA
from trilha.application.performance.use_cases import PerformanceUseCases
from trilha.application.ports import IdempotencyScope
from trilha.domain.fleet import STOCK, Classification
from trilha.domain.kernel import Conflict, DayRange, NotFound
from trilha.domain.performance import Measure, PerformanceSettings, PolicyName, ScoreRule, Unscored

TODAY = NOW.date()
YESTERDAY = TODAY - timedelta(days=1)


def asks(company: Company, driver: int = ANA, **given: object) -> ScoreQuestion:
    return ScoreQuestion(organisation_id=company.id, driver_id=driver, **given)


def ranks(company: Company, **given: object) -> RankingQuestion:
    return RankingQuestion(organisation_id=company.id, **given)


def test_stock_policies_are_about_stock_events() -> None:
    rules = [*TRILHA.rules, *MIX_RAG.rules, *GEOTAB.rules]
    named = {one for rule in rules for one in rule.event_types}
    assert {STOCK[one] for one in named} == {Classification.DRIVING_INFRACTION, Classification.SAFETY}


async def test_a_score_is_over_the_four_weeks_that_are_over(company: Company, ask: PerformanceUseCases) -> None:
    """1,400 km in 28 hours, 14 brakings of 14 minutes: 1 in 100 km, 2 points; 0.28 h of speeding: 1 %, 3 points."""
    drive_weeks(company, [ANA])
    for number in range(14):
        company.event(BRAKING, at(YESTERDAY, 8 + number / 60))
    company.event(SPEEDING, at(YESTERDAY), duration_s=1008)
    company.event(BRAKING, at(TODAY), count=9)
    company.event(BRAKING, at(TODAY - timedelta(days=29)), count=9)
    found = await ask.assess_driver(asks(company))
    assert found.days == DayRange(TODAY - timedelta(days=28), YESTERDAY)
    assert [(one.rule, one.points) for one in found.assessment.deductions] == [
        ("speeding", 3.0),
        ("harsh_braking", 2.0),
    ]
    assert (found.assessment.value, found.assessment.distance_km) == (95.0, 1400.0)
    assert [week.last for week, _ in found.trend][-1] == YESTERDAY
    assert [told.value for _, told in found.trend] == [None] * 4 + [100.0] * 3 + [80.0]
    view = score_view(found)
    assert [one.event_types[0].description for one in view.deductions] == ["Excesso de velocidade", "Freada brusca"]


async def test_a_type_of_the_fleets_own_counts_by_its_class(company: Company, ask: PerformanceUseCases) -> None:
    drive_weeks(company, [ANA])
    company.event(OWN_TYPE, at(YESTERDAY))
    company.event(LOOSE, at(YESTERDAY))
    found = await ask.assess_driver(asks(company))
    assert [(one.rule, one.event_types) for one in found.assessment.deductions] == [("other_infractions", (OWN_TYPE,))]


async def test_an_appeal_that_is_heard_raises_the_score(company: Company, ask: PerformanceUseCases) -> None:
    drive_weeks(company, [ANA])
    event = company.event(BRAKING, at(YESTERDAY), count=50)
    before = await ask.assess_driver(asks(company))
    company.withdraw(event)
    after = await ask.assess_driver(asks(company))
    assert before.assessment.value < after.assessment.value == 100.0


@pytest.mark.parametrize("policy", PolicyName)
async def test_every_policy_says_why_there_is_no_score(
    company: Company, ask: PerformanceUseCases, policy: PolicyName
) -> None:
    company.trip(at(YESTERDAY), km=None, driver=BIA)
    company.trip(at(YESTERDAY), driver=NOBODY)
    company.event(BRAKING, at(YESTERDAY), BIA)
    none = await ask.assess_driver(asks(company, policy=policy))
    stood = await ask.assess_driver(asks(company, BIA, policy=policy))
    nobody = await ask.assess_driver(asks(company, NOBODY, policy=policy))
    assert none.assessment.unscored is stood.assessment.unscored is Unscored.NO_DISTANCE
    assert nobody.assessment.unscored is Unscored.NOT_A_PERSON
    assert none.assessment.value is stood.assessment.value is nobody.assessment.value is None


async def test_too_many_days_and_strangers_are_refused(company: Company, ask: PerformanceUseCases) -> None:
    year = AskedDays(date(2024, 11, 8), TODAY)
    with pytest.raises(RangeTooLong, match="367 days"):
        await ask.assess_driver(asks(company, asked=year))
    with pytest.raises(RangeTooLong):
        await ask.rank_drivers(ranks(company, asked=year))
    with pytest.raises(RangeTooLong, match="at most 93"):
        await ask.work_days.of_driver(company.id, ANA, AskedDays(date(2025, 8, 8), TODAY))
    with pytest.raises(NotFound):
        await ask.assess_driver(asks(company, STRANGER))
    with pytest.raises(NotFound):
        await ask.work_days.of_vehicle(company.id, UNKNOWN_BUS, AskedDays())


async def test_a_ranking_agrees_with_the_scores_it_is_made_of(company: Company, ask: PerformanceUseCases) -> None:
    drive_weeks(company, [ANA, BIA, NOBODY])
    company.event(BRAKING, at(YESTERDAY), count=3)
    found = await ask.rank_drivers(ranks(company, trend_weeks=4))
    alone = await ask.assess_driver(asks(company, trend_weeks=4))
    assert [one.contender.driver.driver_id for one in found.ranking.placed] == [BIA, ANA]
    (of_ana,) = (one.contender for one in found.ranking.placed if one.contender.driver.driver_id == ANA)
    assert of_ana.assessment == alone.assessment
    assert of_ana.trend == tuple(told.value for _, told in alone.trend)
    assert found.ranking.unplaced == ()


async def test_who_left_is_ranked_only_for_what_was_driven(company: Company, ask: PerformanceUseCases) -> None:
    before = await ask.rank_drivers(ranks(company))
    company.trip(at(YESTERDAY), driver=CAIO)
    after = await ask.rank_drivers(ranks(company))
    assert [one.contender.driver.driver_id for one in before.ranking.unplaced] == [ANA, BIA]
    assert [one.contender.driver.driver_id for one in after.ranking.placed] == [CAIO]


async def test_a_ranking_is_of_a_group_and_from_a_distance_on(company: Company, ask: PerformanceUseCases) -> None:
    company.trip(at(YESTERDAY), km=9)
    company.trip(at(YESTERDAY), km=500, driver=CAIO)
    line = await ask.rank_drivers(ranks(company, group_id=LINE))
    assert [(one.contender.driver.driver_id, one.reason) for one in line.ranking.unplaced] == [
        (ANA, Unscored.TOO_SHORT),
        (BIA, Unscored.NO_DISTANCE),
    ]
    garage = await ask.rank_drivers(ranks(company, group_id=GARAGE, min_distance_km=5))
    assert [one.contender.driver.driver_id for one in garage.ranking.placed] == [ANA, CAIO]


async def test_a_decision_holds_for_scores_of_any_time(company: Company, ask: PerformanceUseCases) -> None:
    drive_weeks(company, [ANA])
    company.event(BRAKING, at(YESTERDAY), count=28)
    rule = ScoreRule(key="braking", measure=Measure.PER_100_KM, weight=0.5, cap=100, event_types=(BRAKING,))
    decided = await ask.decide_score_policy(company.id, msgspec.structs.replace(TRILHA, rules=(rule,)))
    found = await ask.assess_driver(asks(company))
    assert (decided.version, found.policy_version) == (1, 1)
    assert (found.assessment.value, found.assessment.formula) == (99.0, "trilha-1.1")
    assert await ask.show_score_policy(company.id) == decided


async def test_decisions_do_not_write_over_each_other(company: Company, ask: PerformanceUseCases) -> None:
    first = await ask.decide_settings(company.id, PerformanceSettings(city="Brasília"))
    again = await ask.decide_settings(company.id, PerformanceSettings(city="Brasília"))
    assert first == again == await ask.show_settings(company.id)
    assert first.version == 1
    with pytest.raises(Conflict, match="version 0"):
        await ask.decide_settings(company.id, PerformanceSettings(city="Goiânia"))
    second = await ask.decide_settings(company.id, PerformanceSettings(version=1, city="Goiânia"))
    assert second.version == 2


async def test_a_repeated_decision_gets_the_first_answer(company: Company, ask: PerformanceUseCases) -> None:
    scope = IdempotencyScope(company.id, "token", "PUT /v1/x", "key", "digest")
    first = await ask.decide_settings(company.id, PerformanceSettings(city="Brasília"), scope)
    await ask.decide_settings(company.id, PerformanceSettings(version=1, city="Goiânia"))
    assert await ask.decide_settings(company.id, PerformanceSettings(city="Brasília"), scope) == first


async def test_days_are_those_of_the_month_so_far(company: Company, ask: PerformanceUseCases) -> None:
    company.trip(at(date(2025, 10, 31), 23))
    company.trip(at(date(2025, 11, 1), 8), end_latitude_deg=-15.8, end_longitude_deg=-47.9)
    company.trip(at(date(2025, 11, 1), 11), driver=BIA)
    company.trip(at(TODAY, 8))
    mine = await ask.work_days.of_driver(company.id, ANA, AskedDays())
    assert [(sheet.day, sheet.trips) for sheet in mine.sheets] == [(date(2025, 11, 1), 1), (TODAY, 1)]
    bus = await ask.work_days.of_vehicle(company.id, BUS, AskedDays())
    assert [(sheet.day, sheet.trips, sheet.stops) for sheet in bus.sheets] == [(date(2025, 11, 1), 2, 1), (TODAY, 1, 0)]
    stood = await ask.work_days.stops(company.id, BUS, AskedDays(last=date(2025, 11, 1)))
    assert [(one.began_at, one.duration_s) for one in stood.stays] == [(at(date(2025, 11, 1), 9), 7200.0)]


async def test_a_night_between_two_days_is_a_stop_of_the_first(company: Company, ask: PerformanceUseCases) -> None:
    company.trip(at(date(2025, 11, 1), 8))
    company.trip(at(date(2025, 11, 2), 8))
    days = [date(2025, 11, 1), date(2025, 11, 2)]
    found = [await ask.work_days.stops(company.id, BUS, AskedDays(day, day)) for day in days]
    assert [[(one.began_at, one.duration_s) for one in stood.stays] for stood in found] == [
        [(at(date(2025, 11, 1), 9), 23 * 3600.0)],
        [],
    ]


async def test_a_side_that_was_not_given_follows_the_other(company: Company, ask: PerformanceUseCases) -> None:
    early = await ask.work_days.of_driver(company.id, ANA, AskedDays(last=date(2025, 10, 5)))
    late = await ask.work_days.of_driver(company.id, ANA, AskedDays(first=date(2025, 12, 1)))
    assert early.days == DayRange(date(2025, 10, 5), date(2025, 10, 5))
    assert late.days == DayRange(date(2025, 12, 1), date(2025, 12, 1))
