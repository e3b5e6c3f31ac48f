"""Which records a request asks for."""

from msgspec import Struct

from trilha.simulators.mix.wire import ActiveEvent, Event, Streamed


class Selection(Struct, frozen=True):
    """Each member that is given must fit."""

    assets: frozenset[int] | None = None
    drivers: frozenset[int] | None = None
    types: frozenset[int] | None = None

    def fits(self, record: Streamed) -> bool:
        """Whether a record is asked for."""
        if self.assets is not None and record.asset_id not in self.assets:
            return False
        if self.drivers is not None and record.driver_id not in self.drivers:
            return False
        return self.types is None or (isinstance(record, Event | ActiveEvent) and record.event_type_id in self.types)


EVERYTHING = Selection()
