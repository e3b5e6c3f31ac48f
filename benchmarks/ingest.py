"""MiX JSON pages into PostgreSQL, against raw COPY of the same rows ready encoded.

Ours: pages of 1,000 records of a feed, decoded by the MiX adapter and stored by the use case: rows merged, raw page,
checkpoint, run and outbox row, a commit a page, under row-level security. The peer: binary COPY of the rows as
PostgreSQL itself wrote them, fifty pages a commit, into a table with the same partitions, keys and indexes but no
row-level security.
Both on one server, in turns, chunk by chunk, so that both see the same sizes. The ratio is the median over the chunks.
"""

import os
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import msgspec
import psycopg

from benchmarks.database import Database, fresh_database
from benchmarks.figures import Report, median, progress
from benchmarks.ingesting import Done, Order, Parts
from benchmarks.pages import PAGE, write_pages
from benchmarks.processor_time import used_by, used_by_server
from benchmarks.raw_copy import copy_in, dump, make_peer_table, require_same_rows
from benchmarks.read_data import ORGANISATION
from benchmarks.scratch import folder
from trilha.adapters.postgres.staging import RECORD_TABLES
from trilha.domain.telemetry import Stream

APART = 100
"""Pages of which each step is timed by itself, after the comparison."""
ROWS = {Stream.EVENTS: 1_000_000, Stream.POSITIONS: 1_000_000, Stream.TRIPS: 200_000}
CHUNK = 50
"""Pages that one side brings in before it is the other's turn."""
MIDDLE_OF_DATA = datetime(2026, 2, 15, tzinfo=UTC)
"""The simulator's load mode has its records from January to March."""
Answer = TypeVar("Answer")
_CONNECT = (
    "insert into organisations values (%(id)s, 'Viação Exemplo', 'America/Sao_Paulo', now());"
    "insert into organisation_sources values (%(id)s, 'mix', 4242)"
)


class Turn(msgspec.Struct, frozen=True):
    """What it took to bring a chunk in: on the wall, and of the processors. Raw COPY does not count its rows."""

    seconds: float
    server_s: float
    client_s: float
    rows: int = 0
    peak_rss_mib: float = 0.0


