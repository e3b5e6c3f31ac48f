"""How the buses move: lines on the map, journeys along them, and where a bus is at any second, in closed form.

Every bus goes up and down its own line, one journey in each of its windows of the trips' timeline, and stands at a
terminal between them. Hence the odometer is the number of journeys times the length of the line, and positions and
trips agree without remembering each other.
"""

from bisect import bisect_right
from datetime import UTC, datetime
from functools import lru_cache
from math import ceil, cos, pi, radians, sin

from msgspec import Struct

from trilha.simulators.mix.crew import Crew
from trilha.simulators.mix.draws import below, draws
from trilha.simulators.mix.fleet import Fleet
from trilha.simulators.mix.scenario import Scenario
from trilha.simulators.mix.timeline import Timeline

_DEGREE_M = 6_371_008.8 * pi / 180
_LATITUDE, _LONGITUDE = -15.79, -47.88
_LEGS = 10
_DAILY_M = 108_000
_SLOWEST_M_S = 6.0
_ODOMETER_ZERO_S = 1_500_000_000
_LONGEST_STAND_S = 240


class Line(Struct, frozen=True):
    """A bus line: corners, and how far along it they are."""

    length_m: int
    from_m: tuple[float, ...]
    latitudes: tuple[float, ...]
    longitudes: tuple[float, ...]
    headings: tuple[int, ...]
    """Degrees, of the leg that starts at a corner."""

    def at(self, along_m: float) -> tuple[float, float, int]:
        """Latitude, longitude and heading of a place on the line."""
        leg = min(bisect_right(self.from_m, along_m) - 1, _LEGS - 1)
        part = (along_m - self.from_m[leg]) / (self.from_m[leg + 1] - self.from_m[leg])
        latitude = self.latitudes[leg] + part * (self.latitudes[leg + 1] - self.latitudes[leg])
        longitude = self.longitudes[leg] + part * (self.longitudes[leg + 1] - self.longitudes[leg])
        return latitude, longitude, self.headings[leg]


class Leg(Struct, frozen=True):
    """A sub-trip: stand, drive, and stand after the last; seconds since 1970, metres from the start of the journey."""

    start_s: int
    depart_s: int
    halt_s: int
    end_s: int
    from_m: int
    to_m: int

    def gone(self, at_s: int) -> tuple[float, float]:
        """Metres from the start of the journey, and the speed in m/s: soft departure, soft halt."""
        if at_s <= self.depart_s or at_s >= self.halt_s:
            return float(self.from_m if at_s <= self.depart_s else self.to_m), 0.0
        lasts_s = self.halt_s - self.depart_s
        part = (at_s - self.depart_s) / lasts_s
        length_m = self.to_m - self.from_m
        return self.from_m + length_m * part * part * (3 - 2 * part), 6 * length_m / lasts_s * part * (1 - part)


class Journey(Struct, frozen=True):
    """One way along the line."""

    slot: int
    bus: int
    driver_id: int
    odometer_m: int
    length_m: int
    back: bool
    legs: tuple[Leg, ...]

    @property
    def start_s(self) -> int:
        """Ignition on."""
        return self.legs[0].start_s

    @property
    def end_s(self) -> int:
        """Ignition off."""
        return self.legs[-1].end_s

    def gone(self, at_s: int) -> tuple[float, float]:
        """Metres and m/s at a second, also of the time before and after the journey."""
        for leg in self.legs:
            if at_s < leg.end_s:
                return leg.gone(at_s)
        return float(self.length_m), 0.0


class Spot(Struct, frozen=True, gc=False):
    """Where a bus is."""

    latitude: float
    longitude: float
    heading: int
    speed_kmh: float
    odometer_m: int
    driver_id: int


