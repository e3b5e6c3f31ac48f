"""Scores, rankings, days and stops."""

from typing import Annotated

from trilha.application.performance.asked_days import AskedDays
from trilha.application.performance.score_views import (
    DriverDaysView,
    RankingView,
    ScoreView,
    StaysView,
    VehicleDaysView,
    days_view,
    ranking_view,
    score_view,
    stays_view,
)
from trilha.application.performance.scores import MOST_TREND_WEEKS, TREND_WEEKS, RankingQuestion, ScoreQuestion
from trilha.domain.kernel import DriverId, GroupId, VehicleId
from trilha.domain.performance import (
    PolicyName,
)
from trilha.domain.performance.stays import SHORT_S
from trilha.entrypoints.http.answers import Answer, json
from trilha.entrypoints.http.call import Call
from trilha.entrypoints.http.documentation import reads
from trilha.entrypoints.http.reading import FirstDay, GroupRef, LastDay, Query, amount, choice, count

MAX_DISTANCE_KM = 10_000.0
PolicyChoice = Annotated[str, choice(PolicyName, "How the score is made; of mix_rag, low is good")]
MinDistance = Annotated[
    float, amount("kilometres", MAX_DISTANCE_KM, "Who drove less is not scored; by default as the policy has it")
]
TrendWeeks = Annotated[int, count(MOST_TREND_WEEKS, "Scores of so many times seven days up to the last day")]
LeastSeconds = Annotated[float, amount("seconds", 86_400, "Leave out shorter stands; 180 by default")]


class DaysQuery(Query, frozen=True, kw_only=True):
    """Which days, by the organisation's clocks."""

    from_: FirstDay | None = None
    to: LastDay | None = None

    @property
    def asked(self) -> AskedDays:
        """The days, as far as they were given."""
        return AskedDays(self.from_, self.to)


class ScoreQuery(DaysQuery, frozen=True, kw_only=True):
    """Which days, scored how."""

    policy: PolicyChoice = PolicyName.TRILHA.value
    trend_weeks: TrendWeeks = TREND_WEEKS


class RankingQuery(DaysQuery, frozen=True, kw_only=True):
    """Which drivers, which days, scored how."""

    policy: PolicyChoice = PolicyName.TRILHA.value
    group_id: GroupRef | None = None
    min_distance_km: MinDistance | None = None
    trend_weeks: TrendWeeks = 0


class StopsQuery(DaysQuery, frozen=True, kw_only=True):
    """Which days, which stands."""

    min_stop_s: LeastSeconds = SHORT_S


@reads("/v1/drivers/{driver_id:str}/score", "getDriverScore", ScoreView, tag="performance", query=ScoreQuery)
async def get_score(request: Call) -> Answer:
    """The score of a driver, with every lost point explained.

    Over the last 28 days that are over unless told otherwise, 366 at most. Without a score, `unscored` says why.
    """
    asked = request.asks(ScoreQuery)
    question = ScoreQuestion(
        organisation_id=await request.organisation(),
        driver_id=DriverId(request.source_id("driver_id")),
        asked=asked.asked,
        policy=PolicyName(asked.policy),
        trend_weeks=asked.trend_weeks,
    )
    return json(score_view(await request.parts.performance.assess_driver(question)))


@reads("/v1/drivers/ranking", "getDriverRanking", RankingView, tag="performance", query=RankingQuery)
async def get_ranking(request: Call) -> Answer:
    """The drivers of a group by their scores.

    Ties share a place. Who is no person is left out, who has no score is listed with the reason. Over the last 28 days
    that are over unless told otherwise, 366 at most.
    """
    asked = request.asks(RankingQuery)
    question = RankingQuestion(
        organisation_id=await request.organisation(),
        group_id=None if asked.group_id is None else GroupId(asked.group_id),
        asked=asked.asked,
        policy=PolicyName(asked.policy),
        min_distance_km=asked.min_distance_km,
        trend_weeks=asked.trend_weeks,
    )
    return json(ranking_view(await request.parts.performance.rank_drivers(question)))


@reads("/v1/drivers/{driver_id:str}/days", "listDriverDays", DriverDaysView, tag="performance", query=DaysQuery)
async def list_driver_days(request: Call) -> Answer:
    """What a driver did on each day: trips, distance, times, stops.

    The current month unless told otherwise, 93 days at most. A trip counts on the day it began by the organisation's
    clocks; times of trips that overlap count once.
    """
    asked = request.asks(DaysQuery)
    driver_id = DriverId(request.source_id("driver_id"))
    organisation_id = await request.organisation()
    return json(days_view(await request.parts.performance.work_days.of_driver(organisation_id, driver_id, asked.asked)))


@reads("/v1/vehicles/{vehicle_id:str}/days", "listVehicleDays", VehicleDaysView, tag="performance", query=DaysQuery)
async def list_vehicle_days(request: Call) -> Answer:
    """What a vehicle did on each day: trips, distance, times, stops, utilisation.

    The current month unless told otherwise, 93 days at most.
    """
    asked = request.asks(DaysQuery)
    vehicle_id = VehicleId(request.source_id("vehicle_id"))
    organisation_id = await request.organisation()
    found = await request.parts.performance.work_days.of_vehicle(organisation_id, vehicle_id, asked.asked)
    return json(days_view(found))


@reads("/v1/vehicles/{vehicle_id:str}/stops", "listVehicleStops", StaysView, tag="performance", query=StopsQuery)
async def list_vehicle_stops(request: Call) -> Answer:
    """Where a vehicle stood: parked between its trips, and idling within them.

    The current month unless told otherwise, 93 days at most. Of idling the source says how long, not when in the trip.
    """
    asked = request.asks(StopsQuery)
    vehicle_id = VehicleId(request.source_id("vehicle_id"))
    organisation_id = await request.organisation()
    found = await request.parts.performance.work_days.stops(organisation_id, vehicle_id, asked.asked, asked.min_stop_s)
    return json(stays_view(found))


ROUTES = (
    get_score,
    get_ranking,
    list_driver_days,
    list_vehicle_days,
    list_vehicle_stops,
)
