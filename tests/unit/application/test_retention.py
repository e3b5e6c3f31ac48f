"""What is old."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trilha.application.retention import Retention, cut_offs
from trilha.domain.kernel import InvalidValue
from trilha.domain.telemetry import FEEDS, Stream
from trilha.domain.telemetry.backfill import LONGEST
from trilha.entrypoints.container.schema import retention
from trilha.entrypoints.settings import Settings
from trilha.testing.contracts.fresh import NOON

_moments = st.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive
_retentions = st.builds(
    Retention,
    events_days=st.integers(90, 4000),
    trips_days=st.integers(90, 4000),
    positions_days=st.integers(90, 4000),
    sent_days=st.integers(30, 100),
)


@given(kept=_retentions, now=_moments)
def test_records_are_cut_off_where_a_month_begins_and_never_too_early(kept: Retention, now: datetime) -> None:
    days = {Stream.EVENTS: kept.events_days, Stream.TRIPS: kept.trips_days, Stream.POSITIONS: kept.positions_days}
    cut = cut_offs(kept, now)
    for stream in FEEDS:
        begins = cut.records[stream]
        assert (begins.day, begins.hour, begins.minute, begins.microsecond) == (1, 0, 0, 0)
        assert timedelta(days=days[stream]) <= now - begins < timedelta(days=days[stream] + 31)
        assert begins <= now - LONGEST, "what a backfill brings would be old when it comes"


@given(kept=_retentions, now=_moments, later=st.timedeltas(timedelta(0), timedelta(days=400)))
def test_what_is_old_stays_old(kept: Retention, now: datetime, later: timedelta) -> None:
    before, after = cut_offs(kept, now), cut_offs(kept, now + later)
    assert all(before.records[stream] <= after.records[stream] for stream in FEEDS)
    assert before.sent <= after.sent


def test_rows_are_cut_off_to_the_second() -> None:
    cut = cut_offs(Retention(), NOON)
    assert (cut.raw_pages, cut.settled) == (NOON - timedelta(days=90), NOON - timedelta(days=90))
    assert (cut.sent, cut.runs) == (NOON - timedelta(days=30), NOON - timedelta(days=365))


@pytest.mark.parametrize(
    "field",
    [
        "events_days",
        "trips_days",
        "positions_days",
        "forms_days",
        "raw_pages_days",
        "sent_days",
        "settled_days",
        "runs_days",
    ],
)
def test_too_little_is_refused(field: str) -> None:
    with pytest.raises(InvalidValue, match=field):
        Retention(**{field: 0})


def test_settings_and_rule_agree_on_what_is_usual() -> None:
    assert retention(Settings()) == Retention()
