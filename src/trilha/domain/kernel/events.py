"""Domain events: facts in the past tense, as plain data."""

from typing import ClassVar

import msgspec


class DomainEvent(msgspec.Struct, frozen=True, kw_only=True):
    """What happened. Subclasses name themselves once and only ever gain optional fields within a version."""

    event_type: ClassVar[str]
    """Context and past-tense name, such as `telemetry.events_ingested`."""
    event_version: ClassVar[int] = 1

    subject_field: ClassVar[str]
    """The field that holds the id of what it happened to."""

    @property
    def subject(self) -> str:
        """The id of what it happened to."""
        return str(getattr(self, self.subject_field))
