from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trilha.application.paging import decode_cursor, encode_cursor
from trilha.application.ports import MAX_LIMIT, PageRequest
from trilha.domain.kernel import InvalidValue
from trilha.testing.strategies import instants, source_ids, texts


@given(texts(), source_ids())
def test_a_cursor_brings_its_key_back(name: str, identifier: int) -> None:
    cursor = encode_cursor("drivers", (name, identifier))
    assert decode_cursor("drivers", cursor, tuple[str, int]) == (name, identifier)
    assert cursor.isascii()
    assert not set(cursor) & set("+/=&?# ")


@given(instants(), source_ids())
def test_times_are_exact_to_the_microsecond(moment: datetime, identifier: int) -> None:
    cursor = encode_cursor("events", (moment, identifier))
    assert decode_cursor("events", cursor, tuple[datetime, int]) == (moment, identifier)


def test_another_lists_cursor_is_refused() -> None:
    with pytest.raises(InvalidValue) as refused:
        decode_cursor("vehicles", encode_cursor("drivers", ("a", 1)), tuple[str, int])
    assert refused.value.field == "cursor"


def test_a_key_of_another_kind_is_refused() -> None:
    with pytest.raises(InvalidValue):
        decode_cursor("events", encode_cursor("events", ("a", 1)), tuple[datetime, int])


@given(st.text() | st.text("ABCDabcd0123-_="))
def test_nonsense_is_refused_and_never_a_fault(cursor: str) -> None:
    with pytest.raises(InvalidValue):
        decode_cursor("drivers", cursor, tuple[str, int])


@pytest.mark.parametrize("limit", [0, -1, MAX_LIMIT + 1])
def test_a_limit_outside_its_bounds_is_refused(limit: int) -> None:
    with pytest.raises(InvalidValue, match="limit"):
        PageRequest(limit=limit)
