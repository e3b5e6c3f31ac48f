import pytest
from hypothesis import given
from hypothesis import strategies as st

from trilha.domain.kernel import InvalidValue, check_source_id, parse_source_id
from trilha.testing.strategies import source_ids


@given(source_ids())
def test_an_id_survives_its_text(identifier: int) -> None:
    assert parse_source_id(str(identifier)) == identifier


@pytest.mark.parametrize("text", [str(2**63 - 1), str(-(2**63)), "0", "9007199254740993"])
def test_extremes_and_ids_that_collide_as_doubles_are_exact(text: str) -> None:
    assert str(parse_source_id(text)) == text


@pytest.mark.parametrize(
    "text", [str(2**63), str(-(2**63) - 1), "", "-", "--1", "+1", " 1", "1 ", "1.0", "1e3", "0x1", "١٢", "²", "9" * 20]
)
def test_anything_else_is_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidValue, match="driver_id") as refused:
        parse_source_id(text, "driver_id")
    assert refused.value.field == "driver_id"


@given(st.integers())
def test_only_64_bits_are_an_id(value: int) -> None:
    if -(2**63) <= value < 2**63:
        assert check_source_id(value) == value
    else:
        with pytest.raises(InvalidValue):
            check_source_id(value)


def test_a_long_value_is_cut_in_the_error() -> None:
    with pytest.raises(InvalidValue) as refused:
        parse_source_id("x" * 10_000)
    assert len(str(refused.value)) < 200