def add_options(parser: ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("--rows", type=int, help="records to ingest (default 1,000,000; of trips 200,000)")
    parser.add_argument("--stream", choices=list(RECORD_TABLES), help="one feed (default: all, one after the other)")


def run(report: Report, options: Namespace) -> None:
    """Measure each feed that is asked for."""
    for stream in [Stream(options.stream)] if options.stream else RECORD_TABLES:
        _measure(report, stream, options.rows or ROWS[stream])


def _measure(report: Report, stream: Stream, rows: int) -> None:
    """Prepare the peer's bytes by ingesting once, then measure on a fresh server."""
    table = RECORD_TABLES[stream].table
    with tempfile.TemporaryDirectory(dir=folder("ingest")) as name:
        pages = Path(name) / "pages.bin"
        write_pages(pages, stream, rows + APART * PAGE)
        ready = _encoded(pages, stream, Path(name), rows)
        with (
            fresh_database(MIDDLE_OF_DATA) as database,
            psycopg.connect(database.superuser_url, autocommit=True) as superuser,
        ):
            _connect_organisation(superuser)
            make_peer_table(superuser, table)
            with _ingesting(database, pages, stream) as process:
                ours, theirs = _in_turns(superuser, table, process, ready)
                same = require_same_rows(superuser, table)
                parts = _order(process, Order(APART, apart=True), list[Parts])
        _tell(report, ours, theirs, stream=stream.value, rows=same, postgres=database.version)
        _tell_parts(report, parts, stream=stream.value)


def _encoded(pages: Path, stream: Stream, target: Path, rows: int) -> Sequence[Path]:
    with fresh_database(MIDDLE_OF_DATA) as database, psycopg.connect(database.superuser_url) as superuser:
        _connect_organisation(superuser)
        superuser.commit()
        progress("ingesting once, unmeasured")
        with _ingesting(database, pages, stream) as process:
            _order(process, Order(-(-rows // PAGE)), Done)
        return dump(superuser, RECORD_TABLES[stream].table, target, CHUNK * PAGE)


def _in_turns(
    superuser: psycopg.Connection, table: str, process: "subprocess.Popen[bytes]", ready: Sequence[Path]
) -> tuple[list[Turn], list[Turn]]:
    ours: list[Turn] = []
    theirs: list[Turn] = []
    for number, path in enumerate(ready):
        progress(f"chunk {number + 1} of {len(ready)}")
        content = path.read_bytes()
        if number % 2:
            theirs.append(_copy_timed(superuser, table, content))
        ours.append(_ingest_timed(superuser, process))
        if not number % 2:
            theirs.append(_copy_timed(superuser, table, content))
    return ours, theirs


def _ingest_timed(superuser: psycopg.Connection, process: "subprocess.Popen[bytes]") -> Turn:
    server, client = used_by_server(superuser), used_by(process.pid)
    done = _order(process, Order(CHUNK), Done)
    server, client = used_by_server(superuser) - server, used_by(process.pid) - client
    return Turn(done.seconds, server, client, done.rows, done.peak_rss_mib)


def _copy_timed(superuser: psycopg.Connection, table: str, content: bytes) -> Turn:
    server, client, started = used_by_server(superuser), time.process_time(), time.perf_counter()
    copy_in(superuser, table, content)
    seconds, client = time.perf_counter() - started, time.process_time() - client
    return Turn(seconds, used_by_server(superuser) - server, client)


def _connect_organisation(superuser: psycopg.Connection) -> None:
    for statement in _CONNECT.split(";"):
        superuser.execute(statement, {"id": ORGANISATION})


@contextmanager
def _ingesting(database: Database, pages: Path, stream: Stream) -> Iterator["subprocess.Popen[bytes]"]:
    urls = {"TRILHA_DATABASE_URL": database.urls.app, "TRILHA_DATABASE_SYSTEM_URL": database.urls.system}
    command = [sys.executable, "-m", "benchmarks.ingesting", str(pages), stream.value]
    process = subprocess.Popen(command, env=os.environ | urls, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        yield process
    finally:
        if process.stdin:
            process.stdin.close()
        process.wait(30)


def _order(process: "subprocess.Popen[bytes]", order: Order, answer: type[Answer]) -> Answer:
    assert process.stdin
    assert process.stdout
    process.stdin.write(msgspec.json.encode(order) + b"\n")
    process.stdin.flush()
    line = process.stdout.readline()
    if not line:
        raise SystemExit("the ingesting process ended: see its error above")
    return msgspec.json.decode(line, type=answer)


def _tell(report: Report, ours: Sequence[Turn], theirs: Sequence[Turn], *, stream: str, **details: float | str) -> None:
    rates = [done.rows / done.seconds for done in ours]
    copies = [done.rows / copy.seconds for done, copy in zip(ours, theirs, strict=True)]
    ratios = [mine / other for mine, other in zip(rates, copies, strict=True)]
    report.add("trilha", median(rates), "rows/s", stream=stream, commit_rows=PAGE,
               source="pages from a file, decoded in the process")  # fmt: skip
    report.add("raw_copy", median(copies), "rows/s", stream=stream, commit_rows=CHUNK * PAGE)
    peer = "binary COPY of ready bytes, same partitions and indexes, no row-level security"
    span = {"lowest": round(min(ratios), 3), "highest": round(max(ratios), 3)}
    report.add("ratio_to_raw_copy", median(ratios), "x", stream=stream, **span, peer=peer, **details)
    for name, turns in (("processor", ours), ("processor_raw_copy", theirs)):
        per_page = [PAGE / done.rows * 1e3 for done in ours]
        server = median([turn.server_s * scale for turn, scale in zip(turns, per_page, strict=True)])
        client = median([turn.client_s * scale for turn, scale in zip(turns, per_page, strict=True)])
        report.add(name, server + client, "ms a page", stream=stream, server=round(server, 2), client=round(client, 2))
    peak = max(done.peak_rss_mib for done in ours)
    report.add("peak_memory", peak, "MiB", stream=stream, process="the ingesting one")


def _tell_parts(report: Report, parts: Sequence[Parts], stream: str) -> None:
    for step in ("decode", "encode", "staging", "merge", "page"):
        seconds = median([getattr(part, step) / part.rows for part in parts])
        if seconds <= 0:
            continue  # what is left after a merge that was timed apart, where that took as long as the whole
        report.add(step, 1 / seconds, "rows/s", stream=stream, ms_a_page=round(seconds * PAGE * 1e3, 2))
