"""What is simulated (`Scenario`) and how unkindly it is served (`Behaviour`)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from msgspec import Struct, field

from trilha.simulators.mix.records import Kind

LOAD_DAYS = 90
_LEAST_DRIVERS = 12
_MOST_TRIPS = 48


class Login(Struct, frozen=True, forbid_unknown_fields=True):
    """The one application and named user that the simulated identity host knows."""

    client_id: str = "trilha-simulated"
    client_secret: str = "simulated-application"  # noqa: S105 - opens nothing but a simulator
    username: str = "integracao@viacao.example"
    password: str = "simulated-user"  # noqa: S105 - opens nothing but a simulator


class Behaviour(Struct, frozen=True, forbid_unknown_fields=True):
    """Switches of the server; section numbers refer to the MiX Integrate contract. Zero switches a limit off."""

    expires_in_s: int = 3600
    """Life of an access token (2.2), by the simulator's clock."""
    refresh_tokens: bool = True
    allow_password_grant: bool = True
    """When false the password grant answers `unauthorized_client` (2.4)."""
    html_identity: bool = False
    """When true the token endpoint answers an HTML page with status 200 (2.4)."""
    calls_per_minute: int = 20
    """Fixed window of 60 s per client id (4), by the simulator's clock."""
    calls_per_hour: int = 500
    shared_tool_calls_per_minute: int = 0
    """What another tool of the customer spends of the same quota, evenly."""
    retry_after: bool = True
    """Whether a 429 of the limiter says how long to wait; unproven for the real host."""
    reach_days: int = 7
    """Oldest since token accepted (5.2)."""
    range_days: int = 7
    """Longest window of the range routes (8)."""
    range_reach_days: int = 90
    """How far back a window may begin; unproven for the real host."""
    range_end_included: bool = True
    """Whether what happened at the very end of a window belongs to it; unproven for the real host."""
    most_items: int = 1000
    """Largest `quantity` accepted (5.2)."""
    explicit_nulls: bool = False
    """Send `null` members instead of leaving them out (3.3)."""
    gzip: bool = True
    latency_ms: int = 0
    """Added before every answer outside the side door."""


class Scenario(Struct, frozen=True, forbid_unknown_fields=True):
    """A simulated organisation. Every answer is a pure function of these fields, the clock and the request.

    The default is a bus company whose last 6.5 days of events fit in about eleven pages, with one to two new
    events a minute by day. Shares are fractions of all events.
    """

    seed: int = 1042
    epoch: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    """Nothing happened before. Keep it with your data, or a restart tells another history."""
    name: str = "Viação Exemplo do Planalto"
    vehicles: int = 60
    drivers: int = 90
    """Records in the driver list, the special ones included."""
    event_types: int = 60
    events_per_vehicle_per_day: int = 27
    positions_per_vehicle_per_day: int = 96
    """The vendor's customers send 900 to 2,863; the default spares a first start half an hour of the quota."""
    trips_per_vehicle_per_day: int = 8
    busy_hours: bool = True
    """Follow the service day in Brasília; otherwise the same number of events in every hour."""
    bursts: bool = True
    """Vehicles upload several events at once, which then share their creation time."""
    late_share: float = 0.03
    """Events that reach the server hours or days after they happened."""
    late_days: int = 12
    prompt_delay_s: int = 90
    """Longest delay of the events that are not late; zero makes creation time equal occurrence time."""
    repeat_near_share: float = 0.004
    """Records that repeat one of the twelve before them, mostly inside one page."""
    repeat_far_share: float = 0.004
    """Records that repeat one 1000 to 3000 before them, on another page."""
    revised_share: float = 0.0
    """Of the repeats, those that say that the event happened earlier: same id, other times. The last one sent holds."""
    trips_revised_share: float = 0.5
    """Of the repeated trips, those that say another distance. The last one sent holds."""
    future_share: float = 0.0005
    """Positions with a time up to two days ahead of their creation."""
    absurd_share: float = 0.001
    """Positions at latitude and longitude zero."""
    unidentified_share: float = 0.06
    """Events that carry the id of the driver `Unknown`."""
    stranger_share: float = 0.004
    """Events of a vehicle, and as many of a driver or type, that no list contains."""
    startless_share: float = 0.004
    """Events with an end but no start."""
    timeless_share: float = 0.001
    """Events with neither."""
    page_quantum_s: int = 300
    """Pages end on multiples of this, hence may exceed the quantity asked; zero cuts exactly at the quantity."""
    short_page_share: float = 0.15
    """Pages that end early although more is available."""
    amended_share: float = 0.01
    """Events and trips that are given to another driver or put in quarantine within days, some of them twice."""
    behaviour: Behaviour = field(default_factory=Behaviour)
    login: Login = field(default_factory=Login)

    def __post_init__(self) -> None:
        if self.epoch.utcoffset() != timedelta(0):
            raise ValueError(f"epoch {self.epoch.isoformat()} must be an aware UTC time")
        if self.vehicles < 1 or self.events_per_vehicle_per_day < 1:
            raise ValueError("vehicles and events_per_vehicle_per_day must be at least 1")
        if self.positions_per_vehicle_per_day < 0 or not 0 <= self.trips_per_vehicle_per_day <= _MOST_TRIPS:
            raise ValueError(
                f"positions_per_vehicle_per_day must be 0 or more, trips_per_vehicle_per_day from 0 to {_MOST_TRIPS}"
            )
        if self.drivers < _LEAST_DRIVERS:
            raise ValueError(f"drivers is {self.drivers}, must be at least {_LEAST_DRIVERS}: special ones count")

    @property
    def events_per_day(self) -> int:
        """Records created in a day, repeats included."""
        return self.vehicles * self.events_per_vehicle_per_day


