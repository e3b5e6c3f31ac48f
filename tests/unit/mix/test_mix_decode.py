"""Whatever stands in a list, each record is either taken or quarantined, and none spoils another."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trilha.adapters.mix import MixPages, wire
from trilha.adapters.mix.decode import ListDecoder
from trilha.adapters.mix.events import read_events as understand_events
from trilha.adapters.mix.split import UnreadableAnswer, split
from trilha.domain.kernel import InvalidValue, SourceUnavailable
from trilha.domain.telemetry import FEEDS, Stream

NOW = datetime(2026, 3, 10, 15, tzinfo=UTC)
INT64 = st.integers(-(2**63), 2**63 - 1)
LEAST_INT32, MOST_INT32 = -(2**31), 2**31 - 1
SOUND = {"EventId": 1, "AssetId": 2, "DriverId": 3, "EventTypeId": 4}
MINIMAL = {
    Stream.EVENTS: SOUND,
    Stream.POSITIONS: {"PositionId": 1, "AssetId": 2, "DriverId": 3, "Latitude": -15.5, "Longitude": -47.5},
    Stream.TRIPS: {"TripId": 1, "AssetId": 2, "DriverId": 3},
}
ID_NAMES = {Stream.EVENTS: "EventId", Stream.POSITIONS: "PositionId", Stream.TRIPS: "TripId"}
KINDS = (wire.Event, wire.Place, wire.Position, wire.Trip, wire.SubTrip, wire.Classification)
MEMBERS = sorted({name for kind in KINDS for name in kind.__struct_encode_fields__})

numbers = st.one_of(
    st.integers(-(2**70), 2**70),
    st.sampled_from([2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**64, 10**400, 2**32 - 1, 65_535, 255, -1]),
    st.floats(allow_nan=False, allow_infinity=False),
)
# Characters of every category: lone surrogates and U+0000 arrive as escapes.
texts = st.text(st.characters(exclude_categories=()), max_size=8) | st.sampled_from(
    ["", "\0", "Detail", "2026-03-10T14:21:07Z", "0001-01-01T00:00:00+14:00", "2026-03-10T14:21:07", "-3"]
)
scalars = st.none() | st.booleans() | numbers | texts
names = st.sampled_from(MEMBERS) | texts
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4), max_leaves=8
)
members = st.dictionaries(st.sampled_from(MEMBERS), anything, max_size=6)
legs = st.lists(members, max_size=3)
every_feed = pytest.mark.parametrize("stream", FEEDS)


def broken(stream):
    """Records that begin sound; some of them stay so."""
    nested = members | st.builds(lambda one, some: one | {"SubTrips": some}, members, legs)
    return nested.map(lambda some: MINIMAL[stream] | some)


def sound(stream, number):
    return MINIMAL[stream] | {ID_NAMES[stream]: number, "StartDateTime": "2026-03-10T14:21:07Z"}


def body_of(records) -> bytes:
    return json.dumps(records, separators=(",", ":")).encode()


def read_events(body, received_at):
    understood = understand_events(body, received_at)
    return understood.records, understood.rejected


def values_in(record) -> Iterator[object]:
    """All values of a record and of what it holds."""
    for value in msgspec.structs.astuple(record):
        yield value
        if isinstance(value, tuple):
            for inner in value:
                yield from values_in(inner)


@every_feed
@given(data=st.data())
def test_every_record_is_taken_or_quarantined(stream, data):
    records = data.draw(st.lists(anything | broken(stream), max_size=6))
    understood = MixPages().understand(stream, body_of(records), NOW)
    assert len(understood.records) + len(understood.rejected) == len(records)
    for record in understood.rejected:
        assert json.loads(record.raw) == records[record.position]
        assert record.reason
        assert record.detail


@every_feed
@given(data=st.data())
def test_what_is_taken_can_be_stored(stream, data):
    records = data.draw(st.lists(broken(stream), max_size=6))
    for record in MixPages().understand(stream, body_of(records), NOW).records:
        fields = dict(zip(record.__struct_fields__, msgspec.structs.astuple(record), strict=True))
        whole = {name: value for name, value in fields.items() if type(value) is int}
        for name, value in whole.items():
            wide = name == "id" or name.endswith("_id")
            assert -(2**63) <= value < 2**63 if wide else LEAST_INT32 <= value <= MOST_INT32, name
        for value in values_in(record):
            assert not isinstance(value, datetime) or value.tzinfo is UTC
            assert not isinstance(value, str) or "\0" not in value
        assert abs(fields.get("latitude_deg", 0)) <= 90
        assert abs(fields.get("start_longitude_deg") or 0) <= 180
        msgspec.json.encode(record)


@every_feed
@given(data=st.data(), bad=st.lists(anything, min_size=1, max_size=4), chance=st.randoms())
def test_a_bad_record_spoils_no_other(stream, data, bad, chance):
    good = [sound(stream, number) for number in data.draw(st.lists(INT64, max_size=8))]
    mixed = [*good, *bad]
    chance.shuffle(mixed)
    understood = MixPages().understand(stream, body_of(mixed), NOW)
    wanted = [record[ID_NAMES[stream]] for record in mixed if any(record is one for one in good)]
    assert [record.id for record in understood.records] == wanted


@every_feed
@given(first=INT64, second=INT64)
def test_ids_are_exact(stream, first, second):
    body = body_of([MINIMAL[stream] | {ID_NAMES[stream]: first, "DriverId": second}])
    understood = MixPages().understand(stream, body, NOW)
    assert not understood.rejected
    assert (understood.records[0].id, understood.records[0].driver_id) == (first, second)


@every_feed
@given(number=st.integers(2**54, 2**63 - 2))
def test_ids_that_collide_as_doubles_stay_apart(stream, number):
    understood = MixPages().understand(stream, body_of([sound(stream, number), sound(stream, number + 1)]), NOW)
    assert [record.id for record in understood.records] == [number, number + 1]


@every_feed
@pytest.mark.parametrize("body", [b"{}", b"<html></html>", b"[1"])
def test_what_is_no_page_is_said_to_be_none(stream, body):
    with pytest.raises(SourceUnavailable, match=f"no page of {stream}: expected a JSON list"):
        MixPages().understand(stream, body, NOW)


def test_amendments_are_no_pages_of_a_feed():
    with pytest.raises(InvalidValue, match="events, positions, trips"):
        MixPages().understand(Stream.AMENDMENTS, b"[]", NOW)


@every_feed
@given(data=st.data())
def test_a_page_is_understood_as_its_records_are_one_by_one(stream, data):
    """The whole list at once and each record by itself are two ways to the same."""
    body = body_of(data.draw(st.lists(anything | broken(stream), max_size=5)))
    together = MixPages().understand(stream, body, NOW)
    alone = [MixPages().understand(stream, b"[" + raw + b"]", NOW) for raw in split(body)]
    assert list(together.records) == [record for one in alone for record in one.records]
    assert [one.reason for one in together.rejected] == [error.reason for one in alone for error in one.rejected]


@pytest.mark.parametrize(
    ("member", "reason", "path"),
    [
        ('"EventId":9223372036854775808', "id_out_of_range", "EventId"),
        ('"DriverId":-9223372036854775809', "id_out_of_range", "DriverId"),
        ('"LocationId":18446744073709551616', "id_out_of_range", "LocationId"),
        ('"EventId":' + "9" * 5000, "id_out_of_range", "EventId"),
        ('"EventId":-4.4e18', "wrong_type", "EventId"),
        ('"EventId":null', "wrong_type", "EventId"),
        ('"EventId":"7"', "wrong_type", "EventId"),
        ('"TotalOccurances":-1', "out_of_range", "TotalOccurances"),
        ('"TotalTimeSeconds":2147483648', "out_of_range", "TotalTimeSeconds"),
        ('"TotalTimeSeconds":"many"', "wrong_type", "TotalTimeSeconds"),
        ('"StartDateTime":"0000-13-45T99:00:00Z"', "bad_time", "StartDateTime"),
        ('"EndDateTime":"0001-01-01T00:00:00+14:00"', "bad_time", "EndDateTime"),
        ('"StartPosition":{"Latitude":90.5}', "out_of_range", "StartPosition.Latitude"),
        ('"StartPosition":[1]', "wrong_type", "StartPosition"),
        ('"EventCategory":"a\\u0000b"', "nul_character", "EventCategory"),
    ],
)
def test_a_rejection_names_reason_and_field(member, reason, path):
    sound = body_of(SOUND)
    bad = sound[:-1] + b"," + member.encode() + b"}"
    events, rejected = read_events(b"[" + sound + b"," + bad + b"]", NOW)
    assert [event.id for event in events] == [1]
    [record] = rejected
    assert (record.position, record.reason, record.raw) == (1, reason, bad)
    assert record.detail.startswith(f"{path}: ")


def test_a_missing_id_is_named():
    _, [record] = read_events(b'[{"EventId":1,"AssetId":2,"EventTypeId":3}]', NOW)
    assert (record.reason, record.detail.split(":")[0]) == ("missing_field", "DriverId")


@pytest.mark.parametrize("element", ["null", '"an event"', "7", "[]", "[[]]", "true"])
def test_what_is_no_object_is_malformed(element):
    _, [record] = read_events(f"[{element}]".encode(), NOW)
    assert (record.reason, record.raw) == ("malformed", element.encode())


@given(broken(Stream.EVENTS))
def test_a_rejection_tells_no_value(record):
    marked = {name: "Maria-7319" if isinstance(value, str) else value for name, value in record.items()}
    _, rejected = read_events(body_of([marked]), NOW)
    assert not any("Maria" in one.detail for one in rejected)


@pytest.mark.parametrize(
    "body", [b"{}", b"null", b"7", b"<html></html>", b"[1", b'[{"EventId":1},', b"[]]", b"\xff", b"[" * 100_000]
)
def test_what_is_no_list_is_unreadable(body):
    with pytest.raises(UnreadableAnswer):
        read_events(body, NOW)


@given(st.integers(1, 400))
def test_a_list_cut_anywhere_is_unreadable_and_never_shorter(cut):
    body = body_of([{**SOUND, "EventId": number, "EventCategory": "Detail"} for number in range(6)])
    with pytest.raises(UnreadableAnswer):
        read_events(body[: -(cut % (len(body) - 1)) - 1], NOW)


@pytest.mark.parametrize("body", [b"", b"  \r\n", b"[]", b" [ ] "])
def test_nothing_is_an_empty_list(body):
    assert read_events(body, NOW) == ([], ())


def test_bytes_that_are_no_text_reject_their_record_only():
    body = b'[{"EventId":1,"AssetId":2,"DriverId":3,"EventTypeId":4,"ValueUnits":"\xff"},' + body_of(SOUND) + b"]"
    events, [record] = read_events(body, NOW)
    assert (len(events), record.position, record.reason) == (1, 0, "malformed")


positions = st.builds(wire.Place, st.none() | st.floats(-90, 90), st.none() | st.floats(-180, 180))
numbers64 = st.none() | st.floats(allow_nan=False, allow_infinity=False)
plain = st.none() | st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=8)
moments = st.none() | st.datetimes(timezones=st.just(UTC))
wire_events = st.builds(
    wire.Event,
    event_id=INT64,
    asset_id=INT64,
    driver_id=INT64,
    event_type_id=INT64,
    event_category=plain,
    start_date_time=moments,
    start_odometer_kilometres=numbers64,
    start_position=st.none() | positions,
    end_date_time=moments,
    end_odometer_kilometres=numbers64,
    end_position=st.none() | positions,
    value=numbers64,
    value_type=plain,
    value_units=plain,
    fuel_used_litres=numbers64,
    total_time_seconds=st.none() | st.integers(-(2**31), 2**31 - 1),
    total_occurances=st.none() | st.integers(0, 2**31 - 1),
    location_id=st.none() | INT64,
    speed_limit=numbers64,
)


@given(st.lists(wire_events, max_size=4))
def test_wire_records_survive_the_wire(records):
    decoded = ListDecoder(wire.Event).decode(msgspec.json.encode(records))
    assert decoded.records == records


def test_members_are_spelt_as_the_vendor_does():
    assert "TotalOccurances" in wire.Event.__struct_encode_fields__
    assert {"StartOdometerKilometres", "FuelUsedLitres", "EventTypeId"} <= set(wire.Event.__struct_encode_fields__)
    assert "FmDriverId" in wire.Driver.__struct_encode_fields__
    assert "IsConnectedTrailer" in wire.Asset.__struct_encode_fields__
    assert "SubGroups" in wire.GroupSummary.__struct_encode_fields__


@pytest.mark.parametrize("value", ['"\\ud83d"', "NaN", "-Infinity", '"a\tb"'])
@pytest.mark.parametrize("member", ["EventCategory", "Value", "FormattedAddress"])
def test_what_only_some_readers_take_rejects_its_record_only(member, value):
    """Otherwise such a record would hold up the stream for ever."""
    bad = body_of(SOUND)[:-1] + f',"{member}":{value}}}'.encode()
    events, rejected = read_events(b"[" + bad + b" , " + body_of(SOUND | {"EventId": 5}) + b"]", NOW)
    assert [event.id for event in events][-1] == 5
    assert [record.raw for record in rejected] in ([bad], [])
    assert len(events) + len(rejected) == 2
