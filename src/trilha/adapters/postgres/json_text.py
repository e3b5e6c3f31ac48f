"""JSON objects put together by PostgreSQL: for pages of rows this beats rows, Structs and an encoder in Python.

One null makes all of `||` null, hence the `coalesce` around whatever may be null. `concat` would forgive that, and took
a fifth longer for a driver.
"""

from collections.abc import Mapping
from typing import LiteralString


def json_object(fields: Mapping[LiteralString, LiteralString]) -> LiteralString:
    """An expression for the object's text; the values are expressions made by the functions below."""
    parts: list[LiteralString] = []
    for name, value in fields.items():
        separator: LiteralString = " || '," if parts else "'{"
        parts.append(f'{separator}"{name}":\' || {value}')
    return "(" + "".join(parts) + " || '}')"


def identifier(column: LiteralString) -> LiteralString:
    """A 64-bit id as a string."""
    return f"'\"' || {column} || '\"'"


def identifier_or_null(column: LiteralString) -> LiteralString:
    """A 64-bit id as a string, or null."""
    return f"coalesce('\"' || {column} || '\"', 'null')"


def text(column: LiteralString) -> LiteralString:
    """A string."""
    return f"to_json({column})::text"


def text_or_null(column: LiteralString) -> LiteralString:
    """A string, or null."""
    return f"coalesce(to_json({column})::text, 'null')"


def number_or_null(column: LiteralString) -> LiteralString:
    """A number, or null."""
    return f"coalesce({column}::text, 'null')"


def plain(expression: LiteralString) -> LiteralString:
    """A number or a truth value that is never null."""
    return f"({expression})::text"


def time(column: LiteralString) -> LiteralString:
    """An instant in UTC, as RFC 3339 writes it."""
    return _utc(column)


def time_or_null(column: LiteralString) -> LiteralString:
    """An instant in UTC, or null."""
    return f"coalesce({_utc(column)}, 'null')"


def _utc(column: LiteralString) -> LiteralString:
    """As JSON writes a time without a zone, with the zone put before the closing quote; `to_char` takes far longer."""
    return f"left(to_json({column} at time zone 'UTC')::text, -1) || 'Z\"'"


def json_or_null(expression: LiteralString) -> LiteralString:
    """JSON as it is kept, or null."""
    return f"coalesce(({expression})::text, 'null')"


def point_or_null(latitude: LiteralString, longitude: LiteralString) -> LiteralString:
    """A place, or null where either is."""
    return f"coalesce('{{\"latitude_deg\":' || {latitude} || ',\"longitude_deg\":' || {longitude} || '}}', 'null')"
