"""Who drives which bus when."""

from datetime import datetime

from trilha.simulators.mix.fleet import Fleet
from trilha.simulators.mix.people import SPECIAL, UNKNOWN

_SHIFT_CHANGE_UTC = 16


class Crew:
    """The people of a fleet and their turns."""

    def __init__(self, fleet: Fleet) -> None:
        self._buses = len(fleet.assets)
        self._people = tuple(driver.driver_id for driver in fleet.drivers[SPECIAL:])
        self.unknown = fleet.drivers[UNKNOWN].driver_id
        """The id that unidentified driving carries."""

    def on_duty(self, bus: int, when: datetime) -> int:
        """Two people share a bus, one per shift, and rotate every week."""
        shift = when.hour >= _SHIFT_CHANGE_UTC
        return self._people[(bus + shift * self._buses + when.toordinal() // 7) % len(self._people)]

    def substitute(self, draw: int) -> int:
        """Somebody of the company, for a journey that was first written down to another."""
        return self._people[draw % len(self._people)]
