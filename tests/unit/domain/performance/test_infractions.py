"""The report is what counting by hand gives, in whatever order the counts come."""

from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.made import kind, kinds, rated, tallies, tally
from trilha.domain.kernel import InvalidValue, fold
from trilha.domain.performance import (
    EventKind,
    Severity,
    SeverityThresholds,
    Tally,
    build_group_report,
    build_report,
    reference_periods,
)

PERIODS = reference_periods(date(2026, 1, 31))
USUAL = SeverityThresholds()


@given(counted=tallies, known=kinds)
def test_every_cell_is_what_counting_by_hand_gives(counted: list[Tally], known: list[EventKind]) -> None:
    report = build_report(counted, PERIODS, known, USUAL)
    infractions = {one.event_type_id for one in known if one.classification == "driving_infraction"}
    told = {one.event_type_id for one in known if one.classification != "unclassified"}
    for event_type in {one.event_type_id for one in counted}:
        for number, period in enumerate(PERIODS):
            by_hand = sum(t.occurrences for t in counted if (t.event_type_id, t.span) == (event_type, number))
            shown = report.counts.get((event_type, period.days), 0)
            assert shown == (by_hand if event_type in infractions else 0)
    assert report.unclassified == sum(one.occurrences for one in counted if one.event_type_id not in told)
    assert report.total == sum(one.occurrences for one in counted if one.event_type_id in infractions)


@given(counted=tallies, known=kinds)
def test_totals_are_sums_and_nothing_shown_is_empty(counted: list[Tally], known: list[EventKind]) -> None:
    report = build_report(counted, PERIODS, known, USUAL)
    assert [row.total for row in report.rows] == [sum(row.counts) for row in report.rows]
    assert list(report.column_totals) == [sum(row.counts[i] for row in report.rows) for i in range(len(report.columns))]
    assert report.total == sum(report.column_totals)
    assert all(report.column_totals)
    assert all(row.total for row in report.rows)
    assert [row.severity for row in report.rows] == [USUAL.of(row.total) for row in report.rows]
    names = [(fold(row.description), row.event_type_id) for row in report.rows]
    assert names == sorted(names)
    assert list(report.columns) == [period for period in PERIODS if period in report.columns]


@given(counted=tallies, known=kinds, chance=st.randoms())
def test_the_order_of_tallies_does_not_matter(counted: list[Tally], known: list[EventKind], chance: object) -> None:
    shuffled, types = counted.copy(), known.copy()
    chance.shuffle(shuffled)
    chance.shuffle(types)
    assert build_report(shuffled, PERIODS, types, USUAL) == build_report(counted, PERIODS, known, USUAL)


@given(counted=tallies, known=kinds)
def test_the_version_names_the_counts_and_nothing_else(counted: list[Tally], known: list[EventKind]) -> None:
    report = build_report(counted, PERIODS, known, USUAL)
    renamed = [msgspec.structs.replace(one, description=f"x{one.event_type_id}") for one in known]
    assert build_report(counted, PERIODS, renamed, SeverityThresholds(0, 0)).data_version == report.data_version
    more = build_report([*counted, tally(99, 2)], PERIODS, [*known, kind(99)], USUAL)
    assert more.data_version != report.data_version


def test_the_same_count_in_another_week_is_another_version() -> None:
    versions = {build_report([tally(1, span)], PERIODS, [kind(1)], USUAL).data_version for span in range(7)}
    assert len(versions) == 7


def test_a_driver_without_events_has_an_empty_report() -> None:
    report = build_report([], PERIODS, [kind(1)], USUAL)
    assert (report.rows, report.columns, report.total, report.unclassified) == ((), (), 0, 0)
    assert report.analysed == PERIODS


def test_what_nobody_classified_is_told_but_not_shown() -> None:
    """Both a type that is unclassified and one that the library does not have."""
    counted = [tally(1, count=3), tally(2, count=4), tally(3, count=5)]
    report = build_report(counted, PERIODS, [kind(1), kind(2, classification="unclassified")], USUAL)
    assert (report.total, report.unclassified) == (3, 9)


@pytest.mark.parametrize(("count", "severity"), [(2, "low"), (3, "medium"), (5, "medium"), (6, "high")])
def test_severity_is_by_count(count: int, severity: str) -> None:
    assert USUAL.of(count) is Severity(severity)


@pytest.mark.parametrize("thresholds", [(-1, 5), (3, 2)])
def test_thresholds_that_cannot_be_are_refused(thresholds: tuple[int, int]) -> None:
    with pytest.raises(InvalidValue, match="up_to"):
        SeverityThresholds(*thresholds)


@given(counted=tallies, known=kinds)
def test_a_group_is_the_sum_of_its_drivers(counted: list[Tally], known: list[EventKind]) -> None:
    drivers = [rated(1), rated(2)]
    group = build_group_report(counted, drivers, known)
    for line in group.drivers:
        own = [msgspec.structs.replace(one) for one in counted if one.driver_id == line.driver.driver_id]
        report = build_report(own, PERIODS, known, USUAL)
        by_type = dict(zip([one.event_type_id for one in group.kinds], line.counts, strict=True))
        assert {key: n for key, n in by_type.items() if n} == {row.event_type_id: row.total for row in report.rows}
        assert line.total == report.total
    assert group.total == sum(line.total for line in group.drivers) == sum(group.kind_totals)
    assert all(group.kind_totals)
    assert [line.driver for line in group.drivers] == drivers
