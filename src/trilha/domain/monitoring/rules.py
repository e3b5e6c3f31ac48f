"""Alert rules: what to be told about, of which vehicles, when, and how often."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from trilha.domain.kernel import Conflict, GroupId, InvalidValue, VehicleId, check_source_id
from trilha.domain.monitoring.conditions import Condition, type_of
from trilha.domain.monitoring.schedule import ALWAYS, Schedule

LONGEST_NAME = 120
LONGEST_COOLDOWN_S = 7 * 86_400
MOST_NAMED = 1_000
MOST_RULES = 500
"""What is evaluated for every position has to stay few."""


class Severity(StrEnum):
    """How bad it is, for whoever sorts alerts."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class Scope(msgspec.Struct, frozen=True):
    """Whom a rule watches: these vehicles, and those of these groups and of the groups below them. Empty is all."""

    vehicle_ids: tuple[VehicleId, ...] = ()
    group_ids: tuple[GroupId, ...] = ()

    def __post_init__(self) -> None:
        named: Mapping[str, tuple[int, ...]] = {"vehicle_ids": self.vehicle_ids, "group_ids": self.group_ids}
        for field, ids in named.items():
            if len(ids) > MOST_NAMED:
                raise InvalidValue(field, len(ids), f"at most {MOST_NAMED}; name groups instead")
            for one in ids:
                check_source_id(one, field)

    @property
    def is_all(self) -> bool:
        """Whether every vehicle is watched."""
        return not self.vehicle_ids and not self.group_ids


EVERYBODY = Scope()


class RuleContent(msgspec.Struct, frozen=True, kw_only=True):
    """What a person decides about a rule. `cooldown_s` is the quiet after an alert of it was resolved, by vehicle."""

    name: str
    condition: Condition
    scope: Scope = EVERYBODY
    severity: Severity = Severity.WARNING
    schedule: Schedule = ALWAYS
    cooldown_s: int = 0
    active: bool = True

    def __post_init__(self) -> None:
        if not 1 <= len(self.name.strip()) <= LONGEST_NAME or "\0" in self.name:
            raise InvalidValue("name", self.name, f"1 to {LONGEST_NAME} characters")
        if not 0 <= self.cooldown_s <= LONGEST_COOLDOWN_S:
            raise InvalidValue("cooldown_s", self.cooldown_s, f"0 to {LONGEST_COOLDOWN_S} seconds")


class AlertRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule as it is kept. `version` grows with every change; alerts remember the one that raised them."""

    id: UUID
    content: RuleContent
    changed_at: datetime
    version: int = 0


class ConditionKindFixed(Conflict):
    """A rule was to wait for something of another kind."""

    code = "monitoring.condition_kind_fixed"

    def __init__(self, was: str, asked: str) -> None:
        super().__init__(f"this rule waits for {was}; make a new rule for {asked}, its alerts tell of something else")


class TooManyRules(Conflict):
    """The organisation has as many rules as can be watched."""

    code = "monitoring.too_many_rules"

    def __init__(self) -> None:
        super().__init__(f"there are {MOST_RULES} alert rules already: delete one that nobody needs, or widen another")


def new_rule(rule_id: UUID, content: RuleContent, now: datetime, *, others: int) -> AlertRule:
    """A first version; raises TooManyRules where there are `others` enough."""
    if others >= MOST_RULES:
        raise TooManyRules
    return AlertRule(id=rule_id, content=content, changed_at=now)


def change_rule(rule: AlertRule, content: RuleContent, now: datetime) -> AlertRule:
    """The next version, or the same one where nothing changes; raises ConditionKindFixed.

    What a vehicle has begun under the old version goes on under the new one.
    """
    if content == rule.content:
        return rule
    was, asked = type_of(rule.content.condition), type_of(content.condition)
    if was != asked:
        raise ConditionKindFixed(was, asked)
    return msgspec.structs.replace(rule, content=content, changed_at=now, version=rule.version + 1)
