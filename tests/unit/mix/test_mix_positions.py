"""From wire records to positions: which value lands where, and which may be odd."""

import json
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trilha.adapters.mix.positions import read_positions
from trilha.domain.telemetry import Position

NOW = datetime(2026, 3, 10, 15, tzinfo=UTC)
SOUND = {"PositionId": 1, "AssetId": 2, "DriverId": 3, "Latitude": -15.79312, "Longitude": -47.88271}
INT64 = st.integers(-(2**63), 2**63 - 1)
INT32 = st.none() | st.integers(-(2**31), 2**31 - 1)
number = st.none() | st.floats(allow_nan=False, allow_infinity=False)
text = st.none() | st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=8)
SIDE = {
    "Heading": "heading_deg",
    "AltitudeMetres": "altitude_m",
    "NumberOfSatellites": "satellites",
    "Hdop": "hdop",
    "Vdop": "vdop",
    "Pdop": "pdop",
    "AgeOfReadingSeconds": "reading_age_s",
    "DistanceSinceReadingKilometres": "distance_since_reading_km",
}
PLACES = SIDE | {
    "PositionId": "id",
    "AssetId": "vehicle_id",
    "DriverId": "driver_id",
    "Latitude": "latitude_deg",
    "Longitude": "longitude_deg",
    "SpeedKilometresPerHour": "speed_kmh",
    "SpeedLimit": "speed_limit_kmh",
    "OdometerKilometres": "odometer_km",
    "Source": "source",
}
"""Where a member of the wire goes; the time is tested by itself."""
whole_records = st.fixed_dictionaries(
    dict.fromkeys(SIDE, INT32)
    | dict.fromkeys(("PositionId", "AssetId", "DriverId"), INT64)
    | dict.fromkeys(("SpeedKilometresPerHour", "SpeedLimit", "OdometerKilometres"), number)
    | {"Latitude": st.floats(-90, 90), "Longitude": st.floats(-180, 180), "Source": text}
)


def read(**members) -> Position:
    understood = read_positions(json.dumps([SOUND | members]).encode(), NOW)
    [position] = understood.records
    assert not understood.rejected
    return position


def rejected(record) -> tuple[str, str]:
    understood = read_positions(json.dumps([record, SOUND]).encode(), NOW)
    assert [position.id for position in understood.records] == [1]
    [entry] = understood.rejected
    return entry.reason, entry.detail.split(":")[0]


def test_the_table_names_every_field():
    assert {*PLACES.values(), "occurred_at"} == set(Position.__struct_fields__)


@given(whole_records)
def test_every_member_finds_its_place(record):
    position = read(**record)
    assert {name: getattr(position, field) for name, field in PLACES.items()} == record


@pytest.mark.parametrize(
    ("sent", "moment"),
    [
        ("2026-03-10T14:21:07Z", datetime(2026, 3, 10, 14, 21, 7, tzinfo=UTC)),
        ("2026-03-10T14:21:07", datetime(2026, 3, 10, 14, 21, 7, tzinfo=UTC)),
        ("2026-03-10T11:21:07-03:00", datetime(2026, 3, 10, 14, 21, 7, tzinfo=UTC)),
        ("2026-03-10T14:21:07.5Z", datetime(2026, 3, 10, 14, 21, 7, 500_000, tzinfo=UTC)),
        (None, NOW),
    ],
)
def test_a_position_is_of_when_it_was_read(sent, moment):
    position = read(Timestamp=sent)
    assert (position.occurred_at, position.occurred_at.tzinfo) == (moment, UTC)


def test_absent_and_null_are_the_same():
    assert read(**dict.fromkeys({*SIDE, "Timestamp", "Source", "FormattedAddress"})) == read()


@pytest.mark.parametrize("where", [(0, 0), (0.0, -0.0), (90, 180), (-90, -180)])
def test_odd_places_on_earth_are_kept(where):
    position = read(Latitude=where[0], Longitude=where[1])
    assert (position.latitude_deg, position.longitude_deg) == where


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"Latitude": 90.5}, "out_of_range"),
        ({"Longitude": -180.01}, "out_of_range"),
        ({"Latitude": None}, "wrong_type"),
        ({"Longitude": "west"}, "wrong_type"),
        ({"Timestamp": "yesterday"}, "bad_time"),
        ({"PositionId": 2**63}, "id_out_of_range"),
        ({"Heading": "north"}, "wrong_type"),
        ({"SpeedLimit": []}, "wrong_type"),
    ],
)
def test_what_says_not_where_is_rejected(members, reason):
    assert rejected(SOUND | members) == (reason, next(iter(members)))


@pytest.mark.parametrize("name", ["Latitude", "Longitude"])
def test_half_a_place_is_none(name):
    record = {key: value for key, value in SOUND.items() if key != name}
    assert rejected(record) == ("missing_field", name)


@pytest.mark.parametrize("name", SIDE)
@pytest.mark.parametrize(
    ("sent", "kept"),
    [(2**32 - 1, None), (2**31, None), (-(2**31) - 1, None), (2**31 - 1, 2**31 - 1), (-1, -1), (0.9, 1), (359.6, 360)],
)
def test_an_odd_side_value_costs_nothing_but_itself(name, sent, kept):
    """The rest of the position is as sent, and so is its neighbour."""
    both = json.dumps([SOUND | {"Heading": 7, "Hdop": 2} | {name: sent}, SOUND | {"Heading": 9}]).encode()
    understood = read_positions(both, NOW)
    assert not understood.rejected
    expected = msgspec.structs.replace(read(Heading=7, Hdop=2), **{SIDE[name]: kept})
    assert list(understood.records) == [expected, read(Heading=9)]
