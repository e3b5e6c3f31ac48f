"""Since-tokens and the moments they stand for."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trilha.adapters.mix.since_token import time_of, token_at
from trilha.domain.kernel import InvalidValue

moments = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-3))]), min_value=datetime(1, 1, 2))  # noqa: DTZ001


@given(moments.filter(lambda moment: moment.year < 9999))
def test_a_token_is_its_moment_cut_to_the_millisecond(moment):
    token = token_at(moment)
    assert len(token) == 17
    assert timedelta(0) <= moment - time_of(token) < timedelta(milliseconds=1)
    assert token_at(time_of(token)) == token


@given(moments, moments)
def test_later_tokens_sort_later(first, second):
    if first <= second:
        assert token_at(first) <= token_at(second)


def test_fourteen_digits_are_whole_seconds():
    assert time_of("20260310142207") == datetime(2026, 3, 10, 14, 22, 7, tzinfo=UTC)
    assert time_of("20260310142207").tzinfo is UTC


@pytest.mark.parametrize(
    "token", ["", "NEW", "2026031014220", "202603101422070", "20261310142207000", "20260310246007", "२०२६०३१०१४२२०७"]
)
def test_anything_else_is_refused(token):
    with pytest.raises(InvalidValue, match="since_token"):
        time_of(token)


@given(st.text(max_size=20))
def test_no_text_crashes(text):
    try:
        time_of(text)
    except InvalidValue:
        return


def test_a_time_without_zone_means_nothing():
    with pytest.raises(InvalidValue):
        token_at(datetime(2026, 3, 10))  # noqa: DTZ001
