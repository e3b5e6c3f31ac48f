"""Geofences: areas that an organisation gave a name, and how they change."""

import re
from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

import msgspec

from trilha.domain.areas import Area
from trilha.domain.kernel import Conflict, InvalidValue
from trilha.domain.monitoring.conditions import FenceCrossing, FenceDwell
from trilha.domain.monitoring.rules import AlertRule

MOST_GEOFENCES = 5_000
"""As many as vehicles can be compared with while they move."""
LONGEST_NAME = 100
LONGEST_DESCRIPTION = 1_000
_COLOR = re.compile("#[0-9a-f]{6}", re.ASCII)


class GeofenceContent(msgspec.Struct, frozen=True, kw_only=True):
    """What a person decides about a geofence. Two may have the same name: sites do, and the id tells them apart.

    `color` is how maps draw it, such as `#1f77b4`, in lower case. What is not `active` counts no visits.
    """

    name: str
    area: Area
    description: str | None = None
    color: str | None = None
    active: bool = True

    def __post_init__(self) -> None:
        if not 1 <= len(self.name) <= LONGEST_NAME or not self.name.strip() or "\0" in self.name:
            raise InvalidValue("name", self.name, f"1 to {LONGEST_NAME} characters, not all of them spaces")
        if self.description is not None and (
            not 1 <= len(self.description) <= LONGEST_DESCRIPTION or "\0" in self.description
        ):
            raise InvalidValue(
                "description", self.description, f"1 to {LONGEST_DESCRIPTION} characters, or none at all"
            )
        if self.color is not None and not _COLOR.fullmatch(self.color):
            raise InvalidValue("color", self.color, "a colour such as #1f77b4, in lower case")


class Geofence(msgspec.Struct, frozen=True, kw_only=True):
    """A geofence as it is kept. `version` grows with every change.

    One that was deleted is kept with the time of that: reports of past visits still call it by its name.
    """

    id: UUID
    content: GeofenceContent
    created_at: datetime
    changed_at: datetime
    deleted_at: datetime | None = None
    version: int = 0


class TooManyGeofences(Conflict):
    """The organisation would have more geofences than can be watched."""

    code = "monitoring.too_many_geofences"

    def __init__(self, there: int, more: int) -> None:
        super().__init__(
            f"there are {there} geofences, {more} more would be above {MOST_GEOFENCES}: delete some that nobody needs"
        )


class GeofenceInUse(Conflict):
    """Alert rules wait for what happens at the geofence."""

    code = "monitoring.geofence_in_use"

    def __init__(self, geofence_id: UUID, rule_ids: Collection[UUID]) -> None:
        self.rule_ids = tuple(sorted(rule_ids))
        named = ", ".join(map(str, self.rule_ids))
        super().__init__(f"geofence {geofence_id} is used by the alert rules {named}: change or delete them first")


class GeofenceChangedSince(Conflict):
    """Somebody changed the geofence after the version that this change is based on."""

    code = "monitoring.geofence_changed_since"

    def __init__(self, seen: int, current: int) -> None:
        super().__init__(
            f"the geofence is at version {current}, this change is based on version {seen}: read it again, then change"
        )


def new_geofences(
    contents: Collection[tuple[UUID, GeofenceContent]], now: datetime, *, others: int
) -> tuple[Geofence, ...]:
    """First versions; raises TooManyGeofences where there are `others` enough."""
    if others + len(contents) > MOST_GEOFENCES:
        raise TooManyGeofences(others, len(contents))
    return tuple(Geofence(id=key, content=content, created_at=now, changed_at=now) for key, content in contents)


def change_geofence(fence: Geofence, content: GeofenceContent, now: datetime, *, seen: int | None = None) -> Geofence:
    """The next version, or the same where nothing changes; raises GeofenceChangedSince unless `seen` is the last."""
    if seen is not None and seen != fence.version:
        raise GeofenceChangedSince(seen, fence.version)
    if content == fence.content:
        return fence
    return msgspec.structs.replace(fence, content=content, changed_at=now, version=fence.version + 1)


def delete_geofence(fence: Geofence, now: datetime, *, used_by: Collection[UUID] = ()) -> Geofence:
    """Its last version; raises GeofenceInUse naming the alert rules."""
    if used_by:
        raise GeofenceInUse(fence.id, used_by)
    return msgspec.structs.replace(fence, changed_at=now, deleted_at=now, version=fence.version + 1)


def rules_at(geofence_id: UUID, rules: Iterable[AlertRule]) -> tuple[UUID, ...]:
    """The rules, sleeping ones too, that wait for what happens at a geofence."""
    return tuple(
        rule.id
        for rule in rules
        if isinstance(rule.content.condition, FenceCrossing | FenceDwell)
        and geofence_id in rule.content.condition.geofence_ids
    )
