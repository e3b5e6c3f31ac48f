from datetime import UTC, datetime, timedelta, timezone
from xml.etree import ElementTree as ET

import pytest

from trilha.domain.kernel import InvalidValue
from trilha.domain.tracks import (
    GpxDropReason,
    GpxRefused,
    MalformedGpx,
    TrackPoint,
    UnusedGpxPoint,
    read_gpx,
    write_gpx,
)

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
OLD = '<gpx version="1.0" xmlns="http://www.topografix.com/GPX/1/0">{}</gpx>'
NEW = '<gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1">{}</gpx>'
TIMED = '<trkpt lat="1" lon="2"><time>2026-03-10T12:00:00Z</time></trkpt>'
BOMB = """<?xml version="1.0"?><!DOCTYPE gpx [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<gpx xmlns="http://www.topografix.com/GPX/1/1"><trk><name>&b;</name></trk></gpx>"""


def tracks(*segments: str) -> str:
    return "<trk>" + "".join(f"<trkseg>{segment}</trkseg>" for segment in segments) + "</trk>"


@pytest.mark.parametrize("frame", [OLD, NEW, "<gpx>{}</gpx>"])
def test_a_segment_each_over_all_tracks_and_versions(frame: str) -> None:
    file = read_gpx(frame.format(tracks(TIMED, "", TIMED * 2) + tracks(TIMED)))
    assert [len(points) for points in file.segments] == [1, 2, 1]
    assert not file.unused


def test_points_that_cannot_be_used_are_listed() -> None:
    bad_time, no_place = TIMED.replace("T12", "T99"), TIMED.replace('lat="1"', 'lat="north"')
    file = read_gpx(NEW.format(tracks('<trkpt lat="1" lon="2"/>') + tracks(TIMED + bad_time + TIMED + no_place)))
    assert [len(points) for points in file.segments] == [2]
    assert file.unused == (
        UnusedGpxPoint(0, 0, GpxDropReason.UNTIMED),
        UnusedGpxPoint(1, 1, GpxDropReason.MALFORMED_TIME),
        UnusedGpxPoint(1, 3, GpxDropReason.MALFORMED_COORDINATE),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-10T12:00:00Z", NOON),
        ("2026-03-10T09:00:00-03:00", NOON),
        ("2026-03-10T12:00:00", NOON),
        (" 2026-03-10T12:00:00.250Z ", NOON + timedelta(milliseconds=250)),
    ],
)
def test_times_are_read_as_utc(text: str, expected: datetime) -> None:
    (point,) = read_gpx(NEW.format(tracks(TIMED.replace("2026-03-10T12:00:00Z", text)))).segments[0]
    assert point.at == expected
    assert point.at.tzinfo is UTC


def test_what_a_receiver_said_is_found_in_both_versions() -> None:
    said = TrackPoint(NOON, 1.0, 2.0, altitude_m=7.5, speed_kmh=36.0, heading_deg=90.0, hdop=1.5)
    old = TIMED.replace("<time>", "<ele>7.5</ele><time>").replace(
        "</trkpt>", "<course>90</course><speed>10</speed><hdop>1.5</hdop></trkpt>"
    )
    assert read_gpx(OLD.format(tracks(old))).segments == ((said,),)
    assert read_gpx(write_gpx([[said]])).segments == ((said,),)


def test_a_name_is_read_whole_however_long_and_only_the_first_counts() -> None:
    name = "é&amp;" * 50_000
    file = read_gpx(NEW.format(f"<trk><name>{name}</name></trk><trk><name>other</name></trk>"))
    assert file.name == "é&" * 50_000


def test_waypoints_routes_and_foreign_elements_are_no_trail() -> None:
    others = '<wpt lat="1" lon="2"/><rte><rtept lat="1" lon="2"/></rte><x:trk xmlns:x="urn:x"><x:trkseg/></x:trk>'
    foreign = TIMED.replace("</trkpt>", '<extensions><x:time xmlns:x="urn:x">never</x:time></extensions></trkpt>')
    file = read_gpx(NEW.format(others + tracks(foreign)))
    assert [[point.at for point in points] for points in file.segments] == [[NOON]]


@pytest.mark.parametrize(
    "document",
    [BOMB, BOMB.encode("utf-16"), '<!DOCTYPE gpx SYSTEM "http://localhost/gpx.dtd"><gpx/>', "<!DOCTYPE gpx><gpx/>"],
    ids=["entities", "utf-16", "external", "bare"],
)
def test_a_document_type_is_refused(document: bytes | str) -> None:
    with pytest.raises(GpxRefused, match="DOCTYPE") as refusal:
        read_gpx(document)
    assert refusal.value.code == "gpx_refused"


@pytest.mark.parametrize(
    "document", ["", "no xml", "<gpx>", "<kml/>", '<gpx xmlns="urn:x"/>', "<gpx>&x;</gpx>", b"\xff\xff"]
)
def test_what_is_no_gpx_is_malformed(document: bytes | str) -> None:
    with pytest.raises(MalformedGpx) as refusal:
        read_gpx(document)
    assert refusal.value.code == "malformed_gpx"


def test_what_is_written_is_gpx() -> None:
    written = write_gpx(
        [[TrackPoint(NOON.astimezone(timezone(timedelta(hours=-3))), 1e-7, -2.0)]],
        name='<Bob & "Ann">\0',
        creator="a&b",
    )
    root = ET.fromstring(written)
    space = {"g": "http://www.topografix.com/GPX/1/1"}
    assert (root.tag, root.attrib) == ("{http://www.topografix.com/GPX/1/1}gpx", {"version": "1.1", "creator": "a&b"})
    assert root.findtext("g:trk/g:name", namespaces=space) == '<Bob & "Ann">'
    point = root.find("g:trk/g:trkseg/g:trkpt", space)
    assert point is not None
    assert point.attrib == {"lat": "0.0000001", "lon": "-2.0"}
    assert point.findtext("g:time", namespaces=space) == "2026-03-10T12:00:00Z"


def test_nothing_off_the_earth_is_written() -> None:
    with pytest.raises(InvalidValue, match="latitude_deg"):
        write_gpx([[TrackPoint(NOON, 91.0, 0.0)]])
