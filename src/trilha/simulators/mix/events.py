"""The recorded events: slot number to record, with nothing remembered in between."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from math import cos, sin

from msgspec import Struct

from trilha.simulators.mix.crew import Crew
from trilha.simulators.mix.draws import IdSpace, below, draws
from trilha.simulators.mix.fleet import Fleet
from trilha.simulators.mix.library import Kind
from trilha.simulators.mix.names import ADDRESSES
from trilha.simulators.mix.records import RecordIds, Repeats, Sending
from trilha.simulators.mix.scenario import Scenario
from trilha.simulators.mix.timeline import Timeline, from_ms
from trilha.simulators.mix.wire import Event, Position

_EXTREMES = {3: 2**63 - 1, 4: -(2**63)}
_CATEGORIES = ("Detail",) * 14 + ("Summary",) * 3 + ("Notify",) * 2 + ("Terminal",)
_PERIODS = frozenset({"Detail", "Summary"})
_BURNS_FUEL_S = 120
_ODOMETER_ZERO_S = 1_500_000_000
_LATITUDE, _LONGITUDE = -15.79, -47.88
_MOST_EARLIER_MIN = 50
_LONGEST_MS = 1_800_000


class EventSource:
    """Events of one scenario. A slot is a place in the order of server creation; some slots repeat an earlier event."""

    def __init__(self, scenario: Scenario, fleet: Fleet | None = None) -> None:
        self._seed = scenario.seed
        self._fleet = fleet or Fleet(scenario)
        self.timeline = Timeline(scenario)
        self._event_ids = RecordIds(scenario.seed, b"event", _EXTREMES)
        self._position_ids = IdSpace(scenario.seed, b"position")
        self._stranger_ids = IdSpace(scenario.seed, b"stranger")
        self._by_weight = [kind for kind in self._fleet.library for _ in range(kind.weight)]
        self._crew = Crew(self._fleet)
        self._prompt_ms = scenario.prompt_delay_s * 1000
        self._late_s = scenario.late_days * 86_400
        self._repeats = Repeats(scenario.seed, b"repeat", scenario.repeat_near_share, scenario.repeat_far_share)
        self._revised = below(scenario.revised_share)
        self._late = below(scenario.late_share)
        self._unidentified = below(scenario.unidentified_share)
        self._stranger = below(scenario.stranger_share)
        self._startless = below(scenario.startless_share)
        self._timeless = self._startless + below(scenario.timeless_share)

    @property
    def revises(self) -> bool:
        """Whether repeats may say another time."""
        return self._revised > 0

    def sent(self, slot: int) -> tuple[Sending, ...]:
        """One record, the slot's own or an earlier one; the number of a revision is the slot that brings it."""
        original = self.original(slot)
        revised = original != slot and self._repeats.fate(slot) < self._revised
        return ((original, slot if revised else 0),)

    def first_sent(self, number: int) -> int:
        """Its own slot."""
        return number

    def record(self, sending: Sending) -> Event:
        """A revision happened some minutes earlier."""
        number, edition = sending
        if not edition:
            return self.event(number)
        start = self._occurred(number, draws(self._seed, b"event", number))
        return self.event(number, start=start - timedelta(minutes=1 + edition % _MOST_EARLIER_MIN))

    def served(self, slot: int) -> Event:
        """The record that the stream sends at `slot`."""
        return self.record(self.sent(slot)[0])

    def made(self, number: int, start: datetime) -> Event:
        """An event for adding by hand."""
        return self.event(number, start=start)

    def around(self, start_ms: int, end_ms: int, slots: int) -> Iterator[int]:
        """Prompt events are near their creation; the late ones may be days after it."""
        first = self.timeline.slots_before(start_ms - _LONGEST_MS)
        prompt = self.timeline.slots_before(end_ms + self._prompt_ms + _MOST_EARLIER_MIN * 60_000)
        last = self.timeline.slots_before(end_ms + (self._late_s + 3_600) * 1000 + _MOST_EARLIER_MIN * 60_000)
        for slot in range(first, min(slots, last)):
            if (slot < prompt or draws(self._seed, b"event", slot)[13] < self._late) and self.original(slot) == slot:
                yield slot

    def original(self, slot: int) -> int:
        """The slot whose event is sent at `slot`: itself, or an earlier one that is repeated there."""
        return self._repeats.original(slot)

    def event_id(self, slot: int) -> int:
        """Unique; two in 250 collide as doubles, and the largest and smallest integers are among the first."""
        return self._event_ids[slot]

    def type_id(self, number: int) -> int:
        """The event type of an original slot, cheaper than its record."""
        draw = draws(self._seed, b"event", number)
        return self._type_id(self._by_weight[draw[0] % len(self._by_weight)], draw)

    def event(self, slot: int, *, start: datetime | None = None) -> Event:
        """The record of an original slot; `start` replaces the time at which it happened.

        Negative slots are never on the timeline: their events are for adding by hand.
        """
        draw = draws(self._seed, b"event", slot)
        kind = self._by_weight[draw[0] % len(self._by_weight)]
        start = start or self._occurred(slot, draw)
        lasts_s = 1 + draw[5] % kind.lasts_s if kind.lasts_s else 0
        scene = self._scene(slot, draw, start, lasts_s)
        category = _CATEGORIES[draw[4] % len(_CATEGORIES)]
        has_start = draw[7] >= self._timeless
        has_end = draw[7] < self._startless or (has_start and lasts_s > 0 and category in _PERIODS)
        limit = 60.0 if kind.record.format_type == "Speed" else None
        measured = kind.highest > 0
        return Event(
            event_id=self.event_id(slot),
            asset_id=scene.asset_id,
            driver_id=scene.driver_id,
            event_type_id=self._type_id(kind, draw),
            event_category=category,
            start_date_time=start if has_start else None,
            start_odometer_kilometres=scene.odometer_km(start) if has_start else None,
            start_position=self._position(scene, start, draw, 0, limit) if has_start and draw[8] % 40 else None,
            end_date_time=scene.end if has_end else None,
            end_odometer_kilometres=scene.odometer_km(scene.end) if has_end else None,
            end_position=self._position(scene, scene.end, draw, 1, None) if has_end and draw[8] % 25 else None,
            value=kind.lowest + draw[6] % 1000 * (kind.highest - kind.lowest) // 1000 if measured else None,
            value_type="Maximum" if measured else None,
            value_units=kind.record.display_units if measured else None,
            fuel_used_litres=draw[9] % 90 / 10 if lasts_s > _BURNS_FUEL_S else None,
            total_time_seconds=lasts_s,
            total_occurances=2 + draw[10] % 9 if category == "Summary" else 1,
            media_urls={} if kind.record.event_type == "MiXVision" else None,
            location_id=self._stranger_ids[10 + draw[11] % 9] if kind.record.format_type == "Location" else None,
            speed_limit=limit,
        )

    def _type_id(self, kind: Kind, draw: tuple[int, ...]) -> int:
        if self._stranger * 2 <= draw[2] < self._stranger * 3:
            return self._stranger_ids[20 + draw[12] % 3]
        return kind.record.event_type_id

    def _scene(self, slot: int, draw: tuple[int, ...], start: datetime, lasts_s: int) -> "_Scene":
        bus = draw[1] % len(self._fleet.assets)
        strange_bus = draw[2] < self._stranger
        return _Scene(
            slot=slot,
            bus=bus,
            asset_id=self._stranger_ids[draw[1] % 5] if strange_bus else self._fleet.assets[bus].asset_id,
            driver_id=self._driver(bus, start, draw),
            end=start + timedelta(seconds=lasts_s),
        )

    def _driver(self, bus: int, start: datetime, draw: tuple[int, ...]) -> int:
        if draw[3] < self._unidentified:
            return self._crew.unknown
        if self._stranger <= draw[2] < self._stranger * 2:
            return self._stranger_ids[30 + draw[1] % 4]
        return self._crew.on_duty(bus, start)

    def _occurred(self, slot: int, draw: tuple[int, ...]) -> datetime:
        """Whole seconds, never after the creation; late ones are hours or days older."""
        created_ms = self.timeline.created_ms(slot)
        if draw[13] < self._late:
            delay_ms = (3600 + draw[14] % self._late_s) * 1000
        else:
            delay_ms = draw[14] % self._prompt_ms if self._prompt_ms else 0
        return from_ms((created_ms - delay_ms) // 1000 * 1000)

    def _position(
        self, scene: "_Scene", when: datetime, draw: tuple[int, ...], place: int, limit: float | None
    ) -> Position:
        angle = when.timestamp() / 1100 + scene.bus
        speed = draw[15] % 75 if place else draw[15] % 88
        return Position(
            position_id=self._position_ids[scene.slot * 2 + place],
            asset_id=scene.asset_id,
            driver_id=scene.driver_id,
            timestamp=when,
            latitude=round(_LATITUDE + 0.12 * sin(angle) + scene.bus % 7 / 90, 5),
            longitude=round(_LONGITUDE + 0.15 * cos(angle) - scene.bus % 5 / 70, 5),
            speed_kilometres_per_hour=float(speed),
            speed_limit=limit,
            altitude_metres=1000 + draw[15] % 180,
            heading=int(angle * 57) % 360,
            number_of_satellites=5 + draw[12] % 9,
            hdop=1 + draw[12] % 2,
            odometer_kilometres=scene.odometer_km(when),
            formatted_address=ADDRESSES[draw[12] % len(ADDRESSES)] if not place or draw[12] % 3 == 0 else None,
            source="Gps",
            is_avl=False,
        )


class _Scene(Struct, frozen=True, gc=False):
    """Who and where, shared by an event and its positions."""

    slot: int
    bus: int
    asset_id: int
    driver_id: int
    end: datetime

    def odometer_km(self, when: datetime) -> float:
        """Grows evenly with time, about 110 km a day."""
        return round(20_000 + self.bus * 3_917 % 280_000 + (when.timestamp() - _ODOMETER_ZERO_S) / 800, 1)


@lru_cache(maxsize=4)
def event_source(scenario: Scenario) -> EventSource:
    """A source that is built once per scenario."""
    return EventSource(scenario)
