"""The way bulk writes take: COPY cannot write into a table under row-level security, so it writes beside it first.

A staging table lives as long as its connection and is emptied at every commit. It has no organisation: the merge adds
the one of the transaction, so rows of another cannot come in. All of it follows from the fields of the records.
"""

from collections.abc import Sequence
from typing import Final, LiteralString

import msgspec

from trilha.domain.telemetry import AMENDED_FEEDS, Position, Record, Stream, TelemetryEvent, Trip

_COPIED_AS: Final[dict[type, LiteralString]] = {
    msgspec.inspect.IntType: "int8",
    msgspec.inspect.FloatType: "float8",
    msgspec.inspect.StrType: "text",
    msgspec.inspect.DateTimeType: "timestamptz",
    msgspec.inspect.VarTupleType: "jsonb",
}


class RecordTable:
    """Where a feed's records are kept, and the table in which they wait to be merged.

    `fields` are the columns in the order of the Struct's fields, so that a row is the record itself; `types` are what
    COPY is told of them.
    """

    def __init__(self, stream: Stream, table: LiteralString, record: type[Record]) -> None:
        self.stream = stream
        self.table = table
        self.is_amended = stream in AMENDED_FEEDS
        columns = _columns(record)
        self.fields: Sequence[LiteralString] = [name for name, _ in columns]
        self.types: Sequence[LiteralString] = [kind for _, kind in columns]
        self.names: LiteralString = ", ".join(self.fields)
        self.staging: LiteralString = f"staged_{table}"
        self.create_staging: LiteralString = (
            f"create temporary table if not exists {self.staging} ("
            + ", ".join([f"{name} {kind}" for name, kind in columns])
            + ") on commit delete rows"
        )
        self.copy: LiteralString = f"copy {self.staging} ({self.names}) from stdin (format binary)"


def _columns(record: type[Record]) -> list[tuple[LiteralString, LiteralString]]:
    described = msgspec.inspect.type_info(record)
    assert isinstance(described, msgspec.inspect.StructType)  # noqa: S101 - records are Structs
    return [(field.name, _copied_as(field.type)) for field in described.fields]


def _copied_as(kind: msgspec.inspect.Type) -> LiteralString:
    if isinstance(kind, msgspec.inspect.UnionType):
        (kind,) = [part for part in kind.types if not isinstance(part, msgspec.inspect.NoneType)]
    return _COPIED_AS[type(kind)]


RECORD_TABLES: Final = {
    table.stream: table
    for table in (
        RecordTable(Stream.EVENTS, "telemetry_events", TelemetryEvent),
        RecordTable(Stream.POSITIONS, "positions", Position),
        RecordTable(Stream.TRIPS, "trips", Trip),
    )
}
CREATE_STAGING: Final = "; ".join([table.create_staging for table in RECORD_TABLES.values()])
