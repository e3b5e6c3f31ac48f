"""What the source changes about records afterwards: another driver, or that a record does not count.

MiX reassigns events and trips to other drivers and quarantines faulty ones, and says so on a list of its own, days
later. Reports follow. Amendments may come in any order, twice, and before the record itself, so they are folded into
one standing per record by a rule that does not depend on order: withdrawn once is withdrawn for good, and of several
drivers the last named one holds.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

import msgspec

from trilha.domain.kernel import DriverId, InvalidValue, RejectedRecord
from trilha.domain.telemetry.model import AMENDED_FEEDS, Stream

LONGEST_SPAN = timedelta(days=6)
"""From the first to the last day of one question: seven days, both counted."""

LOOK_BACK = timedelta(days=1)
"""The last day read is read once more, for it had not ended, and the source's days need not begin when ours do."""

_NEVER = datetime.min.replace(tzinfo=UTC)


class AmendmentKind(StrEnum):
    """What was changed. MiX calls a withdrawn record quarantined; our quarantine holds what could not be understood."""

    REASSIGNED = "reassigned"
    WITHDRAWN = "withdrawn"


class Amendment(msgspec.Struct, frozen=True):
    """One change to one record of a feed. `new_driver_id` is given exactly where it was reassigned."""

    stream: Stream
    record_id: int
    kind: AmendmentKind
    amended_at: datetime
    new_driver_id: DriverId | None = None

    def __post_init__(self) -> None:
        if self.stream not in AMENDED_FEEDS:
            raise InvalidValue("stream", self.stream, " or ".join(AMENDED_FEEDS))
        if (self.new_driver_id is not None) != (self.kind is AmendmentKind.REASSIGNED):
            raise InvalidValue("new_driver_id", self.new_driver_id, "a driver where reassigned, else nothing")


class Standing(msgspec.Struct, frozen=True):
    """What all amendments of one record come to. `driver_id` is None while the source's first word holds."""

    stream: Stream
    record_id: int
    driver_id: DriverId | None = None
    reassigned_at: datetime | None = None
    withdrawn_at: datetime | None = None


class AmendmentPage(msgspec.Struct, frozen=True):
    """One answer about the amendments of a feed from `first` to `last`, both days included."""

    stream: Stream
    first: date
    last: date
    received_at: datetime
    body: bytes
    amendments: tuple[Amendment, ...]
    rejected: tuple[RejectedRecord, ...] = ()


class UnderstoodAmendments(msgspec.Struct, frozen=True):
    """What the body of such an answer says: sound amendments, and those that cannot be."""

    amendments: tuple[Amendment, ...]
    rejected: tuple[RejectedRecord, ...] = ()


def standing_after(amendment: Amendment) -> Standing:
    """What one amendment alone comes to."""
    plain = Standing(stream=amendment.stream, record_id=amendment.record_id)
    if amendment.kind is AmendmentKind.WITHDRAWN:
        return msgspec.structs.replace(plain, withdrawn_at=amendment.amended_at)
    return msgspec.structs.replace(plain, driver_id=amendment.new_driver_id, reassigned_at=amendment.amended_at)


def combine(one: Standing, other: Standing) -> Standing:
    """Both together: in whatever order and however often they are combined, the result is the same."""
    latest = max(one, other, key=_reassignment)
    withdrawals = [moment for moment in (one.withdrawn_at, other.withdrawn_at) if moment is not None]
    return msgspec.structs.replace(latest, withdrawn_at=min(withdrawals, default=None))


def standings(known: Iterable[Standing], amendments: Iterable[Amendment]) -> list[Standing]:
    """What each amended record comes to, given what is known of them; those that stay as they are are left out."""
    before = {(one.stream, one.record_id): one for one in known}
    after = dict(before)
    for amendment in amendments:
        key = (amendment.stream, amendment.record_id)
        alone = standing_after(amendment)
        after[key] = combine(after[key], alone) if key in after else alone
    return [one for key, one in after.items() if one != before.get(key)]


def spans(read_until: date, today: date) -> list[tuple[date, date]]:
    """The questions that cover every day from the last one read to today."""
    first, found = read_until - LOOK_BACK, []
    while first <= today:
        last = min(first + LONGEST_SPAN, today)
        found.append((first, last))
        first = last + timedelta(days=1)
    return found


def _reassignment(standing: Standing) -> tuple[datetime, int]:
    return (standing.reassigned_at or _NEVER, standing.driver_id or 0)
