"""What counts once: whoever comes first with a key, over all processes."""

from datetime import timedelta
from typing import Protocol

REMEMBERED = timedelta(minutes=2)
"""How long a spent key stays spent, at least: keys must have expired by themselves by then."""


class SingleUse(Protocol):
    """Remembers spent keys for REMEMBERED, through restarts."""

    async def spend(self, key: str) -> bool:
        """True for the first who spends this key, at most. A key is 1 to 64 ASCII letters and digits.

        Where it cannot be known it raises, and the key must not count: a lost answer must let nobody in twice.
        """
        ...
