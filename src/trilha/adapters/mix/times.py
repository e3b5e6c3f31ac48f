"""Times of wire records, brought to UTC."""

from collections.abc import Iterable
from datetime import UTC, datetime
from operator import attrgetter

import msgspec

from trilha.adapters.mix.decode import Unfit

_ONLY_UTC: frozenset[object] = frozenset({UTC})


class Times:
    """Those members of one kind of record that are times. MiX sends `Z`; an offset or no zone, which is UTC, may be."""

    def __init__(self, kind: type[msgspec.Struct], names: Iterable[str]) -> None:
        spelt = dict(zip(kind.__struct_fields__, kind.__struct_encode_fields__, strict=True))
        self._members = [(name, spelt[name]) for name in names]
        self._getters = [attrgetter(name) for name, _ in self._members]

    def are_utc(self, records: Iterable[msgspec.Struct]) -> bool:
        """Whether nothing is to be done. Column by column, for it runs over every page."""
        records = list(records)
        return all(
            {moment.tzinfo for moment in map(get, records) if moment is not None} <= _ONLY_UTC for get in self._getters
        )

    def to_utc(self, record: msgspec.Struct, path: str = "") -> None:
        """Put the times of one record right in place; raises Unfit."""
        for name, wire_name in self._members:
            moment: datetime | None = getattr(record, name)
            if moment is not None and moment.tzinfo is not UTC:
                setattr(record, name, _in_utc(moment, path + wire_name))


def _in_utc(moment: datetime, field: str) -> datetime:
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise Unfit("bad_time", f"{field}: lies outside the years 1 to 9999 in UTC") from None
