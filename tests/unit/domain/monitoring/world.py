"""One vehicle on a road that runs north, and fences across it: what the tests of watching share."""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from trilha.domain.kernel import DriverId, EventTypeId, VehicleId
from trilha.domain.monitoring import (
    AlertRule,
    Condition,
    Fired,
    Fix,
    Happening,
    Moment,
    Observation,
    Rulebook,
    RuleContent,
    Schedule,
    Scope,
    Severity,
    VehicleWatch,
    Watched,
    watch,
)
from trilha.domain.tracks import TrackPoint

START = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
ZONE = ZoneInfo("America/Sao_Paulo")
BUS = VehicleId(7)
DRIVER = DriverId(3)
HARSH = EventTypeId(4750800303282680186)
DEPOT, SCHOOL = UUID(int=101), UUID(int=102)
NOW = Moment(START + timedelta(days=30), START - timedelta(days=1))
KMH_PER_KNOT = 1.852


class Strips:
    """Fences as strips of latitude, in metres north of the start."""

    def __init__(self, strips: dict[UUID, tuple[float, float]]) -> None:
        self._strips = strips

    def containing(self, latitude_deg: float, longitude_deg: float) -> Collection[UUID]:
        """Those around a place."""
        del longitude_deg
        north_m = (latitude_deg + 15.0) * METRES_PER_DEGREE
        return [key for key, (start, end) in self._strips.items() if start <= north_m < end]


METRES_PER_DEGREE = 111_195.0
ROAD = Strips({DEPOT: (-50.0, 500.0), SCHOOL: (2_000.0, 3_000.0)})


def at(seconds: float) -> datetime:
    """So many seconds after the start."""
    return START + timedelta(seconds=seconds)


def fix(
    seconds: float,
    north_m: float = 0.0,
    speed_kmh: float | None = None,
    *,
    posted_kmh: float | None = None,
    has_driver: bool = True,
    record_id: int | None = None,
) -> Fix:
    """The bus, so far up the road."""
    point = TrackPoint(at(seconds), -15.0 + north_m / METRES_PER_DEGREE, -47.9, speed_kmh=speed_kmh)
    number = int(seconds * 1_000) if record_id is None else record_id
    return Fix(number, BUS, DRIVER, point, posted_kmh, has_driver)


def happening(seconds: float, record_id: int, event_type_id: EventTypeId = HARSH) -> Happening:
    """An event."""
    return Happening(record_id, BUS, DRIVER, at(seconds), event_type_id)


def rule(
    condition: Condition,
    number: int = 1,
    *,
    cooldown_s: int = 0,
    schedule: Schedule | None = None,
    scope: Scope | None = None,
) -> AlertRule:
    """A rule of which nothing but the condition matters."""
    content = RuleContent(
        name=f"rule {number}",
        condition=condition,
        severity=Severity.WARNING,
        cooldown_s=cooldown_s,
        schedule=schedule or Schedule(),
        scope=scope or Scope(),
    )
    return AlertRule(id=UUID(int=number), content=content, changed_at=START)


def book(*rules: AlertRule) -> Rulebook:
    """What the bus is watched by."""
    return Rulebook(rules, ROAD, ZONE)


def watched(
    rules: Rulebook,
    pages: Iterable[Sequence[Observation]],
    state: VehicleWatch | None = None,
    moment: Moment = NOW,
) -> Watched:
    """Everything that comes of pages, one after the other."""
    state = state or VehicleWatch(BUS)
    signals, crossings = [], []
    for page in pages:
        result = watch(state, page, rules, moment)
        state = result.state
        signals += result.signals
        crossings += result.crossings
    return Watched(state, tuple(signals), tuple(crossings))


def fired_at(result: Watched) -> list[float]:
    """Seconds after the start at which something fired."""
    return [(one.at - START).total_seconds() for one in result.signals if isinstance(one, Fired)]


def cleared_at(result: Watched) -> list[float]:
    """Seconds after the start at which something was over."""
    return [(one.at - START).total_seconds() for one in result.signals if not isinstance(one, Fired)]
