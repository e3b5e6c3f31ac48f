"""Places with ties, and nobody forgotten."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.made import conduct, rated
from trilha.domain.performance import Band, Contender, PolicyName, Unscored, rank
from trilha.domain.performance.assessing import scored, unscored


def contender(number: int, value: float | None, *, rag: bool = False, is_person: bool = True) -> Contender:
    policy = PolicyName.MIX_RAG if rag else PolicyName.TRILHA
    driver = rated(number, f"Driver {number:03}", is_person=is_person)
    if value is None:
        return Contender(driver, unscored(policy, "f", conduct(0), Unscored.NO_DISTANCE))
    return Contender(driver, scored(policy, "f", conduct(100), value, Band.GREEN, ()))


def test_ties_share_a_place_and_the_next_is_left_free() -> None:
    ranking = rank([contender(1, 80), contender(2, 95), contender(3, 90.001), contender(4, 90.0)])
    assert [(one.rank, one.contender.driver.driver_id) for one in ranking.placed] == [(1, 2), (2, 3), (2, 4), (4, 1)]
    assert [one.percentile for one in ranking.placed] == [100.0, 50.0, 50.0, 0.0]
    assert ranking.median == 90.0
    assert [one.to_median for one in ranking.placed] == [5.0, 0.0, 0.0, -10.0]


def test_where_low_is_good_the_lowest_comes_first() -> None:
    ranking = rank([contender(1, 5.0, rag=True), contender(2, 1.0, rag=True), contender(3, 2.0, rag=True)])
    assert [one.contender.driver.driver_id for one in ranking.placed] == [2, 3, 1]
    assert [one.to_median for one in ranking.placed] == [1.0, 0.0, -3.0]


def test_who_is_no_person_is_left_out_and_who_has_no_score_is_told() -> None:
    ranking = rank([contender(1, None), contender(2, None, is_person=False), contender(3, 7, is_person=False)])
    assert ranking.placed == ()
    assert [(one.contender.driver.driver_id, one.reason) for one in ranking.unplaced] == [(1, Unscored.NO_DISTANCE)]
    assert ranking.median is None


def test_alone_is_best() -> None:
    (only,) = rank([contender(1, 3)]).placed
    assert (only.rank, only.percentile, only.to_median) == (1, 100.0, 0.0)


@given(
    values=st.lists(st.one_of(st.none(), st.sampled_from([0.0, 50.0, 75.5, 100.0])), max_size=30),
    rag=st.booleans(),
    chance=st.randoms(),
)
def test_a_place_is_one_more_than_who_is_better(values: list[float | None], rag: bool, chance: object) -> None:
    contenders = [contender(number, value, rag=rag) for number, value in enumerate(values)]
    ranking = rank(contenders)
    chance.shuffle(contenders)
    assert rank(contenders) == ranking
    given_values = [value for value in values if value is not None]
    assert len(ranking.placed) == len(given_values)
    assert len(ranking.placed) + len(ranking.unplaced) == len(values)
    for one in ranking.placed:
        mine = one.contender.assessment.value
        better = sum(value < mine if rag else value > mine for value in given_values)
        worse = sum(value > mine if rag else value < mine for value in given_values)
        assert one.rank == better + 1
        if len(given_values) > 1:
            tied = len(given_values) - better - worse - 1
            assert one.percentile == pytest.approx(100 * (worse + tied / 2) / (len(given_values) - 1), abs=0.051)
