"""What becomes of a record that is already known.

The rule every adapter follows and is tested against. A record is known by its id; the time of occurrence is part of the
key only because the table is cut by it. A record sent again with another time replaces the old one if the two lie
within REACH of each other, which covers whatever a since-token can bring again; beyond it they count as two. An answer
that was received before the one that a record is known from changes nothing: the youngest answer holds, so pages that a
backfill or a replay brings in late never undo what the stream has brought since.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from trilha.domain.telemetry.model import Record
from trilha.domain.telemetry.run import MergeOutcome

REACH = timedelta(days=8)
"""Seven days that a token may be old, and one for clocks and zones."""


class Known(msgspec.Struct, frozen=True, gc=False):
    """A record as it is kept, and when the answer that brought it was received."""

    record: Record
    received_at: datetime


class MergePlan(msgspec.Struct, frozen=True):
    """Records to write and known ones to take away, with the counts that the run reports."""

    written: tuple[Record, ...]
    superseded: tuple[Record, ...]
    outcome: MergeOutcome


def plan_merge(known: Mapping[int, Sequence[Known]], records: Iterable[Record], received_at: datetime) -> MergePlan:
    """Decide which of `records` are new, changed or repeated; of an id given twice the last counts."""
    given = list(records)
    latest: dict[int, Record] = {record.id: record for record in given}
    written: list[Record] = []
    superseded: list[Record] = []
    inserted = 0
    for record in latest.values():
        near = [one for one in known.get(record.id, ()) if abs(one.record.occurred_at - record.occurred_at) <= REACH]
        if any(one.received_at > received_at for one in near):
            continue
        others = [one.record for one in near if one.record != record]
        superseded += others
        if len(others) == len(near):
            written.append(record)
            inserted += not near
    replaced = len(written) - inserted
    outcome = MergeOutcome(inserted=inserted, replaced=replaced, duplicates=len(given) - inserted - replaced)
    return MergePlan(written=tuple(written), superseded=tuple(superseded), outcome=outcome)