class Journeys:
    """All journeys of a scenario; the slot of a journey is its place in the trips' timeline."""

    def __init__(self, scenario: Scenario, fleet: Fleet) -> None:
        self._seed = scenario.seed
        self._buses = len(fleet.assets)
        self._crew = Crew(fleet)
        self._unidentified = below(scenario.unidentified_share)
        self._prompt_s = scenario.prompt_delay_s
        self._daily = max(1, scenario.trips_per_vehicle_per_day)
        self._epoch_s = int(scenario.epoch.timestamp())
        self.timeline = Timeline(scenario, self._buses * self._daily, bursts=False)
        self._until = lru_cache(maxsize=4096)(lambda at_s: self.timeline.slots_before(at_s * 1000 + 1))
        self.line = lru_cache(maxsize=None)(self._line)
        self.journey = lru_cache(maxsize=8192)(self._journey)

    def where(self, bus: int, at_s: int) -> Spot:
        """Where a bus is at a second since 1970."""
        journey = self.journey(self._slot(bus, at_s))
        return self.spot(journey, at_s)

    def spot(self, journey: Journey, at_s: int) -> Spot:
        """The same for a known journey."""
        gone_m, speed_m_s = journey.gone(at_s)
        line = self.line(journey.bus)
        latitude, longitude, heading = line.at(line.length_m - gone_m if journey.back else gone_m)
        return Spot(
            latitude,
            longitude,
            (heading + 180) % 360 if journey.back else heading,
            round(speed_m_s * 3.6, 1),
            journey.odometer_m + int(gone_m),
            journey.driver_id,
        )

    def _slot(self, bus: int, at_s: int) -> int:
        """The journey whose window holds the second; windows end when the server learns of the journey."""
        before = self._until(at_s)
        return before + (bus - before) % self._buses

    def _line(self, bus: int) -> Line:
        draw = draws(self._seed, b"line", bus)
        length_m = _DAILY_M // self._daily * (97 + draw[0] % 7) // 100
        bearing = draw[1] % 360
        latitude = _LATITUDE + (draw[2] % 2000 - 1000) / 10_000
        longitude = _LONGITUDE + (draw[3] % 2000 - 1000) / 10_000
        corners = [(latitude, longitude)]
        headings = []
        for turn in draw[4 : 4 + _LEGS]:
            heading = (bearing + turn % 120 - 60) % 360
            north_m, east_m = (length_m / _LEGS * part(radians(heading)) for part in (cos, sin))
            latitude += north_m / _DEGREE_M
            longitude += east_m / (_DEGREE_M * cos(radians(latitude)))
            corners.append((latitude, longitude))
            headings.append(heading)
        from_m = tuple(length_m * number / _LEGS for number in range(_LEGS + 1))
        latitudes, longitudes = zip(*corners, strict=True)
        return Line(length_m, from_m, latitudes, longitudes, tuple(headings))

    def _journey(self, slot: int) -> Journey:
        number, bus = divmod(slot, self._buses)
        draw = draws(self._seed, b"journey", slot)
        length_m = self.line(bus).length_m
        end_s = self.timeline.created_ms(slot) // 1000 - draw[0] % (self._prompt_s + 1)
        window_s = end_s - self.timeline.created_ms(slot - self._buses) // 1000
        legs = _legs(draw, length_m, end_s, window_s)
        unidentified = draw[1] < self._unidentified
        driver_id = self._crew.on_duty(bus, datetime.fromtimestamp(legs[0].start_s, UTC))
        first_m = (20_000 + bus * 3_917 % 280_000 + (self._epoch_s - _ODOMETER_ZERO_S) // 800) * 1000
        return Journey(
            slot=slot,
            bus=bus,
            driver_id=self._crew.unknown if unidentified else driver_id,
            odometer_m=first_m + number * length_m,
            length_m=length_m,
            back=number % 2 == 1,
            legs=legs,
        )


def _legs(draw: tuple[int, ...], length_m: int, end_s: int, window_s: int) -> tuple[Leg, ...]:
    """One to four sub-trips that end at `end_s` and fit the window."""
    count = 1 + draw[2] % 4
    drive_s = ceil(length_m / (_SLOWEST_M_S + draw[3] % 300 / 100))
    longest_s = max(1, min(_LONGEST_STAND_S, window_s * 3 // 10 // (count + 1)))
    stands_s = [draw[4 + place] % longest_s for place in range(count + 1)]
    bounds = [0, *(drive_s * (place + 1) // count for place in range(count - 1)), drive_s]
    at_s = end_s - drive_s - sum(stands_s)
    legs = []
    for place in range(count):
        depart_s = at_s + stands_s[place]
        halt_s = depart_s + bounds[place + 1] - bounds[place]
        over_s = halt_s + (stands_s[count] if place == count - 1 else 0)
        metres = (bounds[place] * length_m // drive_s, bounds[place + 1] * length_m // drive_s)
        legs.append(Leg(at_s, depart_s, halt_s, over_s, *metres))
        at_s = over_s
    return tuple(legs)
