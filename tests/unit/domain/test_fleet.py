import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trilha.domain.fleet import (
    MASTER_KINDS,
    STOCK,
    Classification,
    Driver,
    DriverKind,
    MasterKind,
    SourceAnsweredNothing,
    Vehicle,
    classify,
    driver_kind,
    plan_sync,
)
from trilha.domain.kernel import DriverId, EventTypeId, InvalidValue, VehicleId
from trilha.testing.strategies import drivers, master_records, source_ids

AUTOMATIC = "Automatically created driver"


@pytest.mark.parametrize(
    ("name", "short_id", "is_system", "kind"),
    [
        ("Ana", 2, False, DriverKind.PERSON),
        ("Ana", None, False, DriverKind.PERSON),
        ("anything", 0, False, DriverKind.UNKNOWN),
        ("anything", 1, True, DriverKind.UNMATCHED),
        ("anything", -2, False, DriverKind.INSTALLER),
        ("anything", -1, False, DriverKind.SYSTEM),
        ("anything", -99, False, DriverKind.SYSTEM),
        ("Ana", 7, True, DriverKind.SYSTEM),
        (f"{AUTOMATIC} 12", 7, False, DriverKind.AUTOMATIC),
        (AUTOMATIC, None, False, DriverKind.AUTOMATIC),
        (f"João ({AUTOMATIC})", 7, False, DriverKind.PERSON),
        (AUTOMATIC.lower(), 7, False, DriverKind.PERSON),
    ],
)
def test_special_records_are_told_from_people(
    name: str, short_id: int | None, is_system: bool, kind: DriverKind
) -> None:
    assert driver_kind(name=name, short_id=short_id, is_system=is_system) is kind


@given(st.text(min_size=1), st.integers(min_value=2))
def test_the_automatic_phrase_counts_only_at_the_start(before: str, short_id: int) -> None:
    name = f"{before}{AUTOMATIC}"
    expected = DriverKind.AUTOMATIC if name.startswith(AUTOMATIC) else DriverKind.PERSON
    assert driver_kind(name=name, short_id=short_id, is_system=False) is expected


@given(drivers())
def test_only_people_are_people(driver: Driver) -> None:
    assert driver.is_person == (driver.kind is DriverKind.PERSON)


def test_search_text_joins_what_people_look_for() -> None:
    assert Driver(DriverId(1), "José", badge="Á1").search_text == "jose a1"
    vehicle = Vehicle(VehicleId(1), "Ônibus", plate="ABC", fleet_number="10")
    assert vehicle.search_text == "onibus abc 10"


def test_a_record_with_an_impossible_id_cannot_be() -> None:
    with pytest.raises(InvalidValue, match="vehicle_id"):
        Vehicle(VehicleId(2**63))


@given(source_ids().filter(lambda one: one not in STOCK))
def test_an_unknown_type_is_unclassified_until_somebody_decides(identifier: int) -> None:
    assert classify(EventTypeId(identifier)) is Classification.UNCLASSIFIED
    assert classify(EventTypeId(identifier), {EventTypeId(identifier): Classification.SAFETY}) is Classification.SAFETY


@pytest.mark.parametrize("identifier", STOCK)
def test_the_organisations_own_word_beats_the_stock_table(identifier: EventTypeId) -> None:
    assert classify(identifier) is STOCK[identifier]
    assert classify(identifier, {identifier: Classification.DIAGNOSTICS}) is Classification.DIAGNOSTICS


def test_the_stock_table_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        STOCK[EventTypeId(1)] = Classification.SAFETY  # type: ignore[index] # what must fail


@st.composite
def _kinds_with_lists(draw: st.DrawFn) -> tuple[MasterKind, list, list]:
    kind = draw(st.sampled_from(MASTER_KINDS))
    few = st.integers(0, 4)
    record = st.builds(lambda one, identifier: msgspec.structs.replace(one, id=identifier), master_records(kind), few)
    return kind, draw(st.lists(record, max_size=6)), draw(st.lists(record, max_size=6))


@given(_kinds_with_lists())
def test_a_sync_leaves_what_the_source_lists_active_or_not_and_deletes_nothing(given_lists: tuple) -> None:
    kind, known_list, listed = given_lists
    known = {record.id: record for record in known_list}
    changes = plan_sync(kind, known, listed, allow_empty=True)
    after = known | {record.id: record for record in changes.writes}
    current = {record.id: record for record in listed}
    assert after.keys() == known.keys() | current.keys()
    for identifier, record in after.items():
        if identifier in current:
            assert record == current[identifier]
        else:
            assert record == msgspec.structs.replace(known[identifier], active=False)
    assert changes.unchanged + len(changes.saved) == len(current)


@given(_kinds_with_lists())
def test_a_second_sync_changes_nothing(given_lists: tuple) -> None:
    kind, known_list, listed = given_lists
    known = {record.id: record for record in known_list}
    first = plan_sync(kind, known, listed, allow_empty=True)
    after = known | {record.id: record for record in first.writes}
    assert plan_sync(kind, after, listed, allow_empty=True).writes == ()


def test_an_empty_list_is_a_fault_unless_somebody_says_otherwise() -> None:
    known = {1: Driver(DriverId(1), "Ana"), 2: Driver(DriverId(2), "Bia", active=False)}
    with pytest.raises(SourceAnsweredNothing, match="drivers but 1 active"):
        plan_sync("drivers", known, [])
    assert [one.id for one in plan_sync("drivers", known, [], allow_empty=True).vanished] == [1]
    assert plan_sync("drivers", {2: known[2]}, []).writes == ()


def test_a_record_that_comes_back_is_active_again() -> None:
    gone = Driver(DriverId(1), "Ana", active=False)
    back = msgspec.structs.replace(gone, active=True)
    assert plan_sync("drivers", {1: gone}, [back]).saved == (back,)


def test_of_a_record_listed_twice_the_last_counts() -> None:
    first, last = Driver(DriverId(1), "Ana"), Driver(DriverId(1), "Ana Maria")
    assert plan_sync("drivers", {}, [first, last]).saved == (last,)
