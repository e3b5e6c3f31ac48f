"""Whatever stands in a list, each record is either taken or quarantined, and none spoils another."""

import json
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trilha.adapters.mix import wire
from trilha.adapters.mix.decode import ListDecoder
from trilha.adapters.mix.events import read_events as understand_events
from trilha.adapters.mix.split import UnreadableAnswer

NOW = datetime(2026, 3, 10, 15, tzinfo=UTC)
INT64 = st.integers(-(2**63), 2**63 - 1)
INT32 = range(-(2**31), 2**31)
SOUND = {"EventId": 1, "AssetId": 2, "DriverId": 3, "EventTypeId": 4}
MEMBERS = [name for kind in (wire.Event, wire.Place) for name in kind.__struct_encode_fields__]

numbers = st.one_of(
    st.integers(-(2**70), 2**70),
    st.sampled_from([2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**64, 10**400]),
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
broken_events = st.dictionaries(st.sampled_from(MEMBERS), anything, max_size=6).map(lambda some: {**SOUND, **some})
sound_events = INT64.map(lambda event_id: {**SOUND, "EventId": event_id, "StartDateTime": "2026-03-10T14:21:07Z"})


def read_events(body, received_at):
    understood = understand_events(body, received_at)
    return understood.records, understood.rejected


def body_of(records) -> bytes:
    return json.dumps(records, separators=(",", ":")).encode()


@given(st.lists(anything | broken_events | sound_events, max_size=6))
def test_every_record_is_taken_or_quarantined(records):
    events, rejected = read_events(body_of(records), NOW)
    assert len(events) + len(rejected) == len(records)
    for record in rejected:
        assert json.loads(record.raw) == records[record.position]
        assert record.reason
        assert record.detail


@given(st.lists(anything | broken_events, max_size=6))
def test_what_is_taken_can_be_stored(records):
    events, _ = read_events(body_of(records), NOW)
    for event in events:
        for name in ("id", "driver_id", "vehicle_id", "event_type_id"):
            assert -(2**63) <= getattr(event, name) < 2**63
        assert event.occurrences in INT32
        assert event.duration_s is None or event.duration_s in INT32
        assert {moment.tzinfo for moment in (event.occurred_at, event.started_at, event.ended_at) if moment} <= {UTC}
        assert not any("\0" in text for text in msgspec.structs.astuple(event) if isinstance(text, str))
        assert event.start_latitude_deg is None or abs(event.start_latitude_deg) <= 90
        msgspec.json.encode(event)


@given(st.lists(sound_events, max_size=8), st.lists(anything, min_size=1, max_size=4), st.randoms())
def test_a_bad_record_spoils_no_other(sound, bad, chance):
    mixed = [*sound, *bad]
    chance.shuffle(mixed)
    events, _ = read_events(body_of(mixed), NOW)
    wanted = [record["EventId"] for record in mixed if any(record is one for one in sound)]
    assert [event.id for event in events] == wanted


@given(INT64, INT64)
def test_ids_are_exact(first, second):
    events, rejected = read_events(body_of([{**SOUND, "EventId": first, "DriverId": second}]), NOW)
    assert not rejected
    assert (events[0].id, events[0].driver_id) == (first, second)


@given(st.integers(2**54, 2**63 - 2))
def test_ids_that_collide_as_doubles_stay_apart(number):
    events, _ = read_events(body_of([{**SOUND, "EventId": number}, {**SOUND, "EventId": number + 1}]), NOW)
    assert [event.id for event in events] == [number, number + 1]


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


@given(broken_events)
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
