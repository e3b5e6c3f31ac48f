"""RFC 9562: layout, and growth within a millisecond and when the clock goes back."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from trilha.adapters.system import Uuid7Ids


@given(st.lists(st.integers(0, 2**48 - 2), min_size=1, max_size=20))
def test_ids_grow_whatever_the_clock_does(moments_ms: list[int]) -> None:
    clock = iter(moments_ms)
    ids = Uuid7Ids(milliseconds=lambda: next(clock))
    made = [ids.new() for _ in moments_ms]
    assert made == sorted(set(made))
    assert {one.version for one in made} == {7}


def test_the_time_leads_and_the_rest_is_random() -> None:
    ids = Uuid7Ids(milliseconds=lambda: 0x017F22E279B0, random_bits=lambda bits: (1 << bits) - 1)
    assert ids.new() == UUID("017f22e2-79b0-7fff-bfff-ffffffffffff")


def test_a_full_millisecond_borrows_from_the_next() -> None:
    ids = Uuid7Ids(milliseconds=lambda: 5, random_bits=lambda bits: (1 << bits) - 1)
    first, second = ids.new(), ids.new()
    assert (first.int >> 80, second.int >> 80) == (5, 6)
