"""When the server created its records: slot number to time and back, in a closed form."""

from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import accumulate

from trilha.simulators.mix.draws import draws
from trilha.simulators.mix.scenario import Scenario

DAY_MS = 86_400_000
_HOUR_MS = 3_600_000
_BRASILIA = timedelta(hours=-3)
_BUSY = (2, 1, 1, 2, 5, 9, 12, 12, 10, 9, 9, 9, 10, 10, 9, 9, 11, 13, 12, 9, 6, 5, 4, 3)
_BURST = 8
_UNIX = datetime(1970, 1, 1, tzinfo=UTC)


def to_ms(moment: datetime) -> int:
    """Whole milliseconds since 1970."""
    return (moment - _UNIX) // timedelta(milliseconds=1)


def from_ms(moment_ms: int) -> datetime:
    """The aware UTC time of `to_ms`."""
    return _UNIX + timedelta(milliseconds=moment_ms)


class Timeline:
    """Slots are numbered in the order in which the server created them, from 0 at the epoch; times never decrease."""

    def __init__(self, scenario: Scenario, per_day: int | None = None, *, bursts: bool | None = None) -> None:
        self._burst = lru_cache(maxsize=4096)(lambda block: draws(scenario.seed, b"burst", block)[0] % _BURST)
        self._bursts = scenario.bursts if bursts is None else bursts
        self._per_day = scenario.events_per_day if per_day is None else per_day
        weights = _BUSY if scenario.busy_hours else (1,) * 24
        self._weights = weights
        self._until_hour = (0, *accumulate(weights))
        epoch_ms = to_ms(scenario.epoch)
        shift_ms = _BRASILIA // timedelta(milliseconds=1)
        self._origin_ms = (epoch_ms + shift_ms) // DAY_MS * DAY_MS - shift_ms
        self._first = 0
        self._first = self._even_before(epoch_ms)

    def created_ms(self, slot: int) -> int:
        """Creation time in milliseconds since 1970."""
        if self._bursts:
            block, place = divmod(slot, _BURST)
            if place and place <= self._burst(block):
                slot = block * _BURST
        return self._even_ms(slot + self._first)

    def slots_before(self, moment_ms: int) -> int:
        """How many records were created before `moment_ms`, which is also the first slot not before it."""
        if not self._per_day:
            return 0
        even = self._even_before(moment_ms)
        if not self._bursts:
            return max(0, even)
        return bisect_left(range(max(0, even + _BURST)), moment_ms, max(0, even - 1), key=self.created_ms)

    def _even_before(self, moment_ms: int) -> int:
        """`slots_before` as if there were no bursts; negative before the epoch."""
        if not self._per_day:
            return 0
        day, in_day_ms = divmod(moment_ms - self._origin_ms, DAY_MS)
        hour, in_hour_ms = divmod(in_day_ms, _HOUR_MS)
        weighted_ms = self._until_hour[hour] * _HOUR_MS + in_hour_ms * self._weights[hour]
        number = day * self._per_day + weighted_ms * self._per_day // (self._until_hour[-1] * _HOUR_MS)
        while self._even_ms(number) < moment_ms:
            number += 1
        while self._even_ms(number - 1) >= moment_ms:
            number -= 1
        return number - self._first

    def _even_ms(self, number: int) -> int:
        day, rest = divmod(number, self._per_day)
        scaled = rest * self._until_hour[-1]
        hour = bisect_left(self._until_hour, scaled // self._per_day + 1) - 1
        into = scaled - self._until_hour[hour] * self._per_day
        in_hour_ms = into * _HOUR_MS // (self._weights[hour] * self._per_day)
        return self._origin_ms + day * DAY_MS + hour * _HOUR_MS + in_hour_ms
