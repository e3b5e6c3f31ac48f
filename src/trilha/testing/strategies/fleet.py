"""Values of the fleet."""

from typing import get_args

from hypothesis import strategies as st

from trilha.domain.fleet import (
    Classification,
    ClassificationChange,
    Driver,
    DriverKind,
    EventType,
    EventTypeClassified,
    Group,
    MasterDataSynced,
    MasterKind,
    MasterRecord,
    Vehicle,
)
from trilha.domain.kernel import EventTypeId
from trilha.testing.strategies.values import LARGEST_COUNT, Strategy, instants, names, source_ids, texts, uuids7


def groups() -> Strategy[Group]:
    """Groups."""
    return st.builds(
        Group,
        id=source_ids(),
        name=names(),
        kind=texts(),
        parent_id=st.none() | source_ids(),
        active=st.booleans(),
    )


def drivers() -> Strategy[Driver]:
    """Drivers and the records that are none."""
    return st.builds(
        Driver,
        id=source_ids(),
        name=names(),
        badge=st.none() | texts(),
        group_id=st.none() | source_ids(),
        kind=st.sampled_from(DriverKind),
        active=st.booleans(),
    )


def vehicles() -> Strategy[Vehicle]:
    """Vehicles."""
    maybe = st.none() | texts()
    return st.builds(
        Vehicle,
        id=source_ids(),
        description=names(),
        plate=maybe,
        fleet_number=maybe,
        group_id=st.none() | source_ids(),
        make=maybe,
        model=maybe,
        year=maybe,
        vehicle_type=maybe,
        active=st.booleans(),
    )


def event_types() -> Strategy[EventType]:
    """Event types of any classification."""
    maybe = st.none() | texts()
    return st.builds(
        EventType,
        id=source_ids(),
        description=names(),
        source_class=texts(),
        value_name=maybe,
        value_format=maybe,
        units=maybe,
        classification=st.sampled_from(Classification),
        active=st.booleans(),
    )


def master_kinds() -> Strategy[MasterKind]:
    """Kinds of master data."""
    return st.sampled_from(get_args(MasterKind))


def master_records(kind: MasterKind) -> Strategy[MasterRecord]:
    """Records of one kind."""
    by_kind: dict[MasterKind, Strategy[MasterRecord]] = {
        "groups": groups(),
        "drivers": drivers(),
        "vehicles": vehicles(),
        "event_types": event_types(),
    }
    return by_kind[kind]


@st.composite
def classification_changes(draw: st.DrawFn) -> ClassificationChange:
    """Changes of what an event type means; reasons are any text."""
    before, after = draw(st.permutations(list(Classification)))[:2]
    return ClassificationChange(
        id=draw(uuids7()),
        event_type_id=EventTypeId(draw(source_ids())),
        before=before,
        after=after,
        changed_at=draw(instants()),
        changed_by=draw(names()),
        reason=draw(st.none() | names()),
    )


def fleet_events() -> Strategy[MasterDataSynced | EventTypeClassified]:
    """Every domain event of the fleet."""
    count = st.integers(0, LARGEST_COUNT)
    return st.builds(
        MasterDataSynced, kind=master_kinds(), saved=count, vanished=count, unchanged=count
    ) | classification_changes().map(EventTypeClassified.of)
