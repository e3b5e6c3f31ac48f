"""What screens show of scores, rankings, days and stops."""

from collections.abc import Mapping
from datetime import date, datetime

import msgspec

from trilha.application.performance.scores import DriverScore, RankedDrivers
from trilha.application.performance.views import PlatedView, RatedView, plated_view, rated_view
from trilha.application.performance.work_days import VehicleStays, WorkDays
from trilha.domain.kernel import EventTypeId
from trilha.domain.performance import (
    Assessment,
    Band,
    DaySheet,
    Deduction,
    Measure,
    Placed,
    Plated,
    PolicyName,
    Rated,
    ScorePolicy,
    Stay,
    StayKind,
    Unplaced,
    Unscored,
)

_SHOWN_DECIMALS = 4


class EventTypeName(msgspec.Struct, frozen=True):
    """An event type, by name; no name where the library does not have it."""

    id: str
    description: str | None


class DeductionView(msgspec.Struct, frozen=True, kw_only=True):
    """What one rule takes, and what for. `rate` is null where it could not be measured."""

    rule: str
    event_types: tuple[EventTypeName, ...]
    count: int
    seconds: float
    rate: float | None
    points: float
    capped: bool


class WeekView(msgspec.Struct, frozen=True):
    """The score of seven days."""

    first_day: date
    last_day: date
    score: float | None
    band: Band | None
    unscored: Unscored | None
    distance_km: float


class ScoreView(msgspec.Struct, frozen=True, kw_only=True):
    """A score with its reasons, or the reason why there is none.

    Of 0 to 100 the points of the deductions sum to what is missing from 100; those of `mix_rag`, where low is good, to
    the score itself.
    """

    driver: RatedView
    first_day: date
    last_day: date
    policy: PolicyName
    formula: str
    policy_version: int
    min_distance_km: float
    score: float | None
    band: Band | None
    unscored: Unscored | None
    trips: int
    distance_km: float
    driving_s: float
    deductions: tuple[DeductionView, ...]
    trend: tuple[WeekView, ...]


class PlacedView(msgspec.Struct, frozen=True, kw_only=True):
    """A driver with a place. `trend` are the scores of the ranking's `weeks`."""

    rank: int
    driver: RatedView
    score: float
    band: Band | None
    percentile: float
    to_median: float
    trips: int
    distance_km: float
    trend: tuple[float | None, ...]


class UnplacedView(msgspec.Struct, frozen=True):
    """A driver without a place, and why."""

    driver: RatedView
    unscored: Unscored
    trips: int
    distance_km: float


class DaysView(msgspec.Struct, frozen=True):
    """Seven days of a trend."""

    first_day: date
    last_day: date


class RankingView(msgspec.Struct, frozen=True, kw_only=True):
    """Best first; ties share a place. Who is no person is left out."""

    first_day: date
    last_day: date
    policy: PolicyName
    policy_version: int
    min_distance_km: float
    median: float | None
    weeks: tuple[DaysView, ...]
    items: tuple[PlacedView, ...]
    unranked: tuple[UnplacedView, ...]


class DriverDaysView(msgspec.Struct, frozen=True):
    """The days of a driver; those without trips are left out."""

    driver: RatedView
    first_day: date
    last_day: date
    time_zone: str
    items: tuple[DaySheet, ...]


class VehicleDaysView(msgspec.Struct, frozen=True):
    """The days of a vehicle; those without trips are left out."""

    vehicle: PlatedView
    first_day: date
    last_day: date
    time_zone: str
    items: tuple[DaySheet, ...]


class StayView(msgspec.Struct, frozen=True, kw_only=True):
    """A stand of a vehicle: parked after the trip, or idling in the course of it."""

    kind: StayKind
    began_at: datetime
    ended_at: datetime
    duration_s: float
    driver_id: str
    trip_id: str
    latitude_deg: float | None
    longitude_deg: float | None


class StaysView(msgspec.Struct, frozen=True):
    """Where a vehicle stood."""

    vehicle: PlatedView
    first_day: date
    last_day: date
    time_zone: str
    items: tuple[StayView, ...]


class ScoreRuleView(msgspec.Struct, frozen=True, kw_only=True):
    """What one kind of conduct costs; `classification` takes in all types of that class that no rule names."""

    key: str
    measure: Measure
    weight: float
    cap: float
    event_types: tuple[str, ...]
    classification: str | None


