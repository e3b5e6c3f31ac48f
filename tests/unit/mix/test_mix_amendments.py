"""What MiX changed afterwards, as told by its lists."""

import json
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trilha.adapters.mix.amendments import read_amendments
from trilha.adapters.mix.split import UnreadableAnswer
from trilha.domain.kernel import InvalidValue
from trilha.domain.telemetry import Amendment, AmendmentKind, Stream

NOW = datetime(2026, 3, 11, 4, tzinfo=UTC)
FIRST, LAST = date(2026, 3, 10), date(2026, 3, 11)
AT = datetime(2026, 3, 10, 14, 21, 7, tzinfo=UTC)
INT64 = st.integers(-(2**63), 2**63 - 1)
NAMES = {Stream.EVENTS: ("EventId", "Event"), Stream.TRIPS: ("TripId", "Trip")}
both = pytest.mark.parametrize("stream", NAMES)


def page_of(stream, *records):
    return read_amendments(stream, FIRST, LAST, json.dumps(records).encode(), NOW)


def amended(stream, what, record_id=1, at="2026-03-10T14:21:07Z", **members):
    id_name, noun = NAMES[stream]
    return {id_name: record_id, "AmendmentType": what + noun, "AmendmentDate": at} | members


@both
@given(record_id=INT64, driver_id=INT64)
def test_both_kinds_are_read_exactly(stream, record_id, driver_id):
    page = page_of(
        stream,
        amended(stream, "Reassigned", record_id, NewDriverId=driver_id),
        amended(stream, "Quarantined", record_id, NewDriverId=driver_id),
        amended(stream, "Quarantined", record_id),
    )
    assert not page.rejected
    assert page.amendments == (
        Amendment(stream, record_id, AmendmentKind.REASSIGNED, AT, driver_id),
        Amendment(stream, record_id, AmendmentKind.WITHDRAWN, AT),
        Amendment(stream, record_id, AmendmentKind.WITHDRAWN, AT),
    )


@both
def test_a_page_says_what_was_asked_and_keeps_its_bytes(stream):
    page = page_of(stream, amended(stream, "Quarantined"))
    assert (page.stream, page.first, page.last, page.received_at) == (stream, FIRST, LAST, NOW)
    assert json.loads(page.body) == [amended(stream, "Quarantined")]


@pytest.mark.parametrize(
    "form",
    ["2026-03-10T14:21:07Z", "2026-03-10T14:21:07", "2026-03-10T11:21:07-03:00", "2026-03-10T14:21:07.000+00:00"],
)
def test_the_date_comes_in_every_form(form):
    [amendment] = page_of(Stream.TRIPS, amended(Stream.TRIPS, "Quarantined", at=form)).amendments
    assert (amendment.amended_at, amendment.amended_at.tzinfo) == (AT, UTC)


@both
@pytest.mark.parametrize(
    ("members", "reason", "path"),
    [
        ({"AmendmentType": "ForgivenEvent"}, "unknown_amendment", "AmendmentType"),
        ({"AmendmentType": None}, "wrong_type", "AmendmentType"),
        ({"NewDriverId": None}, "missing_field", "NewDriverId"),
        ({"NewDriverId": 2**63}, "id_out_of_range", "NewDriverId"),
        ({"AmendmentDate": "0001-01-01T00:00:00+14:00"}, "bad_time", "AmendmentDate"),
        ({"AmendmentDate": "soon"}, "bad_time", "AmendmentDate"),
    ],
)
def test_what_cannot_be_is_rejected_alone(stream, members, reason, path):
    bad = amended(stream, "Reassigned", NewDriverId=7) | members
    page = page_of(stream, amended(stream, "Quarantined", 1), bad, amended(stream, "Quarantined", 2))
    [entry] = page.rejected
    assert (entry.position, entry.reason, entry.detail.split(":")[0]) == (1, reason, path)
    assert json.loads(entry.raw) == bad
    assert [amendment.record_id for amendment in page.amendments] == [1, 2]


@both
def test_the_id_of_the_other_feed_is_none(stream):
    other = Stream.TRIPS if stream is Stream.EVENTS else Stream.EVENTS
    [entry] = page_of(stream, amended(other, "Quarantined")).rejected
    assert entry.reason == "missing_field"


def test_an_unknown_kind_is_not_told():
    record = amended(Stream.EVENTS, "Quarantined") | {"AmendmentType": "Maria-7319"}
    assert "Maria" not in page_of(Stream.EVENTS, record).rejected[0].detail


@both
@given(st.data())
def test_every_amendment_is_taken_or_rejected(stream, data):
    kinds = st.sampled_from(["QuarantinedEvent", "ReassignedEvent", "QuarantinedTrip", "ReassignedTrip", "", None, 7])
    ids = st.none() | INT64 | st.integers() | st.just("7")
    dates = st.sampled_from(["2026-03-10T14:21:07Z", "", None, 5, "9999-12-31T23:59:59-14:00"])
    names = dict.fromkeys(("EventId", "TripId", "NewDriverId"), ids)
    record = st.fixed_dictionaries({}, optional=names | {"AmendmentType": kinds, "AmendmentDate": dates})
    records = data.draw(st.lists(record, max_size=6))
    page = page_of(stream, *records)
    assert len(page.amendments) + len(page.rejected) == len(records)


@both
def test_nothing_amended_is_an_empty_page(stream):
    for body in (b"", b"[]"):
        page = read_amendments(stream, FIRST, LAST, body, NOW)
        assert (page.amendments, page.rejected) == ((), ())


def test_what_is_no_list_is_unreadable():
    with pytest.raises(UnreadableAnswer):
        read_amendments(Stream.EVENTS, FIRST, LAST, b"{}", NOW)


def test_positions_are_not_amended():
    with pytest.raises(InvalidValue, match="events or trips"):
        page_of(Stream.POSITIONS)
