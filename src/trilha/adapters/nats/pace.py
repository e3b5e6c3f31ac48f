"""How many messages to take at once."""

import time
from collections.abc import Sequence

from nats.aio.msg import Msg


class Pace:
    """Single steps after a start and after trouble, growing batches when all is well.

    A process that dies takes a delivery from every message it holds. Holding one alone while something may kill us
    means that only the guilty one uses up its attempts, not its neighbours. On a quiet subject single requests also
    avoid the client's stall on batches.
    """

    def __init__(self, *, careful_s: float, largest: int) -> None:
        self._careful_s = careful_s
        self._largest = largest
        self._size = 1
        self._careful_until = time.monotonic() + careful_s

    @property
    def size(self) -> int:
        """How many to ask for now."""
        return 1 if time.monotonic() < self._careful_until else self._size

    def took(self, messages: Sequence[Msg]) -> None:
        """Learn from what came."""
        if any(message.metadata.num_delivered > 1 for message in messages):
            self._careful_until = time.monotonic() + self._careful_s
            self._size = 1
        elif len(messages) >= self._size:
            self._size = min(2 * self._size, self._largest)

    def nothing_came(self) -> None:
        """The subject is quiet."""
        self._size = 1
