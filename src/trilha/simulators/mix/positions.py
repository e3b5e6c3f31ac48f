"""The recorded positions: where the buses of `journeys` are, a reading of each in turn."""

from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache

from trilha.simulators.mix.draws import IdSpace, below, draws
from trilha.simulators.mix.fleet import Fleet
from trilha.simulators.mix.journeys import Journeys
from trilha.simulators.mix.records import Rarely, RecordIds, Repeats, Sending
from trilha.simulators.mix.scenario import Scenario
from trilha.simulators.mix.timeline import Timeline
from trilha.simulators.mix.wire import Position

_EXTREMES = {5: 2**63 - 1, 6: -(2**63)}
_HALF_DAY_S = 43_200
_FUTURE_S = 2 * 86_400
_CHUNK = 16_384


class PositionSource:
    """Positions of one scenario."""

    revises = False

    def __init__(self, scenario: Scenario, fleet: Fleet, journeys: Journeys) -> None:
        seed, per_day = scenario.seed, scenario.positions_per_vehicle_per_day
        self._seed = seed
        self._assets = tuple(asset.asset_id for asset in fleet.assets)
        self._journeys = journeys
        self.timeline = Timeline(scenario, len(self._assets) * per_day)
        self._ids = RecordIds(seed, b"track", _EXTREMES)
        self._stranger_ids = IdSpace(seed, b"stranger")
        self._repeats = Repeats(seed, b"repeat-position", scenario.repeat_near_share, scenario.repeat_far_share)
        self._prompt_s = min(scenario.prompt_delay_s, _HALF_DAY_S // max(1, per_day))
        self._late_s = scenario.late_days * 86_400
        self._late = Rarely(seed, b"late-position", scenario.late_share)
        self._future = Rarely(seed, b"future-position", scenario.future_share)
        self._strays = lru_cache(maxsize=1024)(self._found_strays)
        self._stranger = below(scenario.stranger_share)
        self._absurd = self._stranger + below(scenario.absurd_share)

    def sent(self, slot: int) -> tuple[Sending, ...]:
        """One record, the slot's own or an earlier one."""
        return ((self._repeats.original(slot), 0),)

    def first_sent(self, number: int) -> int:
        """Its own slot."""
        return number

    def record(self, sending: Sending) -> Position:
        """The reading of a slot."""
        slot, _ = sending
        draw = draws(self._seed, b"track", slot)
        return self._position(slot, self._occurred_s(slot, draw), draw)

    def made(self, number: int, start: datetime) -> Position:
        """A reading for adding by hand."""
        return self._position(number, int(start.timestamp()), draws(self._seed, b"track", number))

    def around(self, start_ms: int, end_ms: int, slots: int) -> Iterator[int]:
        """Prompt readings are near their creation; late ones and those from the future are looked up."""
        before = self.timeline.slots_before
        for slot in range(before(start_ms), min(slots, before(end_ms + (self._prompt_s + 1) * 1000))):
            if slot not in self._future and slot not in self._late and self._repeats.original(slot) == slot:
                yield slot
        first, last = before(start_ms - _FUTURE_S * 1000), before(end_ms + (self._late_s + 3_600) * 1000)
        for chunk in range(first // _CHUNK, min(slots, last) // _CHUNK + 1):
            strays = self._strays(chunk)
            places = (bisect_left(strays, (moment_ms // 1000, -1)) for moment_ms in (start_ms, end_ms))
            yield from (slot for _, slot in strays[slice(*places)] if slot < slots)

    def type_id(self, number: int) -> None:
        """No type."""

    def _found_strays(self, chunk: int) -> list[tuple[int, int]]:
        """Seconds and slots of the late readings and those from the future, in order of time."""
        first, end = chunk * _CHUNK, (chunk + 1) * _CHUNK
        slots = {*self._late.among(first, end), *self._future.among(first, end)}
        return sorted(
            (self._occurred_s(slot, draws(self._seed, b"track", slot)), slot)
            for slot in slots
            if self._repeats.original(slot) == slot
        )

    def _occurred_s(self, slot: int, draw: tuple[int, ...]) -> int:
        created_s = self.timeline.created_ms(slot) // 1000
        if slot in self._future:
            return created_s + 600 + draw[0] % (_FUTURE_S - 600)
        if slot in self._late:
            return created_s - 3600 - draw[0] % self._late_s
        return created_s - draw[0] % (self._prompt_s + 1)

    def _position(self, slot: int, at_s: int, draw: tuple[int, ...]) -> Position:
        bus = slot % len(self._assets)
        spot = self._journeys.where(bus, at_s)
        absurd = self._stranger <= draw[1] < self._absurd
        poor = draw[2] % 40 == 0
        return Position(
            position_id=self._ids[slot],
            asset_id=self._stranger_ids[draw[3] % 5] if draw[1] < self._stranger else self._assets[bus],
            driver_id=spot.driver_id,
            timestamp=datetime.fromtimestamp(at_s, UTC),
            latitude=0.0 if absurd else round(spot.latitude, 5),
            longitude=0.0 if absurd else round(spot.longitude, 5),
            speed_kilometres_per_hour=None if poor else spot.speed_kmh,
            speed_limit=60.0 if draw[4] % 5 == 0 else None,
            altitude_metres=None if poor else 1000 + draw[5] % 180,
            heading=None if poor else spot.heading,
            number_of_satellites=None if poor else 0 if absurd else 5 + draw[6] % 9,
            hdop=None if poor else 1 + draw[6] % 2,
            vdop=None if poor else 0,
            pdop=None if poor else 0,
            age_of_reading_seconds=draw[7] % 3 if draw[7] % 10 else None,
            distance_since_reading_kilometres=0 if draw[7] % 10 else None,
            odometer_kilometres=None if draw[8] % 50 == 0 else round(spot.odometer_m / 1000, 1),
            source=None if draw[9] % 60 == 0 else "Calculated" if poor else "Gps",
            is_avl=True,
        )
