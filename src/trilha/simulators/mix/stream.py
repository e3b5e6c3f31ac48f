"""The created-since protocol of section 5: which records a since token brings, and where the page ends."""

from datetime import UTC, datetime, timedelta

from msgspec import Struct

from trilha.simulators.mix.draws import below, draws
from trilha.simulators.mix.events import EventSource
from trilha.simulators.mix.scenario import Scenario
from trilha.simulators.mix.timeline import from_ms, to_ms
from trilha.simulators.mix.wire import Event

_SHORT_PAGE = 0.55
_LOOKED_AT_PER_WANTED = 20
_TOKEN_FORMS = {14: "%Y%m%d%H%M%S", 17: "%Y%m%d%H%M%S%f"}


class Page(Struct, frozen=True):
    """Records in the order of their creation, the time they reach to (exclusive), and whether there are more."""

    records: list[Event]
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


class EventStream:
    """The created-since pages of one organisation; only events added by hand are state."""

    def __init__(self, scenario: Scenario, source: EventSource) -> None:
        self._seed = scenario.seed
        self._quantum_ms = scenario.page_quantum_s * 1000
        self._short = below(scenario.short_page_share)
        self._source = source
        self._timeline = source.timeline
        self.added: list[tuple[int, Event]] = []
        """Creation time and record of what the side door added, in the order of time."""

    def add(self, count: int, late_by: timedelta, now: datetime) -> list[Event]:
        """Create events now that happened `late_by` ago. They are served once the clock has passed this second."""
        start = (now - late_by).replace(microsecond=0)
        first = -1 - len(self.added)
        events = [self._source.event(first - number, start=start) for number in range(count)]
        self.added += [(to_ms(now), event) for event in events]
        self.added.sort(key=lambda pair: pair[0])
        return events

    def page(
        self, since_ms: int, quantity: int, now: datetime, *, types: frozenset[int] | None = None, factor: int = 1
    ) -> Page:
        """The records created from `since_ms` on, only those of `types` if given; `factor` makes pages too large."""
        tip_ms = max(since_ms, to_ms(now) // 1000 * 1000)
        wanted = self._wanted(since_ms, quantity) * factor
        first, end = self._timeline.slots_before(since_ms), self._timeline.slots_before(tip_ms)
        last = self._last_slot(first, end, wanted, types)
        until_ms = tip_ms if last is None else min(tip_ms, self._boundary(self._timeline.created_ms(last)))
        reached = self._timeline.slots_before(until_ms)
        more = reached < end or any(until_ms <= created < tip_ms for created, _ in self.added)
        return Page(self._records(first, reached, since_ms, until_ms, types), until_ms, more)

    def _wanted(self, since_ms: int, quantity: int) -> int:
        """Some pages end early. Which ones depends on the token alone, so that asking again gives the same page."""
        if draws(self._seed, b"page", since_ms)[0] < self._short:
            return max(1, int(quantity * _SHORT_PAGE))
        return quantity

    def _last_slot(self, first: int, end: int, wanted: int, types: frozenset[int] | None) -> int | None:
        """The slot that fills the page, or `None` when the page reaches the present."""
        if types is None:
            return first + wanted - 1 if first + wanted < end else None
        found = 0
        for slot in range(first, min(end, first + wanted * _LOOKED_AT_PER_WANTED)):
            found += self._source.type_id(self._source.original(slot)) in types
            if found == wanted:
                return slot
        capped = first + wanted * _LOOKED_AT_PER_WANTED
        return capped - 1 if capped < end else None

    def _boundary(self, created_ms: int) -> int:
        """The end of the time quantum in which a record was created."""
        if not self._quantum_ms:
            return created_ms + 1
        return (created_ms // self._quantum_ms + 1) * self._quantum_ms

    def _records(self, first: int, end: int, since_ms: int, until_ms: int, types: frozenset[int] | None) -> list[Event]:
        records = [
            self._source.served(slot)
            for slot in range(first, end)
            if types is None or self._source.type_id(self._source.original(slot)) in types
        ]
        added = [event for created, event in self.added if since_ms <= created < until_ms]
        return records + [event for event in added if types is None or event.event_type_id in types]
