"""Our own score: 100 points, less what each rule takes for events per 100 km or for time over the limit.

    100 - sum(weight x events per 100 km) - sum(weight x percent of driving time over the limit)

Each rule is capped, at most one event a minute counts for its type, and the whole never falls below 0. Rates are over
all kilometres of the time asked for, which is the same as the mean over its days weighted by their distance. Below a
minimum distance (10 km) there is no score: one event in the yard would decide it. An event that is taken back in an
appeal is no longer counted, and the score follows.
"""

from collections.abc import Iterable
from enum import StrEnum
from math import floor, isfinite
from typing import Final

import msgspec

from trilha.domain.kernel import EventTypeId, InvalidValue
from trilha.domain.performance.assessing import (
    NOTHING_DONE,
    Assessment,
    Conduct,
    Deduction,
    Doing,
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
HUNDREDTHS: Final = 100 * FULL
"""A full score as points are counted."""


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
        if not 1 <= len(keys) <= MAX_RULES or len(set(keys)) != len(keys):
            raise InvalidValue("rules", keys, f"1 to {MAX_RULES} rules, each with a key of its own")
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
    lost, deductions = 0, []
    for rule in policy.rules:
        done = conduct.of(rule.event_types)
        if done is not NOTHING_DONE:
            hundredths, deduction = _deduction(rule, done, conduct)
            lost += hundredths
            if hundredths or deduction.rate is None:
                deductions.append(deduction)
    if lost > HUNDREDTHS:
        deductions.append(_floor(lost - HUNDREDTHS))
    value = max(0, HUNDREDTHS - lost) / 100
    return scored(name, formula, conduct, value, risk_of(value), deductions)


def _deduction(rule: ScoreRule, done: Doing, conduct: Conduct) -> tuple[int, Deduction]:
    """What a rule takes, in hundredths, so that sums are exact; what cannot be measured takes nothing."""
    rate = _rate(rule, done, conduct)
    asked = rule.weight * (rate or 0.0)
    hundredths = floor(100 * min(rule.cap, asked) + 0.5)
    return hundredths, Deduction(
        rule=rule.key,
        event_types=tuple([one for one in rule.event_types if one in conduct.doings]),
        count=done.moments,
        seconds=done.duration_s,
        rate=rate,
        points=hundredths / 100,
        capped=asked > rule.cap,
    )


def _rate(rule: ScoreRule, done: Doing, conduct: Conduct) -> float | None:
    if rule.measure is Measure.PER_100_KM:
        return conduct.rate(done.moments)
    if not done.duration_s:
        return 0.0
    share = conduct.share_of_time(done.duration_s)
    return None if share is None else FULL * share


def _floor(beyond: int) -> Deduction:
    return Deduction(rule=FLOOR_RULE, event_types=(), count=0, seconds=0.0, rate=None, points=-beyond / 100)


def _resolved(rule: ScoreRule, loose: Iterable[EventKind]) -> ScoreRule:
    if rule.classification is None:
        return rule
    added = [kind.event_type_id for kind in loose if kind.classification == rule.classification]
    return msgspec.structs.replace(rule, event_types=(*rule.event_types, *added))