def bus_day(
    epoch: datetime = datetime(2026, 1, 1, tzinfo=UTC), *, positions_per_vehicle_per_day: int = 900
) -> Scenario:
    """300 buses in the sizes that customers report (9): a position each 96 s, or 2,863 a day for one each 30 s."""
    return Scenario(
        epoch=epoch,
        name="Viação Trezentos",
        vehicles=300,
        drivers=689,
        event_types=542,
        positions_per_vehicle_per_day=positions_per_vehicle_per_day,
    )


PRESETS: dict[str, Callable[[datetime], Scenario]] = {"buses300": bus_day}
"""Scenarios with a name, by the time at which they begin."""


def load_scenario(
    rows: int,
    *,
    vehicles: int = 400,
    epoch: datetime = datetime(2026, 1, 1, tzinfo=UTC),
    kind: Kind = Kind.EVENTS,
) -> Scenario:
    """A scenario for benchmarks: at least `rows` distinct records of a kind over 90 days, in order of creation.

    Events and positions are then in order of occurrence too. Pages hold exactly the quantity asked, and there are no
    limits. Set the clock to 90 days after the epoch to have all of them at once. There are more vehicles than asked for
    when these could not make so many trips.
    """
    if kind is Kind.TRIPS:
        vehicles = max(vehicles, -(-rows // (LOAD_DAYS * _MOST_TRIPS)))
    daily = -(-rows // (vehicles * LOAD_DAYS))
    return Scenario(
        epoch=epoch,
        vehicles=vehicles,
        drivers=max(vehicles * 3 // 2, _LEAST_DRIVERS),
        events_per_vehicle_per_day=daily if kind in {Kind.EVENTS, Kind.ACTIVE_EVENTS} else 1,
        positions_per_vehicle_per_day=daily if kind is Kind.POSITIONS else 1,
        trips_per_vehicle_per_day=daily if kind is Kind.TRIPS else 8,
        busy_hours=False,
        bursts=False,
        late_share=0.0,
        prompt_delay_s=0,
        repeat_near_share=0.0,
        repeat_far_share=0.0,
        startless_share=0.0,
        timeless_share=0.0,
        future_share=0.0,
        absurd_share=0.0,
        amended_share=0.0,
        page_quantum_s=0,
        short_page_share=0.0,
        behaviour=Behaviour(calls_per_minute=0, calls_per_hour=0, reach_days=0, range_reach_days=0, gzip=False),
    )
