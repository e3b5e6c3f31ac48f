"""What a vehicle is due for, by which limit, and about when."""

from collections.abc import Iterator
from datetime import date, timedelta
from enum import StrEnum
from math import floor

import msgspec

from trilha.domain.kernel import to_thousandths
from trilha.domain.maintenance.model import WARN_SHARE, Basis, Limit, MaintenancePlan, VehicleUsage

FAR_DAYS = 3_650
"""Beyond ten years an estimate by the use of a month says nothing."""


class DueStatus(StrEnum):
    """How urgent it is."""

    OVERDUE = "overdue"
    DUE_SOON = "due_soon"
    OK = "ok"


_URGENCY = {status: number for number, status in enumerate(DueStatus)}


class Left(msgspec.Struct, frozen=True):
    """What is left until one limit, in its own unit; below zero what it is overdue by.

    `due_on` is certain for a date, an estimate for the others, None where the vehicle is hardly in use.
    """

    limit: Limit
    every: float
    left: float
    warn_before: float
    due_on: date | None

    @property
    def status(self) -> DueStatus:
        """At the limit itself a service is overdue."""
        if self.left <= 0:
            return DueStatus.OVERDUE
        return DueStatus.DUE_SOON if self.left <= self.warn_before else DueStatus.OK

    @property
    def order(self) -> tuple[int, date, float]:
        """The most urgent first: by status, then by when it is due, then by how much of the interval is left."""
        return (_URGENCY[self.status], self.due_on or date.max, self.left / self.every)


class Due(msgspec.Struct, frozen=True):
    """How a vehicle stands with a plan. `binding` is the limit that comes first."""

    lefts: tuple[Left, ...]

    @property
    def binding(self) -> Left:
        """The limit that comes first."""
        return min(self.lefts, key=lambda one: one.order)

    @property
    def status(self) -> DueStatus:
        """That of the binding limit."""
        return self.binding.status

    def left(self, limit: Limit) -> float | None:
        """What is left until a limit; None where the plan has none of that kind."""
        return next((one.left for one in self.lefts if one.limit is limit), None)


def due(plan: MaintenancePlan, basis: Basis, usage: VehicleUsage, today: date) -> Due:
    """How a vehicle that has run so much since its basis stands with a plan today, a day by the organisation's clocks.

    Dates are estimated by the average use of the last 30 days.
    """
    return Due(tuple(_lefts(plan, basis, usage, today)))


def _lefts(plan: MaintenancePlan, basis: Basis, usage: VehicleUsage, today: date) -> Iterator[Left]:
    if plan.every_km is not None:
        left = to_thousandths(plan.every_km - usage.km)
        warn = _warn(plan.warn_before_km, plan.every_km)
        yield Left(Limit.DISTANCE, plan.every_km, left, warn, _estimate(left, usage.km_a_day, basis.since, today))
    if plan.every_engine_h is not None:
        left = to_thousandths(plan.every_engine_h - usage.engine_h)
        warn = _warn(plan.warn_before_engine_h, plan.every_engine_h)
        yield Left(
            Limit.ENGINE_HOURS,
            plan.every_engine_h,
            left,
            warn,
            _estimate(left, usage.engine_h_a_day, basis.since, today),
        )
    if plan.every_days is not None:
        left_days = plan.every_days - (today - basis.since).days
        warn = _warn(plan.warn_before_days, plan.every_days)
        yield Left(Limit.DATE, plan.every_days, left_days, warn, _day(today, left_days))


def _warn(warn_before: float | None, every: float) -> float:
    return every * WARN_SHARE if warn_before is None else warn_before


def _estimate(left: float, a_day: float, since: date, today: date) -> date | None:
    """By the use of the last days; these may be from before counting began, and nothing was due before that."""
    if a_day <= 0 or abs(left) / a_day > FAR_DAYS:
        return None
    estimated = _day(max(today, since), floor(left / a_day))
    return None if estimated is None else max(estimated, since)


def _day(today: date, days: int) -> date | None:
    try:
        return today + timedelta(days=days)
    except OverflowError:
        return None
