"""What every report about performance does first: see that the question fits, and write its head."""

from collections.abc import Iterable, Sequence

from trilha.application.performance.asked_days import MOST_DAYS, Calendar, require_answerable
from trilha.application.performance.report_words import TITLES, fact
from trilha.application.performance.shelf import Shelf
from trilha.domain.kernel import InvalidValue, OrganisationId
from trilha.domain.performance import Plated, Rated, day_text
from trilha.domain.reporting import Column, ReportHead, ReportRequest

_FILTERS = ("driver_id", "vehicle_id", "group_id")


async def asked_drivers(shelf: Shelf, organisation_id: OrganisationId, request: ReportRequest) -> Sequence[Rated]:
    """The driver that was asked for, or those of the group, or all."""
    if request.driver_id is not None:
        return [await shelf.roster.driver(organisation_id, request.driver_id)]
    return await shelf.roster.drivers(organisation_id, request.group_id)


async def asked_vehicles(shelf: Shelf, organisation_id: OrganisationId, request: ReportRequest) -> Sequence[Plated]:
    """The vehicle that was asked for, or those of the group, or all."""
    if request.vehicle_id is not None:
        return [await shelf.depot.vehicle(organisation_id, request.vehicle_id)]
    return await shelf.depot.vehicles(organisation_id, request.group_id)


def require(request: ReportRequest, *, needs: str | None = None, takes: Iterable[str] = ()) -> None:
    """Raises InvalidValue for a filter that the kind has no use for, or lacks, and RangeTooLong.

    A filter that is silently left out would look like an answer.
    """
    allowed = {*takes, *([needs] if needs else [])}
    for name in _FILTERS:
        given = getattr(request, name)
        if given is not None and name not in allowed:
            raise InvalidValue(name, str(given), f"none: the report {request.kind} is not asked by it")
    if needs and getattr(request, needs) is None:
        raise InvalidValue(needs, None, f"an id such as 4711: the report {request.kind} is about one")
    given_filters = [name for name in _FILTERS if getattr(request, name) is not None]
    if len(given_filters) > 1:
        raise InvalidValue(given_filters[1], str(getattr(request, given_filters[1])), f"none beside {given_filters[0]}")
    require_answerable(request.days, MOST_DAYS)


def head(
    request: ReportRequest,
    calendar: Calendar,
    columns: tuple[Column, ...],
    *,
    facts: Iterable[tuple[str, str]] = (),
    expected_rows: int | None = None,
    data_version: str | None = None,
) -> ReportHead:
    """The head of a report, with its days as the first fact."""
    language = request.language
    first, last = (day_text(day, language) for day in (request.days.first, request.days.last))
    return ReportHead(
        kind=request.kind,
        title=TITLES[request.kind][language],
        organisation=calendar.organisation.name,
        language=language,
        time_zone=calendar.organisation.time_zone,
        made_at=calendar.now,
        columns=columns,
        facts=(fact(language, "analysed", f"{first} - {last}"), *facts),
        data_version=data_version,
        expected_rows=expected_rows,
    )
