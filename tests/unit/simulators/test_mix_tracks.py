"""Recordings served as an organisation: every timed point, a trip for each segment, an event for each boarding."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from tests.recorded import reference_tracks, shared_data
from trilha.simulators.mix import Kind, MixSimulator, Scenario, bus_day, load_scenario, render_page
from trilha.simulators.mix.selection import EVERYTHING
from trilha.simulators.mix.streams import open_organisation
from trilha.simulators.mix.timeline import to_ms
from trilha.simulators.mix.track_files import read_tracks
from trilha.simulators.mix.truth import fold
from trilha.simulators.mix.wire import Position, Trip

EPOCH = datetime(2026, 5, 2, 9, 17, 23, tzinfo=UTC)
NOW = EPOCH + timedelta(days=7)
SCENARIO = Scenario(epoch=EPOCH)
POINT = '<trkpt lat="{}" lon="{}">{}</trkpt>'
GPX = (
    '<gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>'
    + POINT.format("-15.7800001", "-47.9", "<time>2020-01-01T10:00:00Z</time>")
    + POINT.format("-15.781", "-47.9", "")
    + POINT.format("-15.7900001", "-47.9", "<time>2020-01-01T10:02:00Z</time>")
    + "</trkseg><trkseg>"
    + POINT.format("-15.8", "-47.9", "<time>2020-01-01T11:00:00Z</time>")
    + "</trkseg></trk></gpx>"
)
CAB = "37.75153 -122.39447 0 1211033530\n37.75253 -122.39447 1 1211033590\nnoise\n37.75353 -122.39447 0 1211034000\n"
LATER = "37.75353 -122.39447 0 1211044000\n37.75453 -122.39447 1 1211044060\n"
PORTO = (
    '"TRIP_ID","TAXI_ID","TIMESTAMP","POLYLINE"\n'
    '"1","20000589","1372636858","[[-8.618643,41.141412],[-8.618499,41.141376],[-8.620326,41.14251]]"\n'
    '"2","20000596","1372637303","[]"\n'
    '"3","20000589","1372640000","[[-8.6,41.1],[-8.6,41.2]]"\n'
)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "cabs").mkdir()
    (tmp_path / "walk.gpx").write_text(GPX)
    (tmp_path / "cabs" / "one.txt").write_text(CAB + LATER)
    (tmp_path / "rides.csv").write_text(PORTO)
    (tmp_path / "notes.txt").write_text("Start Time\n")
    (tmp_path / "broken.gpx").write_text("<gpx")
    (tmp_path / "picture.png").write_bytes(b"\0")
    return tmp_path


@pytest.fixture
def simulator(folder):
    return MixSimulator(SCENARIO, clock=lambda: NOW, tracks=[folder])


def records(simulator, kind):
    return simulator._streams[kind].page(to_ms(EPOCH), 100_000, NOW + timedelta(hours=1)).records


def test_a_vehicle_and_a_driver_for_each_recording(simulator):
    by_name = {one.name: one for one in simulator.tracks.recordings}
    assert {name: (one.points, one.trips, one.events, len(one.dropped)) for name, one in by_name.items()} == {
        "cabs/one.txt": (5, 2, 3, 1),
        "rides.csv#20000589": (5, 2, 4, 0),
        "walk.gpx": (3, 1, 0, 1),
    }
    assert {one.name for one in simulator.tracks.ignored} == {"notes.txt", "broken.gpx"}
    assert [asset.asset_id for asset in simulator.fleet.assets] == [one.vehicle_id for one in by_name.values()]
    assert {one.driver_id for one in by_name.values()} < {driver.driver_id for driver in simulator.fleet.drivers}
    assert min(abs(one.vehicle_id) for one in by_name.values()) > 2**53


def test_times_move_by_whole_days_into_the_last_day(simulator):
    for one in simulator.tracks.recordings:
        times = [place.timestamp for place in records(simulator, Kind.POSITIONS) if place.asset_id == one.vehicle_id]
        assert one.shift_s % 86_400 == 0
        assert NOW - timedelta(days=1) < max(times) <= NOW


def test_points_keep_their_digits_and_order(simulator):
    (walk,) = (one for one in simulator.tracks.recordings if one.name == "walk.gpx")
    places = [place for place in records(simulator, Kind.POSITIONS) if place.asset_id == walk.vehicle_id]
    assert [place.latitude for place in places] == [-15.7800001, -15.7900001, -15.8]
    assert [place.position_id for place in places] == sorted(place.position_id for place in places)
    (trip,) = (trip for trip in records(simulator, Kind.TRIPS) if trip.asset_id == walk.vehicle_id)
    assert trip.distance_kilometers == 1.112
    assert walk.distance_m == 1112


def test_boardings_are_events_of_types_in_the_library(simulator):
    library = {kind.record.event_type_id: kind.record.description for kind in simulator.fleet.library}
    told = [library[event.event_type_id] for event in records(simulator, Kind.EVENTS)]
    assert sorted(told) == ["(Tr) Desembarque de passageiro"] * 3 + ["(Tr) Embarque de passageiro"] * 4


@pytest.mark.parametrize("kind", [Kind.EVENTS, Kind.POSITIONS, Kind.TRIPS])
def test_pages_windows_and_truth_of_recordings_agree(simulator, kind):
    later = NOW + timedelta(hours=1)
    truth = simulator.truth(EPOCH, later, kind)
    stream, ranges = simulator._streams[kind], simulator._api._recorded._ranges[kind]
    assert fold(stream.page(to_ms(EPOCH), 1000, later).records, truth.records) == truth
    assert fold(ranges.between(to_ms(EPOCH), to_ms(later), later, EVERYTHING), truth.records) == truth
    assert truth.events == {Kind.EVENTS: 7, Kind.POSITIONS: 13, Kind.TRIPS: 5}[kind]
    assert len(stream.add(2, timedelta(hours=1), NOW)) == 2


def test_the_same_files_tell_the_same_history(folder, simulator):
    again = MixSimulator(SCENARIO, clock=lambda: NOW, tracks=[folder])
    assert [simulator.truth(kind=kind) for kind in Kind] == [again.truth(kind=kind) for kind in Kind]


def test_a_folder_without_recordings_is_refused(tmp_path):
    with pytest.raises(ValueError, match="holds no GPX file"):
        read_tracks(tmp_path)


def test_distances_of_real_recordings_are_those_of_other_programs():
    _, _, tracks = open_organisation(SCENARIO, [shared_data() / "tracks"])
    found = {one.name: one for one in tracks.recordings}
    for row in reference_tracks():
        one = found[row["file"].removeprefix("tracks/")]
        assert one.points == int(row["timed_points"])
        assert one.points + len(one.dropped) == int(row["points"])
        if not one.dropped:
            expected = float(row["haversine_R6371008_8_within_segments_m"])
            assert one.distance_m == pytest.approx(expected, rel=0.001)


def test_the_day_of_buses_has_the_sizes_of_customers():
    scenario = bus_day(EPOCH)
    fleet, streams, _ = open_organisation(scenario)
    assert (len(fleet.assets), len(fleet.drivers), len(fleet.library)) == (300, 689, 542)
    per_day = streams[Kind.POSITIONS].source.timeline.slots_before(to_ms(EPOCH + timedelta(days=1)))
    assert abs(per_day - 300 * 900) < 10


@pytest.mark.parametrize(("kind", "shape"), [(Kind.POSITIONS, Position), (Kind.TRIPS, Trip)])
def test_load_pages_of_positions_and_trips(kind, shape):
    scenario = load_scenario(1_000_000, kind=kind)
    stream = open_organisation(scenario)[1][kind]
    end = scenario.epoch + timedelta(days=90)
    assert stream.source.timeline.slots_before(to_ms(end)) >= 1_000_000
    page = stream.page(to_ms(scenario.epoch), 1000, end)
    assert msgspec.json.encode(page.records) == render_page(scenario, 0, 1000, kind)
    found = msgspec.json.decode(render_page(scenario, 999_000, 1000, kind), type=list[shape])
    assert len({record.identity for record in found}) == 1000
    if kind is Kind.POSITIONS:
        times = [record.timestamp for record in found]
        assert times == sorted(times)
    else:
        assert all(trip.sub_trips for trip in found)
