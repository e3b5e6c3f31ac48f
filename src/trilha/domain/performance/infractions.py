"""The infractions report: which types of infraction a driver has, and how often in each period.

Only event types that the organisation classifies as driving infractions count. What nobody has classified yet is left
out, and the report says how much that is, so that nobody is surprised when it is classified.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

import msgspec

from trilha.domain.kernel import DayRange, DriverId, EventTypeId, InvalidValue, fold
from trilha.domain.performance.model import EventKind, Rated, Tally
from trilha.domain.performance.periods import Period

INFRACTION = "driving_infraction"
"""The classification that counts, as `EventKind` names it."""
UNCLASSIFIED = "unclassified"
_VERSION_DIGITS = 12


class Severity(StrEnum):
    """How much a type of infraction weighs in a conversation, by its count."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class SeverityThresholds(msgspec.Struct, frozen=True):
    """Counts up to `low_up_to` are low, up to `medium_up_to` medium, above it high."""

    low_up_to: int = 2
    medium_up_to: int = 5

    def __post_init__(self) -> None:
        if self.low_up_to < 0:
            raise InvalidValue("low_up_to", self.low_up_to, "0 or more")
        if self.medium_up_to < self.low_up_to:
            raise InvalidValue("medium_up_to", self.medium_up_to, f"low_up_to ({self.low_up_to}) or more")

    def of(self, count: int) -> Severity:
        """The severity of a count."""
        if count <= self.low_up_to:
            return Severity.LOW
        return Severity.MEDIUM if count <= self.medium_up_to else Severity.HIGH


class InfractionRow(msgspec.Struct, frozen=True):
    """One type of infraction with its counts, one per column."""

    event_type_id: EventTypeId
    description: str
    counts: tuple[int, ...]
    total: int
    severity: Severity


class InfractionsReport(msgspec.Struct, frozen=True, kw_only=True):
    """Types by periods. Types and periods without any are hidden, so a report may be empty.

    `analysed` are all periods that were looked at, `columns` those shown, oldest first. `unclassified` counts the
    occurrences of types that nobody has classified, which are in no cell. `data_version` names the counts: reports that
    show the same counts in the same periods have the same, in any language and at any time.
    """

    analysed: tuple[Period, ...]
    columns: tuple[Period, ...]
    rows: tuple[InfractionRow, ...]
    column_totals: tuple[int, ...]
    total: int
    unclassified: int
    data_version: str

    @property
    def window(self) -> DayRange:
        """All days that were looked at."""
        return DayRange(self.analysed[0].days.first, self.analysed[-1].days.last)

    @property
    def counts(self) -> Mapping[tuple[EventTypeId, DayRange], int]:
        """Every cell that is not empty."""
        return {
            (row.event_type_id, column.days): count
            for row in self.rows
            for column, count in zip(self.columns, row.counts, strict=True)
            if count
        }


def build_report(
    tallies: Iterable[Tally],
    periods: Sequence[Period],
    kinds: Iterable[EventKind],
    thresholds: SeverityThresholds,
) -> InfractionsReport:
    """Count by type and period; `tallies` have the periods' numbers as spans, and those of several drivers add up."""
    known = {kind.event_type_id: kind for kind in kinds}
    cells: dict[EventTypeId, Counter[int]] = defaultdict(Counter)
    unclassified = 0
    for tally in tallies:
        if is_infraction(tally.event_type_id, known):
            cells[tally.event_type_id][tally.span] += tally.occurrences
        elif is_unclassified(tally.event_type_id, known):
            unclassified += tally.occurrences
    shown = [number for number in range(len(periods)) if any(counts[number] for counts in cells.values())]
    rows = tuple(
        _row(known[event_type_id], [counts[number] for number in shown], thresholds)
        for event_type_id, counts in sorted(cells.items(), key=lambda cell: _by_description(known[cell[0]]))
        if any(counts.values())
    )
    columns = tuple(periods[number] for number in shown)
    totals = tuple(sum(row.counts[column] for row in rows) for column in range(len(columns)))
    return InfractionsReport(
        analysed=tuple(periods),
        columns=columns,
        rows=rows,
        column_totals=totals,
        total=sum(totals),
        unclassified=unclassified,
        data_version=_version(columns, rows),
    )


def is_infraction(event_type_id: EventTypeId, known: Mapping[EventTypeId, EventKind]) -> bool:
    """Whether events of that type count."""
    return event_type_id in known and known[event_type_id].classification == INFRACTION


def is_unclassified(event_type_id: EventTypeId, known: Mapping[EventTypeId, EventKind]) -> bool:
    """Whether nobody has said what the type means; a type that the library does not have is one of them."""
    return event_type_id not in known or known[event_type_id].classification == UNCLASSIFIED


def reported_types(seen: Iterable[EventTypeId], kinds: Iterable[EventKind]) -> list[EventTypeId]:
    """Those of the types seen that a report has a use for: infractions, and what nobody has classified."""
    known = {kind.event_type_id: kind for kind in kinds}
    return [one for one in seen if is_infraction(one, known) or is_unclassified(one, known)]


class DriverInfractions(msgspec.Struct, frozen=True):
    """One driver of a group with its counts, one per type shown."""

    driver: Rated
    counts: tuple[int, ...]
    total: int


class GroupInfractions(msgspec.Struct, frozen=True, kw_only=True):
    """Drivers by types of infraction over one time. Types without any are hidden; drivers without any are not."""

    kinds: tuple[EventKind, ...]
    drivers: tuple[DriverInfractions, ...]
    kind_totals: tuple[int, ...]
    total: int
    unclassified: int


def build_group_report(
    tallies: Iterable[Tally], drivers: Iterable[Rated], kinds: Iterable[EventKind]
) -> GroupInfractions:
    """Count by driver and type, all spans together; who is not among `drivers` is left out."""
    known = {kind.event_type_id: kind for kind in kinds}
    listed = tuple(drivers)
    cells: dict[DriverId, Counter[EventTypeId]] = {driver.driver_id: Counter() for driver in listed}
    unclassified = 0
    for tally in tallies:
        if tally.driver_id not in cells:
            continue
        if is_infraction(tally.event_type_id, known):
            cells[tally.driver_id][tally.event_type_id] += tally.occurrences
        elif is_unclassified(tally.event_type_id, known):
            unclassified += tally.occurrences
    sums: Counter[EventTypeId] = Counter()
    for counts in cells.values():
        sums.update(counts)
    shown = sorted((known[event_type_id] for event_type_id, n in sums.items() if n), key=_by_description)
    lines = tuple(
        DriverInfractions(driver, tuple(counts[kind.event_type_id] for kind in shown), counts.total())
        for driver in listed
        for counts in (cells[driver.driver_id],)
    )
    totals = tuple(sums[kind.event_type_id] for kind in shown)
    return GroupInfractions(
        kinds=tuple(shown), drivers=lines, kind_totals=totals, total=sum(totals), unclassified=unclassified
    )


def _by_description(kind: EventKind) -> tuple[str, int]:
    return fold(kind.description), kind.event_type_id


def _row(kind: EventKind, counts: Sequence[int], thresholds: SeverityThresholds) -> InfractionRow:
    total = sum(counts)
    return InfractionRow(kind.event_type_id, kind.description, tuple(counts), total, thresholds.of(total))


def _version(columns: Sequence[Period], rows: Iterable[InfractionRow]) -> str:
    """By ids, not descriptions: a type that is renamed has not been done more often."""
    shown = (
        [(str(column.days.first), str(column.days.last)) for column in columns],
        sorted((row.event_type_id, row.counts) for row in rows),
    )
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:_VERSION_DIGITS]
