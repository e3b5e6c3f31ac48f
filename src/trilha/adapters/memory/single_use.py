"""Keys that count once, within one process."""

from trilha.application.ports import REMEMBERED, Clock


class MemorySingleUse:
    """Remembers keys as long as it must."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._spent: dict[str, float] = {}

    async def spend(self, key: str) -> bool:
        """See SingleUse."""
        now = self._clock.now().timestamp()
        oldest = now - REMEMBERED.total_seconds()
        self._spent = {known: at for known, at in self._spent.items() if at >= oldest}
        if key in self._spent:
            return False
        self._spent[key] = now
        return True
