"""Reports that count: infractions of a driver or of a group, and the ranking."""

from collections.abc import AsyncIterator, Iterable
from typing import Final

from trilha.application.performance.asked_days import AskedDays, Calendar
from trilha.application.performance.infractions import CountInfractions, Infractions, InfractionsQuestion
from trilha.application.performance.report_heads import asked_drivers, head, require
from trilha.application.performance.report_words import columns, fact, no_infractions, word
from trilha.application.performance.scores import RankDrivers, RankedDrivers, RankingQuestion
from trilha.application.performance.shelf import Shelf
from trilha.domain.kernel import OrganisationId
from trilha.domain.performance import (
    Assessment,
    Contender,
    GroupInfractions,
    build_group_report,
    period_label,
    reported_types,
)
from trilha.domain.reporting import Column, ColumnKind, Report, ReportHead, ReportRequest, ReportSource, Row

_PLACE: Final = ("rank", "driver_id", "driver", "badge", "score", "band", "percentile", "to_median")
_DRIVEN: Final = ("trips", "distance_km", "driving_s", "unscored")


class InfractionsSource(ReportSource):
    """One driver: a row a type, a column a period."""

    def __init__(self, count: CountInfractions) -> None:
        self._count = count

    async def open(self, organisation_id: OrganisationId, request: ReportRequest) -> Report:
        """Counted before the head is written, for its columns are those with any."""
        require(request, needs="driver_id")
        assert request.driver_id is not None  # noqa: S101 - said by `require`, which the type checker cannot follow
        asked = AskedDays(request.days.first, request.days.last)
        found = await self._count(InfractionsQuestion(organisation_id, request.driver_id, asked=asked))
        return Report(_infractions_head(request, found), _each(_infraction_rows(request.language, found)))


class GroupInfractionsSource(ReportSource):
    """Drivers by types, with the total of each driver; who is no person is shown only with something to show."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    async def open(self, organisation_id: OrganisationId, request: ReportRequest) -> Report:
        """All drivers are asked for in one question."""
        require(request, takes=("group_id",))
        calendar = await self._shelf.calendar(organisation_id)
        drivers = await asked_drivers(self._shelf, organisation_id, request)
        kinds = await self._shelf.roster.event_kinds(organisation_id)
        only = None if request.group_id is None else [one.driver_id for one in drivers]
        spans, records = [request.days], self._shelf.records
        seen = await records.event_types(organisation_id, spans, calendar.zone)
        tallies = await records.tallies(
            organisation_id, spans, calendar.zone, drivers=only, event_types=reported_types(seen, kinds)
        )
        found = build_group_report(tallies, drivers, kinds)
        return Report(_group_head(request, calendar, found), _each(_group_rows(found)))


class RankingSource(ReportSource):
    """Best first, then who has no place and why; by the organisation's own policy."""

    def __init__(self, shelf: Shelf, rank: RankDrivers) -> None:
        self._shelf = shelf
        self._rank = rank

    async def open(self, organisation_id: OrganisationId, request: ReportRequest) -> Report:
        """The whole ranking is known before the first row."""
        require(request, takes=("group_id",))
        calendar = await self._shelf.calendar(organisation_id)
        asked = AskedDays(request.days.first, request.days.last)
        found = await self._rank(
            RankingQuestion(organisation_id=organisation_id, group_id=request.group_id, asked=asked)
        )
        ranking, language = found.ranking, request.language
        facts = [
            fact(language, "policy", f"{found.policy} {found.policy_version}"),
            fact(language, "min_distance_km", f"{found.min_distance_km:g}"),
        ]
        if ranking.median is not None:
            facts.append(fact(language, "median", f"{ranking.median:g}"))
        rows = len(ranking.placed) + len(ranking.unplaced)
        above = head(request, calendar, columns(language, *_PLACE, *_DRIVEN), facts=facts, expected_rows=rows)
        return Report(above, _each(_ranking_rows(language, found)))


async def _each(rows: Iterable[Row]) -> AsyncIterator[Row]:
    for row in rows:
        yield row


def _infractions_head(request: ReportRequest, found: Infractions) -> ReportHead:
    language, report = request.language, found.report
    periods = tuple(
        Column(f"from_{one.days.first}_to_{one.days.last}", period_label(one, language), ColumnKind.INTEGER)
        for one in report.columns
    )
    facts = [
        fact(language, "driver", found.driver.name),
        fact(language, "badge", found.driver.badge or "-"),
        fact(language, "total", report.total),
    ]
    if report.unclassified:
        facts.append(fact(language, "unclassified", report.unclassified))
    if not report.total:
        facts.append(fact(language, "empty", no_infractions(language)))
    return head(
        request,
        found.calendar,
        (*columns(language, "infraction"), *periods, *columns(language, "total", "severity")),
        facts=facts,
        expected_rows=len(report.rows),
        data_version=report.data_version,
    )


def _infraction_rows(language: str, found: Infractions) -> Iterable[Row]:
    for row in found.report.rows:
        yield (row.description, *row.counts, row.total, word(language, row.severity))


def _group_head(request: ReportRequest, calendar: Calendar, found: GroupInfractions) -> ReportHead:
    language = request.language
    types = tuple(Column(f"type_{kind.event_type_id}", kind.description, ColumnKind.INTEGER) for kind in found.kinds)
    facts = [fact(language, "total", found.total)]
    if found.unclassified:
        facts.append(fact(language, "unclassified", found.unclassified))
    if not found.total:
        facts.append(fact(language, "empty", no_infractions(language)))
    shown = (*columns(language, "driver_id", "driver", "badge"), *types, *columns(language, "total"))
    return head(request, calendar, shown, facts=facts, expected_rows=len(found.drivers))


def _group_rows(found: GroupInfractions) -> Iterable[Row]:
    for line in found.drivers:
        if line.total or (line.driver.is_person and line.driver.active):
            who = line.driver
            yield (str(who.driver_id), who.name, who.badge, *line.counts, line.total)


def _ranking_rows(language: str, found: RankedDrivers) -> Iterable[Row]:
    for placed in found.ranking.placed:
        one = placed.contender.assessment
        band = None if one.band is None else word(language, one.band)
        yield (
            placed.rank,
            *_who(placed.contender),
            one.value,
            band,
            placed.percentile,
            placed.to_median,
            *_drove(one),
            None,
        )
    for unplaced in found.ranking.unplaced:
        why = word(language, unplaced.reason)
        yield (None, *_who(unplaced.contender), None, None, None, None, *_drove(unplaced.contender.assessment), why)


def _who(contender: Contender) -> Row:
    return str(contender.driver.driver_id), contender.driver.name, contender.driver.badge


def _drove(one: Assessment) -> Row:
    return one.trips, one.distance_km, one.driving_s
