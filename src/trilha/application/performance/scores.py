"""Scoring one driver, and ranking the drivers of a group."""

import msgspec

from trilha.application.performance.asked_days import MOST_DAYS, AskedDays
from trilha.application.performance.assessors import Assessor, assessor
from trilha.application.performance.shelf import Shelf
from trilha.domain.kernel import DayRange, DriverId, GroupId, OrganisationId
from trilha.domain.performance import (
    Assessment,
    Conduct,
    Contender,
    EventKind,
    PolicyName,
    Ranking,
    Rated,
    rank,
    weeks_up_to,
)

NOTHING = Conduct()
TREND_WEEKS = 8
MOST_TREND_WEEKS = 26


class ScoreQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """Whose score, over which days (the last four weeks), by which policy, with how many weeks before."""

    organisation_id: OrganisationId
    driver_id: DriverId
    asked: AskedDays = AskedDays()
    policy: PolicyName = PolicyName.TRILHA
    trend_weeks: int = TREND_WEEKS


class DriverScore(msgspec.Struct, frozen=True, kw_only=True):
    """A driver's score with its reasons. `trend` are the weeks that end with the last day, oldest first."""

    driver: Rated
    days: DayRange
    assessment: Assessment
    policy_version: int
    min_distance_km: float
    trend: tuple[tuple[DayRange, Assessment], ...]
    kinds: tuple[EventKind, ...]


class RankingQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """Which drivers, over which days (the last four weeks), by which policy."""

    organisation_id: OrganisationId
    group_id: GroupId | None = None
    asked: AskedDays = AskedDays()
    policy: PolicyName = PolicyName.TRILHA
    min_distance_km: float | None = None
    trend_weeks: int = 0


class RankedDrivers(msgspec.Struct, frozen=True, kw_only=True):
    """The drivers of a group side by side. `weeks` are those of the trends."""

    days: DayRange
    policy: PolicyName
    policy_version: int
    min_distance_km: float
    weeks: tuple[DayRange, ...]
    ranking: Ranking


class AssessDriver:
    """The same figures as in a ranking, with every lost point explained."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    async def __call__(self, question: ScoreQuestion) -> DriverScore:
        """Raises NotFound, InvalidValue, RangeTooLong."""
        organisation_id = question.organisation_id
        calendar = await self._shelf.calendar(organisation_id)
        days = question.asked.between(calendar.last_weeks, MOST_DAYS)
        driver = await self._shelf.roster.driver(organisation_id, question.driver_id)
        kinds = await self._shelf.roster.event_kinds(organisation_id)
        by = await assessor(self._shelf.units, organisation_id, question.policy, kinds)
        weeks = weeks_up_to(days.last, question.trend_weeks)
        spans, only = [days, *weeks], [driver.driver_id]
        did = await self._shelf.conducts(calendar, spans, only, by.event_types)
        told = [by.assess(driver, did.get((driver.driver_id, span), NOTHING)) for span in range(len(spans))]
        return DriverScore(
            driver=driver,
            days=days,
            assessment=told[0],
            policy_version=by.version,
            min_distance_km=by.min_distance_km,
            trend=tuple(zip(weeks, told[1:], strict=True)),
            kinds=tuple(kinds),
        )


class RankDrivers:
    """All drivers of a group by two questions, however many they are."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    async def __call__(self, question: RankingQuestion) -> RankedDrivers:
        """Raises NotFound for a group that the organisation does not have, InvalidValue, RangeTooLong."""
        organisation_id = question.organisation_id
        calendar = await self._shelf.calendar(organisation_id)
        days = question.asked.between(calendar.last_weeks, MOST_DAYS)
        drivers = [one for one in await self._shelf.roster.drivers(organisation_id, question.group_id) if one.is_person]
        kinds = await self._shelf.roster.event_kinds(organisation_id)
        by = await assessor(self._shelf.units, organisation_id, question.policy, kinds, question.min_distance_km)
        weeks = weeks_up_to(days.last, question.trend_weeks)
        spans = [days, *weeks]
        only = None if question.group_id is None else [one.driver_id for one in drivers]
        did = await self._shelf.conducts(calendar, spans, only, by.event_types)
        contenders = [
            _contender(driver, [did.get((driver.driver_id, span), NOTHING) for span in range(len(spans))], by)
            for driver in drivers
            if driver.active or (driver.driver_id, 0) in did
        ]
        return RankedDrivers(
            days=days,
            policy=question.policy,
            policy_version=by.version,
            min_distance_km=by.min_distance_km,
            weeks=weeks,
            ranking=rank(contenders),
        )


def _contender(driver: Rated, did: list[Conduct], by: Assessor) -> Contender:
    now, *before = (by.assess(driver, one) for one in did)
    return Contender(driver, now, tuple(one.value for one in before))
