"""The created-since protocol of section 5: which records a since token brings, and where the page ends."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from trilha.simulators.mix.draws import below, draws
from trilha.simulators.mix.records import Source
from trilha.simulators.mix.scenario import Scenario
from trilha.simulators.mix.selection import EVERYTHING, Selection
from trilha.simulators.mix.timeline import from_ms, to_ms
from trilha.simulators.mix.wire import Streamed

_SHORT_PAGE = 0.55
_LOOKED_AT_PER_WANTED = 20
_TOKEN_FORMS = {14: "%Y%m%d%H%M%S", 17: "%Y%m%d%H%M%S%f"}


class Page(Struct, frozen=True):
    """Records in the order of their creation, the time they reach to (exclusive), and whether there are more."""

    records: list[Streamed]
    until_ms: int
    more: bool

    @property
    def next_token(self) -> str:
        """`GetSinceToken`."""
        return write_token(self.until_ms)


def write_token(moment_ms: int) -> str:
    """17 digits, UTC."""
    return f"{from_ms(moment_ms):%Y%m%d%H%M%S}{moment_ms % 1000:03}"


def read_token(token: str, now: datetime) -> int:
    """Milliseconds of a token of 14 or 17 digits or `NEW`; raises `ValueError` for anything else."""
    if token == "NEW":  # noqa: S105 - a word of the protocol, not a secret
        return to_ms(now) // 1000 * 1000
    form = _TOKEN_FORMS.get(len(token))
    if form is None or not token.isascii() or not token.isdigit():
        raise ValueError("SinceToken must be NEW or a UTC time of 14 or 17 digits")
    return to_ms(datetime.strptime(token, form).replace(tzinfo=UTC))


class RecordStream:
    """The created-since pages of one kind of record; only records added by hand are state."""

    def __init__(self, scenario: Scenario, source: Source) -> None:
        self._seed = scenario.seed
        self._quantum_ms = scenario.page_quantum_s * 1000
        self._short = below(scenario.short_page_share)
        self.source = source
        self._timeline = source.timeline
        self.added: list[tuple[int, Streamed]] = []
        """Creation time and record of what the side door added, in the order of time."""

    def add(self, count: int, late_by: timedelta, now: datetime) -> list[Streamed]:
        """Create records now that happened `late_by` ago. They are served once the clock has passed this second."""
        start = (now - late_by).replace(microsecond=0)
        first = -1 - len(self.added)
        records = [self.source.made(first - number, start) for number in range(count)]
        self.added += [(to_ms(now), record) for record in records]
        self.added.sort(key=lambda pair: pair[0])
        return records

    def page(
        self, since_ms: int, quantity: int, now: datetime, *, only: Selection = EVERYTHING, factor: int = 1
    ) -> Page:
        """The records created from `since_ms` on, only those selected; `factor` makes pages too large."""
        tip_ms = max(since_ms, to_ms(now) // 1000 * 1000)
        wanted = self._wanted(since_ms, quantity) * factor
        first, end = self._timeline.slots_before(since_ms), self._timeline.slots_before(tip_ms)
        last = self._last_slot(first, end, wanted, only)
        until_ms = tip_ms if last is None else min(tip_ms, self._boundary(self._timeline.created_ms(last)))
        reached = self._timeline.slots_before(until_ms)
        more = reached < end or any(until_ms <= created < tip_ms for created, _ in self.added)
        added = [record for created, record in self.added if since_ms <= created < until_ms and only.fits(record)]
        return Page([*self._sent(first, reached, only), *added], until_ms, more)

    def _wanted(self, since_ms: int, quantity: int) -> int:
        """Some pages end early. Which ones depends on the token alone, so that asking again gives the same page."""
        if draws(self._seed, b"page", since_ms)[0] < self._short:
            return max(1, int(quantity * _SHORT_PAGE))
        return quantity

    def _last_slot(self, first: int, end: int, wanted: int, only: Selection) -> int | None:
        """The slot that fills the page, or `None` when the page reaches the present."""
        if only is EVERYTHING:
            return first + wanted - 1 if first + wanted < end else None
        found = 0
        for slot in range(first, min(end, first + wanted * _LOOKED_AT_PER_WANTED)):
            found += sum(1 for _ in self._sent(slot, slot + 1, only))
            if found >= wanted:
                return slot
        capped = first + wanted * _LOOKED_AT_PER_WANTED
        return capped - 1 if capped < end else None

    def _boundary(self, created_ms: int) -> int:
        """The end of the time quantum in which a record was created."""
        if not self._quantum_ms:
            return created_ms + 1
        return (created_ms // self._quantum_ms + 1) * self._quantum_ms

    def _sent(self, first: int, end: int, only: Selection) -> Iterator[Streamed]:
        source = self.source
        for slot in range(first, end):
            for sending in source.sent(slot):
                if only is EVERYTHING:
                    yield source.record(sending)
                    continue
                if only.types is not None and source.type_id(sending[0]) not in only.types:
                    continue
                record = source.record(sending)
                if only.fits(record):
                    yield record
