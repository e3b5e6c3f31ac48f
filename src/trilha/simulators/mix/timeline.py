"""When the server created its records: slot number to time and back, in a closed form."""

from bisect import bisect_left
from datetime import UTC, datetime, timedelta
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

    def __init__(self, scenario: Scenario) -> None:
        self._seed = scenario.seed
        self._bursts = scenario.bursts
        self._per_day = scenario.events_per_day
        weights = _BUSY if scenario.busy_hours else (1,) * 24
        self._weights = weights
        self._until_hour = (0, *accumulate(weights))
        epoch_ms = to_ms(scenario.epoch)
        shift_ms = _BRASILIA // timedelta(milliseconds=1)
        self._origin_ms = (epoch_ms + shift_ms) // DAY_MS * DAY_MS - shift_ms
        self._first = bisect_left(range(self._per_day + 1), epoch_ms, key=self._even_ms)

    def created_ms(self, slot: int) -> int:
        """Creation time in milliseconds since 1970."""
        if self._bursts:
            block, place = divmod(slot, _BURST)
            if place and place <= draws(self._seed, b"burst", block)[0] % _BURST:
                slot = block * _BURST
        return self._even_ms(slot + self._first)

    def slots_before(self, moment_ms: int) -> int:
        """How many records were created before `moment_ms`, which is also the first slot not before it."""
        days = max(0, (moment_ms - self._origin_ms) // DAY_MS + 2)
        return bisect_left(range(days * self._per_day), moment_ms, key=self.created_ms)

    def _even_ms(self, number: int) -> int:
        day, rest = divmod(number, self._per_day)
        scaled = rest * self._until_hour[-1]
        hour = bisect_left(self._until_hour, scaled // self._per_day + 1) - 1
        into = scaled - self._until_hour[hour] * self._per_day
        in_hour_ms = into * _HOUR_MS // (self._weights[hour] * self._per_day)
        return self._origin_ms + day * DAY_MS + hour * _HOUR_MS + in_hour_ms
