"""What counts once: whoever comes first with a key, over all processes."""

from datetime import timedelta
from typing import Protocol

REMEMBERED = timedelta(minutes=2)
"""How long a spent key stays spent, at least: keys must have expired by themselves by then."""


class SingleUse(Protocol):
    """Remembers spent keys for REMEMBERED, through restarts."""

    async def spend(self, key: str) -> bool:
        """True for the first who spends this key, at most. A key is 1 to 64 ASCII letters and digits.

        False too where it cannot be known: a lost answer must not let anybody in twice.
        """
        ...
