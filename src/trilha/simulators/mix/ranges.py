"""The range routes of sections 6.5, 6.7 and 6.8: what happened in a window, as far as the server knows it by now."""

from collections.abc import Iterator
from datetime import datetime

from trilha.simulators.mix.records import Source
from trilha.simulators.mix.selection import Selection
from trilha.simulators.mix.stream import RecordStream
from trilha.simulators.mix.timeline import to_ms
from trilha.simulators.mix.wire import Streamed

_CHUNK = 1024


class Ranges:
    """Windows of one kind of record, each record in its newest edition."""

    def __init__(self, stream: RecordStream) -> None:
        self._stream = stream
        self._source = stream.source
        self._editions = Editions(stream.source)

    def between(self, start_ms: int, end_ms: int, now: datetime, only: Selection) -> list[Streamed]:
        """Records that happened from `start_ms` to before `end_ms`; one without a time happened when it was created."""
        tip_ms = to_ms(now) // 1000 * 1000
        slots = self._source.timeline.slots_before(tip_ms)
        numbers = list(self._source.around(start_ms, end_ms, slots))
        newest = self._editions.newest(min(numbers), slots) if self._source.revises and numbers else {}
        found = []
        for number in numbers:
            record = self._source.record((number, newest.get(number, 0)))
            if start_ms <= _moment_ms(record, self._source.timeline.created_ms(number)) < end_ms and only.fits(record):
                found.append(record)
        return found + [
            record
            for created_ms, record in self._stream.added
            if created_ms < tip_ms and start_ms <= _moment_ms(record, created_ms) < end_ms and only.fits(record)
        ]


class Editions:
    """The revisions of a stream, remembered by chunks of slots."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._chunks: dict[int, dict[int, int]] = {}

    def newest(self, first: int, end: int) -> dict[int, int]:
        """The last edition sent at the slots from `first` to before `end`, of records that have one."""
        found: dict[int, int] = {}
        whole, rest = divmod(end, _CHUNK)
        for chunk in range(first // _CHUNK, whole):
            if chunk not in self._chunks:
                self._chunks[chunk] = dict(self._revised(chunk * _CHUNK, (chunk + 1) * _CHUNK))
            found |= self._chunks[chunk]
        return found | dict(self._revised(end - rest, end))

    def _revised(self, first: int, end: int) -> Iterator[tuple[int, int]]:
        """Repeats too: a plain one takes a revision back."""
        for slot in range(first, end):
            yield from ((number, edition) for number, edition in self._source.sent(slot) if number != slot)


def _moment_ms(record: Streamed, created_ms: int) -> int:
    moment = record.occurred
    return to_ms(moment) if moment else created_ms
