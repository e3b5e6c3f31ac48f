"""What becomes of a record that is already known.

The rule every adapter follows and is tested against. A record is known by its id; the time of occurrence is part of the
key only because the table is cut by it. A record sent again with another time replaces the old one if the two lie
within REACH of each other, which covers whatever a since-token can bring again; beyond it they count as two.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

import msgspec

from trilha.domain.kernel import EventId
from trilha.domain.telemetry.model import TelemetryEvent
from trilha.domain.telemetry.run import MergeOutcome

REACH = timedelta(days=8)
"""Seven days that a token may be old, and one for clocks and zones."""


class MergePlan(msgspec.Struct, frozen=True):
    """Events to write and known ones to take away, with the counts that the run reports."""

    written: tuple[TelemetryEvent, ...]
    superseded: tuple[TelemetryEvent, ...]
    outcome: MergeOutcome


def plan_merge(known: Mapping[EventId, Sequence[TelemetryEvent]], events: Iterable[TelemetryEvent]) -> MergePlan:
    """Decide which of `events` are new, changed or repeated; of an id given twice the last counts."""
    given = list(events)
    latest = {event.id: event for event in given}
    written: list[TelemetryEvent] = []
    superseded: list[TelemetryEvent] = []
    inserted = 0
    for event in latest.values():
        near = [old for old in known.get(event.id, ()) if abs(old.occurred_at - event.occurred_at) <= REACH]
        if event in near:
            superseded += [old for old in near if old != event]
            continue
        written.append(event)
        superseded += near
        inserted += not near
    replaced = len(written) - inserted
    outcome = MergeOutcome(inserted=inserted, replaced=replaced, duplicates=len(given) - inserted - replaced)
    return MergePlan(written=tuple(written), superseded=tuple(superseded), outcome=outcome)
