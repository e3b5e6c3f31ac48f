"""Records of the feeds, and pages of them."""

from datetime import datetime
from typing import get_args

import msgspec
from hypothesis import strategies as st

from trilha.domain.telemetry import (
    FEEDS,
    Position,
    RawPage,
    Record,
    SourcePage,
    Stream,
    SubTrip,
    TelemetryEvent,
    Trip,
)
from trilha.testing.strategies.values import (
    LARGEST_COUNT,
    Strategy,
    degrees,
    instants,
    numbers,
    rejected_records,
    source_ids,
    texts,
)

_REQUIRED = {"id", "occurred_at", "driver_id", "vehicle_id", "latitude_deg", "longitude_deg", "sub_trips"}


def telemetry_events(
    ids: Strategy[int] | None = None, occurred: Strategy[datetime] | None = None
) -> Strategy[TelemetryEvent]:
    """Events of known and unknown vehicles, drivers and types; every optional field may be missing."""
    return st.builds(
        TelemetryEvent,
        id=source_ids() if ids is None else ids,
        occurred_at=instants() if occurred is None else occurred,
        driver_id=source_ids(),
        vehicle_id=source_ids(),
        event_type_id=source_ids(),
        category=texts(10),
        occurrences=st.integers(0, LARGEST_COUNT),
        started_at=st.none() | instants(),
        ended_at=st.none() | instants(),
        duration_s=st.none() | st.integers(0, LARGEST_COUNT),
        value=st.none() | numbers(),
        value_kind=st.none() | texts(10),
        value_unit=st.none() | texts(10),
        speed_limit_kmh=st.none() | numbers(),
        fuel_used_l=st.none() | numbers(),
        odometer_start_km=st.none() | numbers(),
        odometer_end_km=st.none() | numbers(),
        start_latitude_deg=st.none() | degrees(90),
        start_longitude_deg=st.none() | degrees(180),
        end_latitude_deg=st.none() | degrees(90),
        end_longitude_deg=st.none() | degrees(180),
        location_id=st.none() | source_ids(),
    )


def positions(ids: Strategy[int] | None = None, occurred: Strategy[datetime] | None = None) -> Strategy[Position]:
    """Positions of known and unknown vehicles and drivers; every optional field may be missing."""
    return st.builds(
        Position,
        id=source_ids() if ids is None else ids,
        occurred_at=instants() if occurred is None else occurred,
        driver_id=source_ids(),
        vehicle_id=source_ids(),
        latitude_deg=degrees(90),
        longitude_deg=degrees(180),
        **_optional_fields(Position),
    )


def sub_trips() -> Strategy[SubTrip]:
    """Legs of trips; every field may be missing."""
    return st.builds(SubTrip, **_optional_fields(SubTrip))


def trips(ids: Strategy[int] | None = None, occurred: Strategy[datetime] | None = None) -> Strategy[Trip]:
    """Trips of known and unknown vehicles and drivers, with legs; every optional field may be missing."""
    return st.builds(
        Trip,
        id=source_ids() if ids is None else ids,
        occurred_at=instants() if occurred is None else occurred,
        driver_id=source_ids(),
        vehicle_id=source_ids(),
        sub_trips=st.lists(sub_trips(), max_size=3).map(tuple),
        **_optional_fields(Trip),
    )


def records_of(
    stream: Stream, ids: Strategy[int] | None = None, occurred: Strategy[datetime] | None = None
) -> Strategy[Record]:
    """Records of one feed."""
    if stream is Stream.POSITIONS:
        return positions(ids, occurred)
    return trips(ids, occurred) if stream is Stream.TRIPS else telemetry_events(ids, occurred)


@st.composite
def source_pages(draw: st.DrawFn, stream: Stream | None = None, *, tokens: Strategy[str] | None = None) -> SourcePage:
    """Answers of a feed."""
    feed = draw(st.sampled_from(FEEDS)) if stream is None else stream
    token = texts(20) if tokens is None else tokens
    return SourcePage(
        stream=feed,
        asked_for=draw(token),
        next_token=draw(st.none() | token),
        has_more=draw(st.booleans()),
        received_at=draw(instants()),
        body=draw(st.binary(max_size=500)),
        records=draw(st.lists(records_of(feed), max_size=5)),
        rejected=draw(st.lists(rejected_records(), max_size=2)),
    )


def raw_pages() -> Strategy[RawPage]:
    """Answers as they came."""
    return st.builds(
        RawPage,
        stream=st.sampled_from(Stream),
        asked_for=texts(30),
        next_token=st.none() | texts(20),
        received_at=instants(),
        body=st.binary(max_size=2_000),
    )


def _optional_fields(record: type[Position | SubTrip | Trip]) -> dict[str, Strategy[object]]:
    """Every field that may be missing, by its type and its unit."""
    by_type = {"datetime": instants(), "float": numbers(), "int": st.integers(0, LARGEST_COUNT), "str": texts(10)}
    return {
        field.name: st.none() | _coordinate(field.name, by_type[_name_of(field.type)])
        for field in msgspec.structs.fields(record)
        if field.name not in _REQUIRED
    }


def _name_of(kind: object) -> str:
    """`float` of `float | None`."""
    named: list[type] = [one for one in get_args(kind) if one is not type(None)]
    return named[0].__name__


def _coordinate(name: str, otherwise: Strategy[object]) -> Strategy[object]:
    if name.endswith("latitude_deg"):
        return degrees(90)
    return degrees(180) if name.endswith("longitude_deg") else otherwise
