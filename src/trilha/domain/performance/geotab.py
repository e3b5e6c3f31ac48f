"""Geotab's driver safety scorecard: six rules of 0 to 100, weighted.

Acceleration, braking, cornering: 100 - events x 1000 / distance. Seat belt: 0.7 of the share of the distance driven
without, 0.3 of the count. Speeding: the share of the distance. A rule never falls below 0. Source: Geotab's
knowledge base, "Driver safety scorecard".

Geotab measures shares of distance. Our records have how long an event lasted, not how far; so the share of the driving
time stands for it, and a score with seat belt or speeding in it may differ a little from Geotab's own.
"""

from enum import StrEnum
from typing import Final

import msgspec

from trilha.domain.kernel import EventTypeId, InvalidValue
from trilha.domain.performance.assessing import (
    Assessment,
    Conduct,
    Deduction,
    PolicyName,
    risk_of,
    scored,
    unscored,
    why_unscored,
)
from trilha.domain.performance.model import Rated

FORMULA: Final = "geotab"
FULL: Final = 100.0
PER_EVENT: Final = 1000.0
BELT_BY_DISTANCE, BELT_BY_COUNT = 0.7, 0.3
SHOWN_DECIMALS: Final = 2
"""The band is that of the score as people see it: what is shown as 90 is no mild risk."""
_EXACT: Final = 1e-9


class GeotabMeasure(StrEnum):
    """Which formula a rule has."""

    EVENTS = "events"
    SEAT_BELT = "seat_belt"
    SHARE = "share"


class GeotabRule(msgspec.Struct, frozen=True):
    """One of the rules; `weight` is its part of the whole, `multiplier` makes a share of distance count more."""

    key: str
    event_types: tuple[EventTypeId, ...]
    measure: GeotabMeasure
    weight: float
    multiplier: float = 1.0


class GeotabPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Rules whose weights sum to 1."""

    rules: tuple[GeotabRule, ...]
    min_distance_km: float = 0.0

    def __post_init__(self) -> None:
        if abs(sum(rule.weight for rule in self.rules) - 1.0) > _EXACT:
            raise InvalidValue("rules", [rule.weight for rule in self.rules], "weights that sum to 1")


def event_sub_score(events: float, distance_km: float) -> float:
    """100 - events x 1000 / distance, at least 0; the distance must not be 0."""
    return max(0.0, FULL - events * PER_EVENT / distance_km)


def share_sub_score(share: float, multiplier: float = 1.0) -> float:
    """100 less the share (0 to 1) of the distance, in percent, times a multiplier; at least 0."""
    return max(0.0, FULL - FULL * share * multiplier)


def seat_belt_sub_score(share: float, events: float, distance_km: float) -> float:
    """Seven tenths by the share of the distance without a belt, three tenths by the count."""
    return BELT_BY_DISTANCE * share_sub_score(share) + BELT_BY_COUNT * event_sub_score(events, distance_km)


def geotab_score(driver: Rated, conduct: Conduct, policy: GeotabPolicy) -> Assessment:
    """The weighted mean of the rules, in hundredths; each deduction is what its rule lacks of 100, weighted."""
    why = why_unscored(driver, conduct, policy.min_distance_km)
    if why is not None:
        return unscored(PolicyName.GEOTAB, FORMULA, conduct, why)
    parts = [_part(rule, conduct) for rule in policy.rules]
    value = round(max(0.0, FULL - sum(part.points for part in parts)), SHOWN_DECIMALS)
    return scored(PolicyName.GEOTAB, FORMULA, conduct, value, risk_of(value), [part for part in parts if part.points])


def _part(rule: GeotabRule, conduct: Conduct) -> Deduction:
    done = conduct.of(rule.event_types)
    sub_score = _sub_score(rule, conduct)
    return Deduction(
        rule=rule.key,
        event_types=tuple(one for one in rule.event_types if one in conduct.doings),
        count=done.occurrences,
        seconds=done.duration_s,
        rate=FULL - sub_score,
        points=rule.weight * (FULL - sub_score),
        capped=sub_score == 0,
    )


def _sub_score(rule: GeotabRule, conduct: Conduct) -> float:
    done = conduct.of(rule.event_types)
    share = conduct.share_of_time(done.duration_s) or 0.0
    match rule.measure:
        case GeotabMeasure.EVENTS:
            return event_sub_score(done.occurrences, conduct.distance_km)
        case GeotabMeasure.SEAT_BELT:
            return seat_belt_sub_score(share, done.occurrences, conduct.distance_km)
        case GeotabMeasure.SHARE:
            return share_sub_score(share, rule.multiplier)
