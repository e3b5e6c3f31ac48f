"""What happens on the roads of a simulated world: records of every feed, sent again with other values, amended."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from trilha.adapters.memory import MemorySource
from trilha.domain.kernel import DriverId, EventId, EventTypeId, PositionId, TripId, VehicleId
from trilha.domain.telemetry import (
    AMENDED_FEEDS,
    FEEDS,
    Amendment,
    AmendmentKind,
    Position,
    Record,
    Standing,
    Stream,
    SubTrip,
    TelemetryEvent,
    Trip,
    standings,
)
from trilha.testing.simulation.faults import Chance

LATEST_CHANGE = timedelta(days=6)
"""So long after it happened the source may send a record again. A backfill looks further back than that."""
LATE_MINUTES = 600
EARLY_MINUTES = 1_200


class Traffic:
    """What one outside organisation has made so far: `made` by feed and id, as it was sent last."""

    def __init__(self, external_id: int, source: MemorySource, chance: Chance) -> None:
        self.made: dict[Stream, dict[int, Record]] = {feed: {} for feed in FEEDS}
        self.amended: dict[tuple[Stream, int], Standing] = {}
        self._external_id = external_id
        self._source = source
        self._chance = chance
        self._versions = 0

    def drive(self, now: datetime) -> None:
        """A moment of life in all feeds."""
        for feed in FEEDS:
            self._send(feed, self._new_records(feed, now) + self._again(feed, now))
        if self._chance.of(lambda faults: faults.amend):
            self._amend(now)

    def _new_records(self, feed: Stream, now: datetime) -> list[Record]:
        known, dice = len(self.made[feed]), self._chance.random
        return [self._new_record(feed, known + number, now) for number in range(1, dice.randint(1, 4))]

    def _new_record(self, feed: Stream, number: int, now: datetime) -> Record:
        dice = self._chance.random
        at = now - timedelta(minutes=dice.randint(0, LATE_MINUTES))
        if self._chance.of(lambda faults: faults.fast_clock):
            at = now + timedelta(minutes=dice.randint(1, EARLY_MINUTES))
        driver, vehicle = DriverId(dice.randint(1, 5)), VehicleId(dice.randint(1, 5))
        if self._chance.of(lambda faults: faults.not_understood):
            self._source.not_understood.add(number)
        if feed is Stream.POSITIONS:
            return Position(PositionId(number), at, driver, vehicle, -20.3, -40.3, speed_kmh=0)
        if feed is Stream.TRIPS:
            return Trip(TripId(number), at, driver, vehicle, sub_trips=(SubTrip(at),), distance_km=0)
        return TelemetryEvent(EventId(number), at, driver, vehicle, EventTypeId(1))

    def _again(self, feed: Stream, now: datetime) -> list[Record]:
        """Sometimes a record once more, as it was or changed: a value that it had before does not come back."""
        young = [one for one in self.made[feed].values() if now - one.occurred_at < LATEST_CHANGE]
        if not young or not self._chance.of(lambda faults: faults.repeat):
            return []
        old = self._chance.random.choice(young)
        return [self._changed(old) if self._chance.random.random() < 0.5 else old]

    def _changed(self, old: Record) -> Record:
        self._versions += 1
        match old:
            case Position():
                return msgspec.structs.replace(old, speed_kmh=float(self._versions))
            case Trip():
                return msgspec.structs.replace(old, distance_km=float(self._versions))
            case TelemetryEvent():
                return msgspec.structs.replace(old, value=float(self._versions))

    def _send(self, feed: Stream, records: Sequence[Record]) -> None:
        self.made[feed] |= {int(record.id): record for record in records}
        self._source.emit(self._external_id, records)

    def _amend(self, now: datetime) -> None:
        """Change something about a record that was made, or is about to be."""
        dice = self._chance.random
        stream, kind = dice.choice(AMENDED_FEEDS), dice.choice(list(AmendmentKind))
        driver = DriverId(dice.randint(1, 5)) if kind is AmendmentKind.REASSIGNED else None
        amendment = Amendment(stream, dice.randint(1, len(self.made[stream]) + 3), kind, now, driver)
        changed = standings(self.amended.values(), [amendment])
        self.amended |= {(one.stream, one.record_id): one for one in changed}
        self._source.amend(self._external_id, [amendment])
