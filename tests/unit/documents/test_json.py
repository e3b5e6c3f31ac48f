"""JSON of a report: one object a row, by the columns' keys."""

from datetime import UTC, date, datetime

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.documents.reading import a_report, written
from tests.unit.documents.test_csv import COLUMNS, ROW
from trilha.adapters.documents import JsonWriter
from trilha.domain.reporting import Column, ColumnKind, Row


async def read(columns: tuple[Column, ...], *rows: Row) -> dict[str, object]:
    found: dict[str, object] = msgspec.json.decode(await written(JsonWriter(), a_report(columns, rows)))
    return found


async def test_the_head_comes_first_then_the_rows() -> None:
    document = await read(COLUMNS[:3], ROW[:3])
    assert document == {
        "kind": "trips",
        "title": "Viagens",
        "organisation": "Viação Exemplo Ltda.",
        "language": "pt-BR",
        "time_zone": "America/Sao_Paulo",
        "made_at": "2025-11-26T17:42:05Z",
        "data_version": "7c1e90ab",
        "facts": [{"label": "Período", "value": "01/11/2025 a 26/11/2025"}],
        "columns": [
            {"key": "driver", "title": "Motorista", "kind": "text", "decimals": 2},
            {"key": "day", "title": "Dia", "kind": "day", "decimals": 2},
            {"key": "began", "title": "Início", "kind": "time", "decimals": 2},
        ],
        "rows": [{"driver": "José", "day": "2025-11-01", "began": "2025-11-02T01:30:00Z"}],
    }


async def test_no_rows_and_many_rows_are_json_too() -> None:
    assert (await read(COLUMNS))["rows"] == []
    assert (await read(COLUMNS[:1], *[("x",)] * 1_001))["rows"] == [{"driver": "x"}] * 1_001


async def test_numbers_keep_their_digits_and_those_that_are_none_are_null() -> None:
    columns = tuple(Column(key, key, ColumnKind.DECIMAL) for key in "abc")
    assert (await read(columns, (0.1 + 0.2, float("nan"), float("-inf"))))["rows"] == [
        {"a": 0.30000000000000004, "b": None, "c": None}
    ]


@given(st.lists(st.tuples(st.text(), st.dates() | st.none()), max_size=5))
async def test_any_text_comes_back(rows: list[tuple[str, date | None]]) -> None:
    document = await read((Column("text", "="), Column("day", "d", ColumnKind.DAY)), *rows)
    assert document["rows"] == [{"text": text, "day": day and day.isoformat()} for text, day in rows]


async def test_times_are_utc_whatever_the_zone() -> None:
    column = (Column("t", "t", ColumnKind.TIME),)
    assert (await read(column, (datetime(2018, 2, 18, 2, tzinfo=UTC),)))["rows"] == [{"t": "2018-02-18T02:00:00Z"}]
