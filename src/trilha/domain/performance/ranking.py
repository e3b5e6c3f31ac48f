"""Drivers of a group side by side: places with ties, how far each is from the middle, and who has no place and why."""

from collections.abc import Iterable, Sequence
from statistics import median
from typing import Final

import msgspec

from trilha.domain.kernel import DriverId, fold
from trilha.domain.performance.assessing import Assessment, Unscored
from trilha.domain.performance.model import Rated

_SHOWN_DECIMALS: Final = 2
"""Scores that look the same are the same: a place must not hang on what nobody sees."""


class Contender(msgspec.Struct, frozen=True):
    """A driver with a score, or without; `trend` are the scores of the weeks before, oldest first."""

    driver: Rated
    assessment: Assessment
    trend: tuple[float | None, ...] = ()


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """A driver with a place.

    `percentile` is the percentage of the others that are worse, ties counting half; alone it is 100. `to_median` is how
    much better than the middle of the group, worse where negative.
    """

    rank: int
    contender: Contender
    percentile: float
    to_median: float


class Unplaced(msgspec.Struct, frozen=True):
    """A driver without a place."""

    contender: Contender
    reason: Unscored


class Ranking(msgspec.Struct, frozen=True, kw_only=True):
    """Best first; ties share a place and the next one is left free (1, 2, 2, 4)."""

    placed: tuple[Placed, ...]
    unplaced: tuple[Unplaced, ...]
    median: float | None


def rank(contenders: Iterable[Contender]) -> Ranking:
    """Give places. Who is no person is left out; who has no score stands below with the reason, by name."""
    people = [one for one in contenders if one.driver.is_person]
    valued = sorted(
        ((_shown(one.assessment.value), one) for one in people if one.assessment.value is not None),
        key=lambda pair: (-_goodness(pair[1].assessment, pair[0]), *_by_name(pair[1])),
    )
    values = [value for value, _ in valued]
    unplaced = [Unplaced(one, one.assessment.unscored) for one in people if one.assessment.unscored is not None]
    middle = median(values) if values else None
    return Ranking(
        placed=_places(valued, middle),
        unplaced=tuple(sorted(unplaced, key=lambda one: _by_name(one.contender))),
        median=middle,
    )


def _places(valued: Sequence[tuple[float, Contender]], middle: float | None) -> tuple[Placed, ...]:
    first: dict[float, int] = {}
    tied: dict[float, int] = {}
    for place, (value, _) in enumerate(valued, start=1):
        first.setdefault(value, place)
        tied[value] = tied.get(value, 0) + 1
    others = len(valued) - 1
    return tuple(
        Placed(
            rank=first[value],
            contender=one,
            percentile=_percentile(others, first[value], tied[value]),
            to_median=_goodness(one.assessment, _shown(value - (middle or 0.0))),
        )
        for value, one in valued
    )


def _percentile(others: int, place: int, tied: int) -> float:
    if not others:
        return 100.0
    worse = others - (place - 1) - (tied - 1)
    return round(100 * (worse + (tied - 1) / 2) / others, 1)


def _goodness(assessment: Assessment, value: float) -> float:
    return value if assessment.high_is_good else 0.0 - value


def _shown(value: float) -> float:
    return round(value, _SHOWN_DECIMALS)


def _by_name(contender: Contender) -> tuple[str, DriverId]:
    return fold(contender.driver.name), contender.driver.driver_id
