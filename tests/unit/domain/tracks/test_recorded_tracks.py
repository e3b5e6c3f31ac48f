"""Recorded walks and drives, against what gpxpy and movingpandas compute of them."""

from itertools import chain

import pytest

from tests.recorded import reference_tracks, shared_data
from trilha.domain.tracks import TrackPoint, find_stops, measure, read_gpx, write_gpx


def recorded() -> list[tuple[dict[str, str], tuple[tuple[TrackPoint, ...], ...], int]]:
    """Each row of the reference with the segments of its file and the count of points unused."""
    read = [(dict(row), read_gpx((shared_data() / row["file"]).read_bytes())) for row in reference_tracks()]
    return [(row, gpx.segments, len(gpx.unused)) for row, gpx in read]


def test_every_point_is_read_or_listed() -> None:
    for row, segments, unused in recorded():
        timed = sum(map(len, segments))
        assert (timed, timed + unused) == (int(row["timed_points"]), int(row["points"])), row["file"]


def test_lengths_are_those_of_the_reference_to_a_hundred_thousandth() -> None:
    whole = [(row, segments) for row, segments, unused in recorded() if not unused]
    assert len(whole) > 10
    for row, segments in whole:
        expected_m = float(row["haversine_R6371008_8_within_segments_m"])
        assert measure(segments).distance_m == pytest.approx(expected_m, rel=1e-5), row["file"]
        assert measure(segments).duration_s == float(row["first_to_last_s"]), row["file"]


def test_stops_are_as_many_as_the_reference_finds_and_as_long_to_three_seconds() -> None:
    """Three seconds, for the reference measures on the ellipsoid: on the edge of 30 m a point more or less counts."""
    for row, segments, _ in recorded():
        if row["movingpandas_stop_s"]:
            stops = find_stops(list(chain.from_iterable(segments)))
            assert len(stops) == int(row["movingpandas_stops_30m_120s"]), row["file"]
            total_s = sum(stop.duration_s for stop in stops)
            assert total_s == pytest.approx(float(row["movingpandas_stop_s"]), abs=3), row["file"]


def test_files_come_back_from_writing() -> None:
    for row, segments, _ in recorded():
        assert read_gpx(write_gpx(segments)).segments == segments, row["file"]
