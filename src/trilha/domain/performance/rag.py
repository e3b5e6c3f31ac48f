"""MiX RAG and RIBAS, as MiX publishes them, so that figures compare with those that customers have.

RAG: for each event its count, or its seconds / 10, for every 100 km; the scores of all events are added. Low is good.
RIBAS: a violation is scored 0 to 100 for its duration and for its severity, and averaged. Source: MiX help centre,
"What is RAG scoring" and "What is RIBAS scoring".
"""

from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Final

import msgspec

from trilha.domain.kernel import EventTypeId, InvalidValue
from trilha.domain.performance.assessing import (
    PER_KM,
    Assessment,
    Band,
    Conduct,
    Deduction,
    PolicyName,
    scored,
    unscored,
    why_unscored,
)
from trilha.domain.performance.model import Rated

FORMULA: Final = "mix-rag"
SECONDS_A_POINT: Final = 10.0
MAX_EVENTS: Final = 25
_HUNDREDTH: Final = Decimal("0.01")


class RagMeasure(StrEnum):
    """What of an event is scored."""

    COUNT = "count"
    DURATION = "duration"


class RagRule(msgspec.Struct, frozen=True):
    """One of the events of a RAG score."""

    key: str
    event_types: tuple[EventTypeId, ...]
    measure: RagMeasure = RagMeasure.COUNT


class RagPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Which events, and where the bands are: below `amber_from` green, above `amber_to` red."""

    rules: tuple[RagRule, ...]
    amber_from: float = 2.0
    amber_to: float = 5.0
    min_distance_km: float = 0.0

    def __post_init__(self) -> None:
        if len(self.rules) > MAX_EVENTS:
            raise InvalidValue("rules", len(self.rules), f"at most {MAX_EVENTS} events, as MiX takes")
        if not 0 <= self.amber_from <= self.amber_to:
            raise InvalidValue("amber_to", self.amber_to, f"amber_from ({self.amber_from}) or more")


def rag_score_of_count(count: float, distance_km: float) -> float:
    """The RAG score of an event by its count; the distance must not be 0."""
    return count / distance_km * PER_KM


def rag_score_of_seconds(seconds: float, distance_km: float) -> float:
    """The RAG score of an event by its duration; the distance must not be 0."""
    return rag_score_of_count(seconds / SECONDS_A_POINT, distance_km)


def rag_score(driver: Rated, conduct: Conduct, policy: RagPolicy) -> Assessment:
    """The sum of the scores of all events, shown in hundredths as MiX shows it, and its band."""
    why = why_unscored(driver, conduct, policy.min_distance_km)
    if why is not None:
        return unscored(PolicyName.MIX_RAG, FORMULA, conduct, why)
    parts = [_part(rule, conduct) for rule in policy.rules]
    value = _hundredths(sum(part.points for part in parts))
    return scored(PolicyName.MIX_RAG, FORMULA, conduct, value, rag_band(value, policy), parts)


def rag_band(value: float, policy: RagPolicy) -> Band:
    """The colour of a RAG score; the limits themselves are amber."""
    if value < policy.amber_from:
        return Band.GREEN
    return Band.AMBER if value <= policy.amber_to else Band.RED


def ribas_violation(duration_score: float, severity_score: float) -> float:
    """The mean of the two; one that is zero drops out."""
    given = [one for one in (duration_score, severity_score) if one]
    return sum(given) / len(given) if given else 0.0


def _part(rule: RagRule, conduct: Conduct) -> Deduction:
    done = conduct.of(rule.event_types)
    by_time = rule.measure is RagMeasure.DURATION
    points = (
        rag_score_of_seconds(done.duration_s, conduct.distance_km)
        if by_time
        else rag_score_of_count(done.occurrences, conduct.distance_km)
    )
    return Deduction(
        rule=rule.key,
        event_types=tuple(one for one in rule.event_types if one in conduct.doings),
        count=done.occurrences,
        seconds=done.duration_s,
        rate=points,
        points=points,
    )


def _hundredths(value: float) -> float:
    return float(Decimal(value).quantize(_HUNDREDTH, ROUND_HALF_UP))
