"""The fastest way into PostgreSQL that there is: rows encoded beforehand, by binary COPY, past row-level security.

The table has the partitions, keys and indexes of the production table. What we add to this (decoding, staging, merging,
the policy, raw page, checkpoint, run and outbox row, a commit a page) is what the ratio shows.
"""

from collections.abc import Iterator
from pathlib import Path

import psycopg
from psycopg import sql

from benchmarks.figures import progress

BLOCK_BYTES = 1 << 18


def peer_of(table: str) -> str:
    """The name of the table that raw COPY fills."""
    return f"peer_{table}"


def make_peer_table(connection: psycopg.Connection, table: str) -> None:
    """Copy the production table's shape, and prove that nothing is missing but its policy."""
    names = {"peer": sql.Identifier(peer_of(table)), "production": sql.Identifier(table)}
    connection.execute(
        sql.SQL("create table {peer} (like {production} including all) partition by range (occurred_at)").format(
            **names
        )
    )
    for name, bounds in connection.execute(
        "select inhrelid::regclass::text, pg_get_expr(relpartbound, oid) "
        "from pg_inherits join pg_class on oid = inhrelid where inhparent = %s::regclass",
        (table,),
    ).fetchall():
        part = sql.Identifier(peer_of(name))
        connection.execute(sql.SQL("create table {} partition of {peer} ").format(part, **names) + sql.SQL(bounds))
    ours, theirs = (_indexes(connection, name) for name in (table, peer_of(table)))
    if ours != theirs:
        raise SystemExit(f"the tables differ: {ours} against {theirs}")


def _indexes(connection: psycopg.Connection, table: str) -> list[str]:
    """Key columns of every index of a table and of its partitions."""
    found = connection.execute(
        "select indisprimary::text || ' ' || indkey::text from pg_index where indrelid = %(table)s::regclass "
        "or indrelid in (select inhrelid from pg_inherits where inhparent = %(table)s::regclass)",
        {"table": table},
    )
    return sorted(text for (text,) in found.fetchall())


def dump(connection: psycopg.Connection, table: str, folder: Path, rows_a_file: int) -> list[Path]:
    """Write the production table in binary COPY form, in order of occurrence, into files of so many rows each."""
    progress("encoding the same rows for the peer")
    statement = sql.SQL("copy (select * from {} order by occurred_at, id) to stdout (format binary)").format(
        sql.Identifier(table)
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        messages: Iterator[bytes] = iter(map(bytes, copy))
        # the server sends head and first row in one message or in two, each further row in one, and the tail in one
        head, rows = _split_head(messages)
        return _write(folder, head, rows, rows_a_file)


_HEAD_BYTES = 19
_TAIL = b"\xff\xff"


def _split_head(messages: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    first = next(messages)
    head, row = first[:_HEAD_BYTES], first[_HEAD_BYTES:]

    def rows() -> Iterator[bytes]:
        if row:
            yield row
        yield from (message for message in messages if message != _TAIL)

    return head, rows()


def _write(folder: Path, head: bytes, rows: Iterator[bytes], rows_a_file: int) -> list[Path]:
    files: list[Path] = []
    buffer: list[bytes] = []
    for row in rows:
        buffer.append(row)
        if len(buffer) == rows_a_file:
            files.append(_write_one(folder / f"rows-{len(files):04}.bin", head, buffer))
            buffer = []
    if buffer:
        files.append(_write_one(folder / f"rows-{len(files):04}.bin", head, buffer))
    return files


def _write_one(path: Path, head: bytes, rows: list[bytes]) -> Path:
    path.write_bytes(head + b"".join(rows) + _TAIL)
    return path


def copy_in(connection: psycopg.Connection, table: str, ready: bytes) -> None:
    """One COPY and its commit; expects an autocommit connection."""
    statement = sql.SQL("copy {} from stdin (format binary)").format(sql.Identifier(peer_of(table)))
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for start in range(0, len(ready), BLOCK_BYTES):
            copy.write(ready[start : start + BLOCK_BYTES])


def require_same_rows(connection: psycopg.Connection, table: str) -> int:
    """Both tables hold the same records; returns how many. Only page and time of receipt may differ."""
    columns = connection.execute(
        "select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute "
        "where attrelid = %s::regclass and attnum > 0 and attname not in ('page_id', 'received_at')",
        (table,),
    ).fetchone()
    assert columns
    count = "select count(*), coalesce(sum(hashtextextended(row({})::text, 0)), 0) from {}"
    ours, theirs = (
        connection.execute(sql.SQL(count).format(sql.SQL(columns[0]), sql.Identifier(name))).fetchone()
        for name in (table, peer_of(table))
    )
    if ours is None or ours != theirs:
        raise SystemExit(f"the tables hold different rows: {ours} against {theirs}")
    return int(ours[0])
