"""How the feeds are asked for; the order of the words differs from feed to feed."""

import json
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from trilha.adapters.mix import routes
from trilha.application.ports import Priority
from trilha.domain.kernel import InvalidValue
from trilha.domain.telemetry import FEEDS, Stream

ORGANISATION = -5100000000000000771
START, END = datetime(2026, 3, 10, 14, tzinfo=UTC), datetime(2026, 3, 10, 15, tzinfo=UTC)
SINCE = f"groups/createdsince/organisation/{ORGANISATION}/sincetoken/20260310140000000/quantity/1000"


@pytest.mark.parametrize(
    ("stream", "path"),
    [
        (Stream.EVENTS, f"/api/events/{SINCE}"),
        (Stream.POSITIONS, f"/api/positions/{SINCE}"),
        (Stream.TRIPS, f"/api/trips/{SINCE}?includeSubTrips=true"),
    ],
)
def test_since(stream, path):
    call = routes.since(stream, ORGANISATION, "20260310140000000", 1000, urgent=False)
    assert (call.path, call.body, call.organisation_id) == (path, None, ORGANISATION)
    assert not call.may_ask_for_less


@pytest.mark.parametrize(("urgent", "priority"), [(True, Priority.MORE_PAGES), (False, Priority.DUE_STREAM)])
@pytest.mark.parametrize("stream", FEEDS)
def test_more_pages_are_urgent(stream, urgent, priority):
    assert routes.since(stream, 1, "20260310140000000", 1, urgent=urgent).priority is priority


@pytest.mark.parametrize(
    ("stream", "path", "body"),
    [
        (
            Stream.EVENTS,
            "/api/events/groups/entitytype/Asset/from/20260310140000/to/20260310150000",
            {"EntityIds": [ORGANISATION]},
        ),
        (Stream.POSITIONS, "/api/positions/groups/from/20260310140000/to/20260310150000", [ORGANISATION]),
        (
            Stream.TRIPS,
            "/api/trips/groups/from/20260310140000/to/20260310150000/entitytype/Asset?includeSubTrips=true",
            [ORGANISATION],
        ),
    ],
)
def test_between(stream, path, body):
    call = routes.between(stream, ORGANISATION, routes.window_of(START, END))
    assert (call.path, json.loads(call.body)) == (path, body)
    assert (call.priority, call.organisation_id, call.may_ask_for_less) == (Priority.BACKFILL, ORGANISATION, True)


def test_a_window_is_widened_to_whole_seconds():
    inside = START + timedelta(microseconds=1), END - timedelta(microseconds=1)
    assert routes.window_of(*inside) == routes.window_of(START, END) == ("20260310140000", "20260310150000")


def test_a_window_is_asked_for_in_utc():
    zone = timezone(timedelta(hours=-3))
    assert routes.window_of(START.astimezone(zone), END.astimezone(zone)) == routes.window_of(START, END)


@pytest.mark.parametrize(
    ("start", "end"),
    [(START, START), (END, START), (START.replace(tzinfo=None), END), (START, END.replace(tzinfo=None))],
)
def test_what_is_no_window_is_refused(start, end):
    with pytest.raises(InvalidValue):
        routes.window_of(start, end)


@pytest.mark.parametrize("stream", [Stream.EVENTS, Stream.TRIPS])
def test_amended(stream):
    call = routes.amended(stream, ORGANISATION, date(2026, 3, 4), date(2026, 3, 10))
    assert call.path == f"/api/{stream}/groups/amended/{ORGANISATION}/from/20260304/to/20260310"
    assert (call.priority, call.body, call.organisation_id) == (Priority.AMENDMENTS, None, ORGANISATION)


def test_what_is_no_feed_is_never_asked_for():
    with pytest.raises(InvalidValue):
        routes.since(Stream.AMENDMENTS, 1, "20260310140000000", 1, urgent=False)
    with pytest.raises(InvalidValue):
        routes.between(Stream.AMENDMENTS, 1, ("", ""))
    with pytest.raises(InvalidValue, match="events or trips"):
        routes.amended(Stream.POSITIONS, 1, date(2026, 3, 4), date(2026, 3, 10))