class ScorePolicyView(msgspec.Struct, frozen=True):
    """The rules in force; version 0 is the stock policy."""

    version: int
    min_distance_km: float
    rules: tuple[ScoreRuleView, ...]


def score_view(found: DriverScore) -> ScoreView:
    """A score as screens show it."""
    names = {kind.event_type_id: kind.description for kind in found.kinds}
    one = found.assessment
    return ScoreView(
        driver=rated_view(found.driver),
        first_day=found.days.first,
        last_day=found.days.last,
        policy=one.policy,
        formula=one.formula,
        policy_version=found.policy_version,
        min_distance_km=found.min_distance_km,
        score=_shown(one.value),
        band=one.band,
        unscored=one.unscored,
        trips=one.trips,
        distance_km=one.distance_km,
        driving_s=one.driving_s,
        deductions=tuple(_deduction(deduction, names) for deduction in one.deductions),
        trend=tuple(
            WeekView(week.first, week.last, _shown(told.value), told.band, told.unscored, told.distance_km)
            for week, told in found.trend
        ),
    )


def ranking_view(found: RankedDrivers) -> RankingView:
    """A ranking as screens show it."""
    return RankingView(
        first_day=found.days.first,
        last_day=found.days.last,
        policy=found.policy,
        policy_version=found.policy_version,
        min_distance_km=found.min_distance_km,
        median=_shown(found.ranking.median),
        weeks=tuple(DaysView(week.first, week.last) for week in found.weeks),
        items=tuple(_placed(one) for one in found.ranking.placed),
        unranked=tuple(_unplaced(one) for one in found.ranking.unplaced),
    )


def days_view(found: WorkDays) -> DriverDaysView | VehicleDaysView:
    """Days as screens show them."""
    told = (found.days.first, found.days.last, found.time_zone, found.sheets)
    match found.whose:
        case Rated() as driver:
            return DriverDaysView(rated_view(driver), *told)
        case Plated() as vehicle:
            return VehicleDaysView(plated_view(vehicle), *told)


def stays_view(found: VehicleStays) -> StaysView:
    """Stands as screens show them."""
    return StaysView(
        plated_view(found.vehicle),
        found.days.first,
        found.days.last,
        found.time_zone,
        tuple(_stay(one) for one in found.stays),
    )


def score_policy_view(policy: ScorePolicy) -> ScorePolicyView:
    """A policy as screens show it."""
    rules = (
        ScoreRuleView(
            key=rule.key,
            measure=rule.measure,
            weight=rule.weight,
            cap=rule.cap,
            event_types=tuple(str(one) for one in rule.event_types),
            classification=rule.classification,
        )
        for rule in policy.rules
    )
    return ScorePolicyView(policy.version, policy.min_distance_km, tuple(rules))


def _deduction(one: Deduction, names: Mapping[EventTypeId, str]) -> DeductionView:
    return DeductionView(
        rule=one.rule,
        event_types=tuple(EventTypeName(str(key), names.get(key)) for key in one.event_types),
        count=one.count,
        seconds=one.seconds,
        rate=_shown(one.rate),
        points=round(one.points, _SHOWN_DECIMALS),
        capped=one.capped,
    )


def _placed(one: Placed) -> PlacedView:
    told: Assessment = one.contender.assessment
    return PlacedView(
        rank=one.rank,
        driver=rated_view(one.contender.driver),
        score=round(told.value or 0.0, _SHOWN_DECIMALS),
        band=told.band,
        percentile=one.percentile,
        to_median=one.to_median,
        trips=told.trips,
        distance_km=told.distance_km,
        trend=tuple(_shown(value) for value in one.contender.trend),
    )


def _unplaced(one: Unplaced) -> UnplacedView:
    told = one.contender.assessment
    return UnplacedView(rated_view(one.contender.driver), one.reason, told.trips, told.distance_km)


def _stay(one: Stay) -> StayView:
    return StayView(
        kind=one.kind,
        began_at=one.began_at,
        ended_at=one.ended_at,
        duration_s=one.duration_s,
        driver_id=str(one.driver_id),
        trip_id=str(one.trip_id),
        latitude_deg=None if one.place is None else one.place.latitude_deg,
        longitude_deg=None if one.place is None else one.place.longitude_deg,
    )


def _shown(value: float | None) -> float | None:
    return None if value is None else round(value, _SHOWN_DECIMALS)
