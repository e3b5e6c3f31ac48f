"""Our own score: 100 points, less what each rule takes for events per 100 km or for time over the limit.

    100 - sum(weight x events per 100 km) - sum(weight x percent of driving time over the limit)

Each rule is capped, at most one event a minute counts for its type, and the whole never falls below 0. Rates are over
all kilometres of the time asked for, which is the same as the mean over its days weighted by their distance. Below a
minimum distance (10 km) there is no score: one event in the yard would decide it. An event that is taken back in an
appeal is no longer counted, and the score follows.
"""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from math import isfinite
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
from trilha.domain.performance.model import EventKind, Rated

FORMULA: Final = "trilha-1"
FULL: Final = 100
FLOOR_RULE: Final = "floor"
"""The deduction that gives back what the rules took beyond 100."""
MAX_RULES: Final = 50
MAX_TYPES: Final = 200
MAX_KEY_CHARS: Final = 50
MAX_WEIGHT: Final = 1000.0
_HUNDREDTH: Final = Decimal("0.01")


class Measure(StrEnum):
    """What a rule's weight is multiplied by."""

    PER_100_KM = "per_100_km"
    """Events for every 100 km, at most one a minute of each type."""
    PERCENT_OF_TIME = "percent_of_time"
    """The durations of its events, in percent of the driving time."""


class ScoreRule(msgspec.Struct, frozen=True, kw_only=True):
    """What one kind of conduct costs: `weight` points for each unit of its measure, `cap` points at most.

    A rule is about the event types it names and, with a `classification`, about all types of that class that no rule
    names.
    """

    key: str
    measure: Measure
    weight: float
    cap: float
    event_types: tuple[EventTypeId, ...] = ()
    classification: str | None = None

    def __post_init__(self) -> None:
        if not (1 <= len(self.key) <= MAX_KEY_CHARS and self.key.isascii() and self.key.isidentifier()):
            raise InvalidValue("key", self.key, f"1 to {MAX_KEY_CHARS} letters, digits and underscores")
        if self.key == FLOOR_RULE:
            raise InvalidValue("key", self.key, "another name: this one explains what is not below 0")
        for field, value, most in (("weight", self.weight, MAX_WEIGHT), ("cap", self.cap, float(FULL))):
            if not (isfinite(value) and 0 <= value <= most):
                raise InvalidValue(field, value, f"0 to {most:g}")
        if len(self.event_types) > MAX_TYPES or len(set(self.event_types)) != len(self.event_types):
            raise InvalidValue("event_types", len(self.event_types), f"at most {MAX_TYPES} event types, each once")


class ScorePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """The rules in force; version 0 is the default that nobody has changed."""

    rules: tuple[ScoreRule, ...]
    min_distance_km: float = 10.0
    version: int = 0

    def __post_init__(self) -> None:
        keys = [rule.key for rule in self.rules]
        if len(keys) > MAX_RULES or len(set(keys)) != len(keys):
            raise InvalidValue("rules", keys, f"at most {MAX_RULES} rules, each with a key of its own")
        if not (isfinite(self.min_distance_km) and 0 <= self.min_distance_km <= 10_000):  # noqa: PLR2004 - as said
            raise InvalidValue("min_distance_km", self.min_distance_km, "0 to 10000 km")

    def resolved(self, kinds: Iterable[EventKind]) -> "ScorePolicy":
        """The policy with the event types of a classification put where its name stands."""
        named = {event_type_id for rule in self.rules for event_type_id in rule.event_types}
        loose = [kind for kind in kinds if kind.event_type_id not in named]
        return msgspec.structs.replace(self, rules=tuple(_resolved(rule, loose) for rule in self.rules))


def score(driver: Rated, conduct: Conduct, policy: ScorePolicy) -> Assessment:
    """The score by a resolved policy, each lost point explained: the deductions sum to exactly what 100 lacks."""
    name, formula = PolicyName.TRILHA, f"{FORMULA}.{policy.version}"
    why = why_unscored(driver, conduct, policy.min_distance_km)
    if why is not None:
        return unscored(name, formula, conduct, why)
    taken = [(rule, *_measured(rule, conduct)) for rule in policy.rules]
    lost = sum((points for _, _, points in taken), Decimal(0))
    value = max(Decimal(0), FULL - lost)
    deductions = [_deduction(rule, conduct, rate, points) for rule, rate, points in taken if points or rate is None]
    if lost > FULL:
        floor = Deduction(rule=FLOOR_RULE, event_types=(), count=0, seconds=0.0, rate=None, points=float(FULL - lost))
        deductions.append(floor)
    return scored(name, formula, conduct, float(value), risk_of(float(value)), deductions)


def _measured(rule: ScoreRule, conduct: Conduct) -> tuple[float | None, Decimal]:
    """Rate and points, in hundredths, so that sums are exact; what cannot be measured takes nothing."""
    done = conduct.of(rule.event_types)
    if rule.measure is Measure.PER_100_KM:
        rate: float | None = conduct.rate(done.moments)
    elif done.duration_s:
        share = conduct.share_of_time(done.duration_s)
        rate = None if share is None else FULL * share
    else:
        rate = 0.0
    points = Decimal(min(rule.cap, rule.weight * (rate or 0.0))).quantize(_HUNDREDTH, ROUND_HALF_UP)
    return rate, points


def _deduction(rule: ScoreRule, conduct: Conduct, rate: float | None, points: Decimal) -> Deduction:
    done = conduct.of(rule.event_types)
    return Deduction(
        rule=rule.key,
        event_types=tuple(one for one in rule.event_types if one in conduct.doings),
        count=done.moments,
        seconds=done.duration_s,
        rate=rate,
        points=float(points),
        capped=rate is not None and rule.weight * rate > rule.cap,
    )


def _resolved(rule: ScoreRule, loose: Iterable[EventKind]) -> ScoreRule:
    if rule.classification is None:
        return rule
    added = [kind.event_type_id for kind in loose if kind.classification == rule.classification]
    return msgspec.structs.replace(rule, event_types=(*rule.event_types, *added))
