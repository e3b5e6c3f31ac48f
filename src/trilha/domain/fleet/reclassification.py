"""Changing what an event type means to the organisation, and remembering who said so when."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from trilha.domain.fleet.classification import Classification, classify
from trilha.domain.fleet.model import EventType
from trilha.domain.kernel import EventTypeId, InvalidValue, utc

MAX_REASON_CHARS = 500


class ClassificationChange(msgspec.Struct, frozen=True, kw_only=True):
    """From `changed_at` on, reports of every time count events of this type as `after`."""

    id: UUID
    event_type_id: EventTypeId
    before: Classification
    after: Classification
    changed_at: datetime
    changed_by: str
    reason: str | None = None

    def __post_init__(self) -> None:
        utc(self.changed_at, "changed_at")
        if self.reason is not None and not (1 <= len(self.reason) <= MAX_REASON_CHARS and "\0" not in self.reason):
            raise InvalidValue("reason", self.reason, f"1 to {MAX_REASON_CHARS} characters, none of them NUL, or null")


def reclassify(
    event_type: EventType,
    wanted: Classification | None,
    overrides: Mapping[EventTypeId, Classification],
    *,
    change_id: UUID,
    changed_by: str,
    now: datetime,
    reason: str | None = None,
) -> ClassificationChange | None:
    """What it changes to have `wanted` as the organisation's own word for a type, None taking its word back.

    None where the type means what it meant before: then there is nothing to remember. Raises InvalidValue.
    """
    others = {key: word for key, word in overrides.items() if key != event_type.id}
    after = classify(event_type.id, others if wanted is None else {**others, event_type.id: wanted})
    change = ClassificationChange(
        id=change_id,
        event_type_id=event_type.id,
        before=event_type.classification,
        after=after,
        changed_at=now,
        changed_by=changed_by,
        reason=reason,
    )
    return None if change.after is change.before else change


def reclassified(event_type: EventType, change: ClassificationChange) -> EventType:
    """The type after a change."""
    return msgspec.structs.replace(event_type, classification=change.after)
