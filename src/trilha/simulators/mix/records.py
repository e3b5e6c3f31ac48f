"""What every stream is made of, whatever it carries: slots in the order of creation, and records sent at them."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum, auto
from functools import lru_cache
from typing import Protocol

from trilha.simulators.mix.draws import IdSpace, below, draws, twin
from trilha.simulators.mix.wire import Streamed

_NEAR = 12
_FAR, _FAR_SPREAD = 1000, 2000
_TWIN_EVERY = 250
_PER_BLOCK = 16

Sending = tuple[int, int]
"""Which record is sent, and in which edition: 0 as it was first, any other number a revision of it."""


class Kind(StrEnum):
    """The streams, under their names in paths."""

    EVENTS = auto()
    POSITIONS = auto()
    TRIPS = auto()
    ACTIVE_EVENTS = "activeevents"


class Order(Protocol):
    """Creation times; they never decrease from slot to slot."""

    def created_ms(self, slot: int) -> int:
        """When the server created what is sent at a slot, in milliseconds since 1970."""
        ...

    def slots_before(self, moment_ms: int) -> int:
        """The first slot that is not before `moment_ms`."""
        ...


class Source(Protocol):
    """All records of one kind. A slot is a place in the order of creation; some slots repeat an earlier record."""

    @property
    def timeline(self) -> Order:
        """When slots were created."""
        ...

    @property
    def revises(self) -> bool:
        """Whether repeats may differ from the first edition."""
        ...

    def sent(self, slot: int) -> tuple[Sending, ...]:
        """What the stream sends at a slot."""
        ...

    def first_sent(self, number: int) -> int:
        """The slot at which a record is sent for the first time, if it is sent at all."""
        ...

    def record(self, sending: Sending) -> Streamed:
        """The record itself."""
        ...

    def made(self, number: int, start: datetime) -> Streamed:
        """A record for adding by hand, not on the timeline; `number` is negative."""
        ...

    def around(self, start_ms: int, end_ms: int, slots: int) -> Iterator[int]:
        """Records first sent before slot `slots` that may have happened from `start_ms` to before `end_ms`."""
        ...

    def type_id(self, number: int) -> int | None:
        """The event type of a record, cheaper than the record; `None` for kinds without."""
        ...


class RecordIds:
    """Unique ids by number; two in 250 collide as doubles, and `extremes` are as told."""

    def __init__(self, seed: int, kind: bytes, extremes: dict[int, int] | None = None) -> None:
        self._ids = IdSpace(seed, kind)
        self._extremes = extremes or {}

    def __getitem__(self, number: int) -> int:
        if number in self._extremes:
            return self._extremes[number]
        if number % _TWIN_EVERY == 1:
            return twin(self._ids[number - 1])
        return self._ids[number]


class Repeats:
    """Which slots repeat an earlier record instead of bringing one of their own."""

    def __init__(self, seed: int, kind: bytes, near_share: float, far_share: float) -> None:
        self._seed = seed
        self._kind = kind
        self._near = below(near_share)
        self._far = self._near + below(far_share)

    def original(self, slot: int) -> int:
        """The slot whose record is sent at `slot`: itself, or an earlier one."""
        while self._far and slot > _NEAR:
            draw = draws(self._seed, self._kind, slot)
            if draw[0] < self._near:
                slot -= 1 + draw[1] % _NEAR
            elif draw[0] < self._far and slot > _FAR + _FAR_SPREAD:
                slot -= _FAR + draw[1] % _FAR_SPREAD
            else:
                break
        return slot

    def fate(self, slot: int) -> int:
        """A 32-bit draw for what becomes of the repeat at `slot`."""
        return draws(self._seed, self._kind, slot)[2]


class Rarely:
    """A property that few numbers have, found in long ranges without a draw for each."""

    def __init__(self, seed: int, kind: bytes, share: float) -> None:
        self._limit = below(share)
        self._draws = lru_cache(maxsize=8192)(lambda block: draws(seed, kind, block))

    def __contains__(self, number: int) -> bool:
        return self._limit > 0 and self._draws(number // _PER_BLOCK)[number % _PER_BLOCK] < self._limit

    def among(self, first: int, end: int) -> Iterator[int]:
        """Those from `first` to before `end`."""
        if not self._limit:
            return
        for block in range(first // _PER_BLOCK, -(-end // _PER_BLOCK)):
            drawn = self._draws(block)
            if min(drawn) < self._limit:
                start = block * _PER_BLOCK
                yield from (
                    start + place
                    for place, draw in enumerate(drawn)
                    if draw < self._limit and first <= start + place < end
                )
