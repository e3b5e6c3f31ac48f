"""Amendments come in any order, twice, and before their records: what they come to is the same."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trilha.domain.kernel import DriverId, InvalidValue
from trilha.domain.telemetry import (
    AMENDED_FEEDS,
    Amendment,
    AmendmentKind,
    Standing,
    Stream,
    combine,
    spans,
    standing_after,
    standings,
)
from trilha.domain.telemetry.amendments import LONGEST_SPAN, LOOK_BACK
from trilha.testing.strategies import amendments, instants

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
some = st.lists(amendments(st.integers(1, 3), instants(NOON, NOON + timedelta(minutes=3))), max_size=10)


def folded(parts: Sequence[Sequence[Amendment]]) -> dict[tuple[Stream, int], Standing]:
    known = dict[tuple[Stream, int], Standing]()
    for part in parts:
        known |= {(one.stream, one.record_id): one for one in standings(known.values(), part)}
    return known


@given(some, st.data())
def test_order_repetition_and_pages_do_not_matter(given_: list[Amendment], data: st.DataObject) -> None:
    doubled = data.draw(st.lists(st.sampled_from(given_), max_size=5)) if given_ else []
    shuffled = data.draw(st.permutations(given_ + doubled))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(shuffled)), max_size=3)))
    pages = [shuffled[start:end] for start, end in zip([0, *cuts], [*cuts, len(shuffled)], strict=True)]
    assert folded(pages) == folded([given_])


@given(some)
def test_what_is_known_already_changes_nothing(given_: list[Amendment]) -> None:
    known = folded([given_])
    assert standings(known.values(), given_) == []


@given(some)
def test_the_last_driver_named_holds_and_withdrawn_once_is_for_good(given_: list[Amendment]) -> None:
    for (stream, record_id), standing in folded([given_]).items():
        mine = [one for one in given_ if (one.stream, one.record_id) == (stream, record_id)]
        moved = [one for one in mine if one.kind is AmendmentKind.REASSIGNED]
        gone = [one.amended_at for one in mine if one.kind is AmendmentKind.WITHDRAWN]
        assert standing.withdrawn_at == min(gone, default=None)
        assert standing.reassigned_at == max((one.amended_at for one in moved), default=None)
        last = {one.new_driver_id for one in moved if one.amended_at == standing.reassigned_at}
        assert standing.driver_id in (last or {None})


@given(some)
def test_standings_combine_in_any_order(given_: list[Amendment]) -> None:
    alone = [standing_after(one) for one in given_ if (one.stream, one.record_id) == (Stream.EVENTS, 1)]
    for one in alone:
        assert combine(one, one) == one
        for other in alone:
            assert combine(one, other) == combine(other, one)


@pytest.mark.parametrize(
    ("stream", "kind", "driver"),
    [
        (Stream.POSITIONS, AmendmentKind.WITHDRAWN, None),
        (Stream.EVENTS, AmendmentKind.REASSIGNED, None),
        (Stream.TRIPS, AmendmentKind.WITHDRAWN, 1),
    ],
)
def test_what_cannot_be_amended_is_refused(stream: Stream, kind: AmendmentKind, driver: int | None) -> None:
    with pytest.raises(InvalidValue):
        Amendment(stream, 1, kind, NOON, None if driver is None else DriverId(driver))
    assert Stream.POSITIONS not in AMENDED_FEEDS


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(0, 400))
def test_questions_cover_every_day_since_the_last_once(today: date, days: int) -> None:
    read_until = today - timedelta(days=days)
    asked = spans(read_until, today)
    covered = [first + timedelta(days=day) for first, last in asked for day in range((last - first).days + 1)]
    assert covered == [read_until - LOOK_BACK + timedelta(days=day) for day in range(days + LOOK_BACK.days + 1)]
    assert all(last - first <= LONGEST_SPAN for first, last in asked)
