"""From wire records to telemetry events, and what the headers of a page mean."""

import json
import logging
from datetime import UTC, datetime, timedelta, timezone

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trilha.adapters.mix.events import read_events
from trilha.adapters.mix.pages import read_since
from trilha.adapters.mix.split import UnreadableAnswer
from trilha.domain.telemetry import Stream, TelemetryEvent, occurred_at

NOW = datetime(2026, 3, 10, 15, tzinfo=UTC)
SOUND = {"EventId": 1, "AssetId": 2, "DriverId": 3, "EventTypeId": 4}
FULL = SOUND | {
    "EventCategory": "Summary",
    "StartDateTime": "2026-03-10T14:21:07Z",
    "StartOdometerKilometres": 318402.1,
    "StartPosition": {"PositionId": 9, "Latitude": -15.79312, "Longitude": -47.88271, "Heading": 184},
    "EndDateTime": "2026-03-10T14:21:31Z",
    "EndOdometerKilometres": 318402.5,
    "EndPosition": {"Latitude": -15.79651, "Longitude": -47.88284},
    "Value": 71,
    "ValueType": "Maximum",
    "ValueUnits": "km/h",
    "FuelUsedLitres": 0.25,
    "TotalTimeSeconds": 24,
    "TotalOccurances": 5,
    "MediaUrls": {"front": "https://media.example/1"},
    "LocationId": -8,
    "SpeedLimit": 60.0,
}


def event_of(**members) -> TelemetryEvent:
    understood = read_events(json.dumps([SOUND | members]).encode(), NOW)
    [event] = understood.records
    assert not understood.rejected
    return event


def test_every_member_finds_its_place():
    assert event_of(**FULL) == TelemetryEvent(
        id=1,
        occurred_at=datetime(2026, 3, 10, 14, 21, 7, tzinfo=UTC),
        driver_id=3,
        vehicle_id=2,
        event_type_id=4,
        category="Summary",
        occurrences=5,
        started_at=datetime(2026, 3, 10, 14, 21, 7, tzinfo=UTC),
        ended_at=datetime(2026, 3, 10, 14, 21, 31, tzinfo=UTC),
        duration_s=24,
        value=71.0,
        value_kind="Maximum",
        value_unit="km/h",
        speed_limit_kmh=60.0,
        fuel_used_l=0.25,
        odometer_start_km=318402.1,
        odometer_end_km=318402.5,
        start_latitude_deg=-15.79312,
        start_longitude_deg=-47.88271,
        end_latitude_deg=-15.79651,
        end_longitude_deg=-47.88284,
        location_id=-8,
    )


def test_absent_and_null_are_the_same():
    nulls = dict.fromkeys(set(FULL) - set(SOUND))
    assert event_of(**nulls) == event_of() == TelemetryEvent(1, NOW, 3, 2, 4)


def test_empty_text_is_not_absent():
    assert event_of(ValueUnits="", ValueType="").value_unit == ""
    assert event_of(StartPosition={}).start_latitude_deg is None


@given(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0")))
def test_unknown_words_are_kept(word):
    event = event_of(EventCategory=word, ValueType=word)
    assert (event.category, event.value_kind) == (word, word)


times = st.none() | st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(times, times)
def test_the_time_of_occurrence_follows_the_domain(start, end):
    sent = {"StartDateTime": start and start.isoformat(), "EndDateTime": end and end.isoformat()}
    assert event_of(**sent).occurred_at == occurred_at(start, end, NOW)


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001
    st.integers(-14 * 60, 14 * 60),
    st.sampled_from(["Z", "none", "offset"]),
)
def test_times_come_with_zone_offset_or_none(local, minutes, form):
    zone = timezone(timedelta(minutes=minutes))
    text, expected = {
        "Z": (local.isoformat() + "Z", local.replace(tzinfo=UTC)),
        "none": (local.isoformat(), local.replace(tzinfo=UTC)),
        "offset": (local.replace(tzinfo=zone).isoformat(), local.replace(tzinfo=zone).astimezone(UTC)),
    }[form]
    event = event_of(StartDateTime=text, EndDateTime=text)
    assert event.started_at == event.ended_at == event.occurred_at == expected
    assert {moment.tzinfo for moment in (event.started_at, event.ended_at, event.occurred_at)} == {UTC}


def test_fractions_of_a_second_are_kept_to_the_microsecond():
    assert event_of(StartDateTime="2026-03-10T14:21:07.1234567Z").occurred_at.microsecond == 123457


def page_of(status=200, body=b"[]", **headers):
    return read_since(Stream.EVENTS, httpx.Response(status, headers=headers, content=body), "20260310140000000", NOW)


@pytest.mark.parametrize(
    ("status", "headers", "more"),
    [
        (206, {"HasMoreItems": "True"}, True),
        (206, {"hasmoreitems": "TRUE"}, True),
        (200, {"HASMOREITEMS": "true"}, True),
        (200, {"HasMoreItems": "False"}, False),
        (206, {"HasMoreItems": " false "}, False),
        (206, {}, True),
        (200, {}, False),
        (204, {}, False),
        (206, {"HasMoreItems": "perhaps"}, True),
    ],
)
def test_whether_more_waits(status, headers, more):
    assert page_of(status, b"", **headers).has_more is more


def test_the_next_token_is_the_header_or_none(caplog):
    caplog.set_level(logging.WARNING)
    assert page_of(getsincetoken="20260310142200000").next_token == "20260310142200000"
    assert page_of(HasMoreItems="False").next_token is None
    assert page_of(GetSinceToken="  ").next_token is None
    assert [record.header for record in caplog.records if record.header == "GetSinceToken"] == ["GetSinceToken"] * 2


@pytest.mark.parametrize("token", ["NEW", "2026", "20261310142200000", "-0260310142200000"])
def test_a_next_token_that_is_none_spoils_the_answer(token):
    with pytest.raises(UnreadableAnswer, match="GetSinceToken"):
        page_of(GetSinceToken=token)


def test_a_page_keeps_the_bytes_it_was_read_from():
    body = json.dumps([FULL]).encode()
    page = page_of(200, body, GetSinceToken="20260310142200000", HasMoreItems="False")
    assert (page.body, len(page.records), page.received_at, page.asked_for) == (body, 1, NOW, "20260310140000000")


@pytest.mark.parametrize(("status", "body"), [(204, b""), (200, b""), (200, b"[]")])
def test_nothing_new_is_an_empty_page(status, body):
    assert page_of(status, body, GetSinceToken="20260310142200000").is_empty
