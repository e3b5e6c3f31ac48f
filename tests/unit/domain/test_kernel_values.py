import math
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trilha.domain.kernel import GeoPoint, InvalidValue, TimeRange, fold, utc
from trilha.testing.strategies import geo_points, instants, texts, time_ranges

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("  José   DA Conceição ", "jose da conceicao"),
        ("Ñandú", "nandu"),
        ("STRAßE", "strasse"),
        ("ﬁlho", "filho"),
        ("A\tB\nC", "a b c"),
        ("", ""),
    ],
)
def test_folding_drops_accents_case_and_spare_spaces(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(texts())
def test_folded_text_has_no_spare_spaces(text: str) -> None:
    assert fold(text) == " ".join(fold(text).split())


@given(st.text(st.characters(codec="latin-1")))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(time_ranges(), instants())
def test_a_range_holds_what_lies_from_start_up_to_end(span: TimeRange, moment: datetime) -> None:
    after_start = span.start is None or moment >= span.start
    before_end = span.end is None or moment < span.end
    assert (moment in span) == (after_start and before_end)


def test_a_range_holds_its_start_and_not_its_end() -> None:
    span = TimeRange(NOON, NOON + HOUR)
    assert NOON in span
    assert NOON + HOUR not in span
    assert NOON not in TimeRange(NOON, NOON)
    assert NOON in TimeRange()


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [
        (NOON + HOUR, NOON, "end"),
        (NOON.replace(tzinfo=None), None, "start"),
        (None, NOON.replace(tzinfo=None), "end"),
    ],
)
def test_a_range_that_cannot_be_names_its_field(start: datetime | None, end: datetime | None, field: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        TimeRange(start, end)
    assert refused.value.field == field


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_a_time_that_utc_cannot_say_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue):
        utc(datetime.fromisoformat(text))


def test_a_time_with_another_zone_becomes_utc_and_one_without_is_refused() -> None:
    assert utc(NOON.astimezone(timezone(-3 * HOUR))).tzinfo is UTC
    with pytest.raises(InvalidValue):
        utc(NOON.replace(tzinfo=None))


@given(geo_points())
def test_a_point_survives_json(point: GeoPoint) -> None:
    assert msgspec.json.decode(msgspec.json.encode(point), type=GeoPoint) == point


@pytest.mark.parametrize(
    ("latitude", "longitude", "field"),
    [
        (90.1, 0, "latitude_deg"),
        (0, -180.1, "longitude_deg"),
        (math.nan, 0, "latitude_deg"),
        (0, math.inf, "longitude_deg"),
    ],
)
def test_a_point_off_the_earth_cannot_be(latitude: float, longitude: float, field: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        GeoPoint(latitude, longitude)
    assert refused.value.field == field


def test_a_decoder_reports_the_field_of_a_bad_value() -> None:
    with pytest.raises(msgspec.ValidationError, match="latitude_deg") as refused:
        msgspec.json.decode(b'[{"latitude_deg":91.0,"longitude_deg":0.0}]', type=list[GeoPoint])
    assert isinstance(refused.value.__cause__, InvalidValue)
