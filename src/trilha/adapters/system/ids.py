"""UUIDs of version 7 (RFC 9562): they sort by the time they were made, so that indexes grow at one end."""

import secrets
import threading
import time
from collections.abc import Callable
from uuid import UUID

_MILLISECONDS_BITS = 48
_RANDOM_A_BITS = 12
_RANDOM_B_BITS = 62
_VERSION = 7
_VARIANT = 0b10


class Uuid7Ids:
    """Each id is greater than all before it from the same object, also within a millisecond and if the clock goes back.

    RFC 9562 section 6.2, method 2: within a millisecond the random part is raised by a random step; when it runs over,
    the time runs ahead of the clock by a millisecond.
    """

    def __init__(
        self,
        milliseconds: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        random_bits: Callable[[int], int] = secrets.randbits,
    ) -> None:
        self._milliseconds = milliseconds
        self._random_bits = random_bits
        self._last = 0
        self._lock = threading.Lock()

    def new(self) -> UUID:
        """The next id."""
        fresh = self._milliseconds() << (_RANDOM_A_BITS + _RANDOM_B_BITS)
        with self._lock:
            if fresh >> (_RANDOM_A_BITS + _RANDOM_B_BITS) > self._last >> (_RANDOM_A_BITS + _RANDOM_B_BITS):
                self._last = fresh | self._random_bits(_RANDOM_A_BITS + _RANDOM_B_BITS)
            else:
                self._last += 1 + self._random_bits(32)
            return _uuid7(self._last)


def _uuid7(value: int) -> UUID:
    """Lay out time and random parts, 122 bits in all, around version and variant."""
    random_b = value & ((1 << _RANDOM_B_BITS) - 1)
    random_a = (value >> _RANDOM_B_BITS) & ((1 << _RANDOM_A_BITS) - 1)
    milliseconds = (value >> (_RANDOM_A_BITS + _RANDOM_B_BITS)) & ((1 << _MILLISECONDS_BITS) - 1)
    return UUID(int=(milliseconds << 80) | (_VERSION << 76) | (random_a << 64) | (_VARIANT << 62) | random_b)
