"""What every way of scoring a driver has in common: what went in, what came out, and why."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import msgspec

from trilha.domain.kernel import EventTypeId, to_thousandths
from trilha.domain.performance.model import Drive, Rated, Tally

PER_KM = 100.0
"""Rates are told for so many kilometres."""


class PolicyName(StrEnum):
    """The ways of scoring, by name: our own, and two that customers know from elsewhere."""

    TRILHA = "trilha"
    MIX_RAG = "mix_rag"
    GEOTAB = "geotab"


class Band(StrEnum):
    """How a score is spoken of. Risks belong to scores of 0 to 100, colours to RAG."""

    LOW_RISK = "low_risk"
    MILD_RISK = "mild_risk"
    MEDIUM_RISK = "medium_risk"
    HIGH_RISK = "high_risk"
    GREEN = "green"
    AMBER = "amber"
    RED = "red"


class Unscored(StrEnum):
    """Why there is no score."""

    NOT_A_PERSON = "not_a_person"
    NO_DISTANCE = "no_distance"
    TOO_SHORT = "too_short"


class Doing(msgspec.Struct, frozen=True, gc=False):
    """What a driver did of one event type."""

    occurrences: int = 0
    moments: int = 0
    duration_s: float = 0.0


NOTHING_DONE: Final = Doing()


class Conduct(msgspec.Struct, frozen=True):
    """What a driver drove and did in one span of days."""

    distance_km: float = 0.0
    driving_s: float = 0.0
    trips: int = 0
    doings: Mapping[EventTypeId, Doing] = MappingProxyType({})

    def of(self, event_types: Iterable[EventTypeId]) -> Doing:
        """What was done of several event types together."""
        found = [self.doings[one] for one in event_types if one in self.doings]
        if len(found) <= 1:
            return found[0] if found else NOTHING_DONE
        return Doing(
            sum([one.occurrences for one in found]),
            sum([one.moments for one in found]),
            sum([one.duration_s for one in found]),
        )

    def rate(self, count: float) -> float:
        """A count for every 100 km; the distance must not be 0."""
        return count * PER_KM / self.distance_km

    def share_of_time(self, seconds: float) -> float | None:
        """Seconds as a part of the driving time, at most 1; None where the driving time is not known."""
        return min(1.0, seconds / self.driving_s) if self.driving_s > 0 else None


class Deduction(msgspec.Struct, frozen=True, kw_only=True):
    """What one rule takes from a score, or adds to a RAG score, and what for.

    `rate` is the measure that `points` follow from: counts for every 100 km, or percent of the time or distance; None
    where it could not be measured. `capped` says that the rule took all it may.
    """

    rule: str
    event_types: tuple[EventTypeId, ...]
    count: int
    seconds: float
    rate: float | None
    points: float
    capped: bool = False


class Assessment(msgspec.Struct, frozen=True, kw_only=True):
    """A score with its reasons, or the reason why there is none.

    Of 0 to 100 the `deductions` sum to what is missing from 100; those of RAG, where low is good, to the score itself.
    The sums of both that customers know from elsewhere are rounded to hundredths.
    `formula` names how it was made: the same formula never changes.
    """

    policy: PolicyName
    formula: str
    value: float | None
    band: Band | None
    unscored: Unscored | None
    distance_km: float
    driving_s: float
    trips: int
    deductions: tuple[Deduction, ...] = ()

    @property
    def high_is_good(self) -> bool:
        """Whether a greater value is a better one."""
        return self.policy is not PolicyName.MIX_RAG


def risk_of(score: float) -> Band:
    """The band of a score from 0 to 100, by Geotab's published limits; a limit itself belongs to the better band."""
    if score >= 90:  # noqa: PLR2004 - the limits are stated once, here
        return Band.LOW_RISK
    if score >= 75:  # noqa: PLR2004 - as above
        return Band.MILD_RISK
    return Band.MEDIUM_RISK if score >= 60 else Band.HIGH_RISK  # noqa: PLR2004 - as above


def why_unscored(driver: Rated, conduct: Conduct, min_distance_km: float) -> Unscored | None:
    """Whether anything can be said at all: who is nobody, stood still or hardly drove is not scored."""
    if not driver.is_person:
        return Unscored.NOT_A_PERSON
    if conduct.distance_km <= 0:
        return Unscored.NO_DISTANCE
    return Unscored.TOO_SHORT if conduct.distance_km < min_distance_km else None


def unscored(policy: PolicyName, formula: str, conduct: Conduct, why: Unscored) -> Assessment:
    """No score."""
    return Assessment(
        policy=policy,
        formula=formula,
        value=None,
        band=None,
        unscored=why,
        distance_km=conduct.distance_km,
        driving_s=conduct.driving_s,
        trips=conduct.trips,
    )


def scored(
    policy: PolicyName, formula: str, conduct: Conduct, value: float, band: Band, deductions: Iterable[Deduction]
) -> Assessment:
    """A score."""
    return Assessment(
        policy=policy,
        formula=formula,
        value=value,
        band=band,
        unscored=None,
        distance_km=conduct.distance_km,
        driving_s=conduct.driving_s,
        trips=conduct.trips,
        deductions=tuple(deductions),
    )


def conducts(tallies: Iterable[Tally], drives: Iterable[Drive]) -> Mapping[tuple[int, int], Conduct]:
    """What each driver drove and did, by driver and span; who did neither is not in it. The order does not matter."""
    doings: dict[tuple[int, int], dict[EventTypeId, Doing]] = {}
    for tally in tallies:
        cell = doings.setdefault((tally.driver_id, tally.span), {})
        cell[tally.event_type_id] = Doing(tally.occurrences, tally.moments, tally.duration_s)
    driven = {(drive.driver_id, drive.span): drive for drive in drives}
    return {
        key: Conduct(
            distance_km=to_thousandths(driven[key].distance_km) if key in driven else 0.0,
            driving_s=driven[key].driving_s if key in driven else 0.0,
            trips=driven[key].trips if key in driven else 0,
            doings=doings.get(key, {}),
        )
        for key in doings.keys() | driven.keys()
    }
