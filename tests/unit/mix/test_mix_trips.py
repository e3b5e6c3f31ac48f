"""From wire records to trips and their legs."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trilha.adapters.mix.trips import read_trips
from trilha.domain.telemetry import SubTrip, Trip, occurred_at

NOW = datetime(2026, 3, 10, 15, tzinfo=UTC)
SOUND = {"TripId": 1, "AssetId": 2, "DriverId": 3}
number = st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**31), 2**31)
text = st.none() | st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=8)
moment = st.none() | st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
place = st.none() | st.fixed_dictionaries({"Latitude": st.floats(-90, 90), "Longitude": st.floats(-180, 180)})

BOTH = {
    "DrivingTime": "driving_time_s",
    "StandingTime": "standing_time_s",
    "Duration": "duration_s",
    "FuelUsedLitres": "fuel_used_l",
    "MaxSpeedKilometersPerHour": "max_speed_kmh",
    "MaxAccelerationKilometersPerHourPerSecond": "max_acceleration_kmh_per_s",
    "MaxDecelerationKilometersPerHourPerSecond": "max_deceleration_kmh_per_s",
    "MaxRpm": "max_rpm",
}
TRIP_NUMBERS = BOTH | {
    "DistanceKilometers": "distance_km",
    "StartOdometerKilometers": "odometer_start_km",
    "EndOdometerKilometers": "odometer_end_km",
}
LEG_NUMBERS = BOTH | {
    "DistanceKilometres": "distance_km",
    "StartOdometerKilometres": "odometer_start_km",
    "EndOdometerKilometres": "odometer_end_km",
    "StateOfChargeStart": "charge_start_percent",
    "StateOfChargeEnd": "charge_end_percent",
}
TRIP_TIMES = {"TripStart": "started_at", "TripEnd": "ended_at", "FirstDepart": "departed_at", "LastHalt": "halted_at"}
LEG_TIMES = {"SubTripStart": "started_at", "Depart": "departed_at", "Halt": "halted_at", "SubTripEnd": "ended_at"}
PLACES = {"start_latitude_deg", "start_longitude_deg", "end_latitude_deg", "end_longitude_deg"}


def like(numbers, times):
    positions = dict.fromkeys(("StartPosition", "EndPosition"), place)
    return st.fixed_dictionaries(dict.fromkeys(numbers, number) | dict.fromkeys(times, moment) | positions)


def sent(record):
    """As MiX writes it."""
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in record.items()}


def read(**members) -> Trip:
    understood = read_trips(json.dumps([SOUND | members]).encode(), NOW)
    [trip] = understood.records
    assert not understood.rejected
    return trip


def check(record, ours, numbers, times):
    names = numbers | times
    assert {name: getattr(ours, field) for name, field in names.items()} == {name: record[name] for name in names}
    nowhere = {"Latitude": None, "Longitude": None}
    start, end = record["StartPosition"] or nowhere, record["EndPosition"] or nowhere
    assert (ours.start_latitude_deg, ours.start_longitude_deg) == (start["Latitude"], start["Longitude"])
    assert (ours.end_latitude_deg, ours.end_longitude_deg) == (end["Latitude"], end["Longitude"])


def test_the_tables_name_every_field():
    alone = {"id", "vehicle_id", "driver_id", "occurred_at", "engine_s", "notes", "classification", "sub_trips"}
    assert alone | PLACES | {*TRIP_NUMBERS.values(), *TRIP_TIMES.values()} == set(Trip.__struct_fields__)
    legs = {"energy_used_kwh"} | PLACES | {*LEG_NUMBERS.values(), *LEG_TIMES.values()}
    assert legs == set(SubTrip.__struct_fields__)


@given(like(TRIP_NUMBERS, TRIP_TIMES))
def test_every_member_finds_its_place(record):
    check(record, read(**sent(record)), TRIP_NUMBERS, TRIP_TIMES)


@given(st.lists(like(LEG_NUMBERS, LEG_TIMES), min_size=1, max_size=4))
def test_every_member_of_a_leg_finds_its_place(records):
    trip = read(SubTrips=[sent(record) for record in records])
    assert len(trip.sub_trips) == len(records)
    for record, leg in zip(records, trip.sub_trips, strict=True):
        check(record, leg, LEG_NUMBERS, LEG_TIMES)


@given(st.none() | st.integers(-(2**31), 2**31 - 1), text, text)
def test_words_and_engine_time(engine, notes, word):
    trip = read(EngineSeconds=engine, Notes=notes, Classification={"Classification": word, "Comment": "to the depot"})
    assert (trip.engine_s, trip.notes, trip.classification) == (engine, notes, word)
    assert (trip.id, trip.vehicle_id, trip.driver_id) == (1, 2, 3)


@given(moment, moment)
def test_the_time_of_occurrence_follows_the_domain(start, end):
    trip = read(**sent({"TripStart": start, "TripEnd": end}))
    assert trip.occurred_at == occurred_at(start, end, NOW)


@pytest.mark.parametrize("form", ["2026-03-10T14:00:00Z", "2026-03-10T14:00:00", "2026-03-10T11:00:00.000-03:00"])
def test_times_come_with_zone_offset_or_none(form):
    trip = read(**dict.fromkeys(TRIP_TIMES, form), SubTrips=[dict.fromkeys(LEG_TIMES, form)])
    seen = [getattr(trip, field) for field in TRIP_TIMES.values()]
    seen += [getattr(trip.sub_trips[0], field) for field in LEG_TIMES.values()]
    assert {*seen, trip.occurred_at} == {datetime(2026, 3, 10, 14, tzinfo=UTC)}
    assert {moment.tzinfo for moment in seen} == {UTC}


def test_one_leg_with_an_offset_is_enough_to_mend_it():
    odd = {"SubTripStart": "2026-03-10T11:00:00-03:00"}
    trip = read(TripStart="2026-03-10T14:00:00Z", SubTrips=[{"SubTripStart": "2026-03-10T14:00:00Z"}, odd])
    assert trip.sub_trips[1].started_at.tzinfo is UTC


@pytest.mark.parametrize("absent", [{}, {"SubTrips": None, "Classification": None, "StartPosition": None}])
def test_absent_and_null_are_the_same(absent):
    assert read(**absent) == Trip(1, NOW, 3, 2)


def test_legs_and_trips_are_spelt_apart():
    """The vendor writes Kilometers of a trip and Kilometres of a leg; the other spelling is another member."""
    trip = read(DistanceKilometers=21.7, DistanceKilometres=1, SubTrips=[{"DistanceKilometres": 9, "MaxRpm": 2310}])
    assert (trip.distance_km, trip.sub_trips[0].distance_km, trip.sub_trips[0].max_rpm) == (21.7, 9.0, 2310.0)


@pytest.mark.parametrize(
    ("start", "end", "used"), [(10.5, 12.75, 2.25), (None, 3.0, None), (3.0, None, None), (None, None, None)]
)
def test_energy_is_what_the_counter_moved(start, end, used):
    [leg] = read(SubTrips=[{"EnergyConsumedReadingStart": start, "EnergyConsumedReadingEnd": end}]).sub_trips
    assert leg.energy_used_kwh == used


@pytest.mark.parametrize(("engine", "kept"), [(3278.0, 3278), (2**31, None), (-1, -1)])
def test_an_odd_engine_time_costs_nothing_but_itself(engine, kept):
    trip = read(EngineSeconds=engine, DistanceKilometers=5)
    assert (trip.engine_s, trip.distance_km) == (kept, 5.0)


@pytest.mark.parametrize(
    ("members", "reason", "path"),
    [
        ({"TripStart": "0000-13-45T99:00:00Z"}, "bad_time", "TripStart"),
        ({"SubTrips": [{}, {"Halt": "0001-01-01T00:00:00+14:00"}]}, "bad_time", "SubTrips[1].Halt"),
        ({"SubTrips": [{"Duration": "PT1H"}]}, "wrong_type", "SubTrips[0].Duration"),
        ({"SubTrips": {}}, "wrong_type", "SubTrips"),
        ({"EndPosition": {"Latitude": 90.5}}, "out_of_range", "EndPosition.Latitude"),
        ({"DistanceKilometers": "far"}, "wrong_type", "DistanceKilometers"),
        ({"Notes": "a\0b"}, "nul_character", "Notes"),
        ({"Classification": {"Classification": "\0"}}, "nul_character", "Classification.Classification"),
        ({"TripId": None}, "wrong_type", "TripId"),
    ],
)
def test_a_rejection_names_reason_and_field(members, reason, path):
    understood = read_trips(json.dumps([SOUND | members, SOUND | {"TripId": 9}]).encode(), NOW)
    [entry] = understood.rejected
    assert (entry.reason, entry.detail.split(":")[0]) == (reason, path)
    assert [trip.id for trip in understood.records] == [9]
