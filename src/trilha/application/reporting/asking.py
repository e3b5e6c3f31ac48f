"""From what somebody asks to what a source is asked: days by the organisation's clocks, nothing it has no use for."""

from collections.abc import Callable
from datetime import date, tzinfo

import msgspec

from trilha.application.ports import Clock
from trilha.application.reporting.limits import ReportLimits
from trilha.domain.identity import Organisations
from trilha.domain.kernel import DayRange, DriverId, GroupId, InvalidValue, OrganisationId, VehicleId, require_years
from trilha.domain.performance import Depot, Roster, reference_window
from trilha.domain.reporting import Period, ReportRequest, days_of, kind_of


class ReportQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants to see. Days from `first` to `last`, or by a day of `reference`; the last full month else."""

    kind: str
    first: date | None = None
    last: date | None = None
    reference: date | None = None
    driver_id: DriverId | None = None
    vehicle_id: VehicleId | None = None
    group_id: GroupId | None = None
    language: str = "pt-BR"


class AskForReport:
    """Turns questions into requests."""

    def __init__(
        self,
        *,
        organisations: Organisations,
        roster: Roster,
        depot: Depot,
        clock: Clock,
        zone_of: Callable[[str], tzinfo],
        limits: ReportLimits,
    ) -> None:
        self._roster = roster
        self._depot = depot
        self._organisations = organisations
        self._clock = clock
        self._zone_of = zone_of
        self._limits = limits

    async def zone(self, organisation_id: OrganisationId) -> tzinfo:
        """The organisation's clocks."""
        return self._zone_of((await self._organisations.get(organisation_id)).time_zone)

    async def __call__(self, organisation_id: OrganisationId, question: ReportQuestion) -> ReportRequest:
        """Raises InvalidValue, naming what is wrong as the question names it."""
        kind = kind_of(question.kind)
        today = self._clock.now().astimezone(await self.zone(organisation_id)).date()
        if question.reference is not None and not kind.takes_reference:
            raise InvalidValue("reference", question.reference.isoformat(), f"from and to: {kind.kind} knows no other")
        request = ReportRequest(
            kind=kind.kind,
            days=_days(question, today),
            driver_id=question.driver_id,
            vehicle_id=question.vehicle_id,
            group_id=question.group_id,
            language=question.language,
        )
        kind.check(request)
        require_years(request.days)
        self._check_length(request.days)
        return request

    async def require_known(
        self,
        organisation_id: OrganisationId,
        driver_id: DriverId | None,
        vehicle_id: VehicleId | None,
        group_id: GroupId | None,
    ) -> None:
        """Whom a report is about that is made later, when nobody is there to be told; raises NotFound."""
        if driver_id is not None:
            await self._roster.driver(organisation_id, driver_id)
        if vehicle_id is not None:
            await self._depot.vehicle(organisation_id, vehicle_id)
        if group_id is not None:
            await self._depot.vehicles(organisation_id, group_id)

    def _check_length(self, days: DayRange) -> None:
        if len(days) > self._limits.longest_days:
            expected = f"at most {self._limits.longest_days} days up to {days.last.isoformat()}"
            raise InvalidValue("from", days.first.isoformat(), expected)


def _days(question: ReportQuestion, today: date) -> DayRange:
    if question.reference is not None:
        if question.first is not None or question.last is not None:
            raise InvalidValue("reference", question.reference.isoformat(), "either a reference, or from and to")
        return reference_window(question.reference)
    first, last = question.first, question.last
    if first is None and last is None:
        return days_of(Period.LAST_FULL_MONTH, today)
    if first is None or last is None:
        named = ("from", "to") if first is None else ("to", "from")
        raise InvalidValue(named[0], None, f"a day such as {today.isoformat()}, for {named[1]} is given")
    if last < first:
        raise InvalidValue("to", last.isoformat(), f"a day not before from ({first.isoformat()})")
    return DayRange(first, last)
