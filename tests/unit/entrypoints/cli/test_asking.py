"""How times are asked for on the command line."""

from datetime import UTC, datetime

import pytest
import rich_click as click

from trilha.entrypoints.cli.asking import MOMENT


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T06:30", datetime(2026, 3, 1, 6, 30, tzinfo=UTC)),
        ("2026-03-01T06:30-03:00", datetime(2026, 3, 1, 9, 30, tzinfo=UTC)),
        ("2026-03-01T06:30:15Z", datetime(2026, 3, 1, 6, 30, 15, tzinfo=UTC)),
    ],
)
def test_a_time_without_a_zone_is_utc(text: str, moment: datetime) -> None:
    assert MOMENT.convert(text, None, None) == moment
    assert MOMENT.convert(moment, None, None) == moment


@pytest.mark.parametrize("text", ["yesterday", "2026-02-30", "12:00", "", "0001-01-01T00:00+10:00"])
def test_what_is_no_time_is_told_with_an_example(text: str) -> None:
    with pytest.raises(click.BadParameter, match="2026-03-01T06:30-03:00"):
        MOMENT.convert(text, None, None)
