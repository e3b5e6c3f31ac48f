"""How fast reports become files, and how much memory that takes.

Made-up trips in ten columns of every kind, written as JSON, CSV and XLSX at several lengths, as PDF at the longest
that is allowed, and the guidance form. Each in a process of its own: `memory` is its high-water mark (VmHWM) above what
it had after writing one row, so that imports do not count; for PDF it is that of the press.
"""

import asyncio
import re
import resource
import time
from argparse import ArgumentParser, Namespace
from collections.abc import AsyncIterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

import msgspec

from benchmarks.figures import Report as Figures
from benchmarks.figures import median, progress
from trilha.adapters.documents import TypstFormPrinter, document_writers
from trilha.adapters.documents.pdf_writer import most_rows
from trilha.adapters.documents.specimen import specimen_form
from trilha.domain.reporting import Column, ColumnKind, Report, ReportFormat, ReportHead, Row

COLUMNS = (
    Column("driver", "Motorista"),
    Column("badge", "Matrícula"),
    Column("vehicle", "Veículo"),
    Column("day", "Dia", ColumnKind.DAY),
    Column("began", "Início", ColumnKind.TIME),
    Column("ended", "Fim", ColumnKind.TIME),
    Column("distance", "Distância (km)", ColumnKind.DECIMAL),
    Column("driving", "Condução", ColumnKind.SECONDS),
    Column("top", "Velocidade máxima (km/h)", ColumnKind.DECIMAL, 1),
    Column("infractions", "Infrações", ColumnKind.INTEGER),
)
BEGAN = datetime(2025, 11, 1, 8, tzinfo=UTC)
FORMS = 50
MIB = 2**20


class Measured(msgspec.Struct, frozen=True):
    """One document."""

    seconds: float
    size_bytes: int
    memory_bytes: int


def add_options(parser: ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000], help="default 10000 100000")


def run(report: Figures, options: Namespace) -> None:
    """Every format at every length, then the form."""
    for kind in (ReportFormat.JSON, ReportFormat.CSV, ReportFormat.XLSX):
        for rows in options.rows:
            _add(report, kind, rows)
    _add(report, ReportFormat.PDF, most_rows(len(COLUMNS)))
    progress(f"{FORMS} guidance forms")
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:
        times = apart.submit(_forms).result()
    report.add("form", 1_000 * median(times), "ms", slowest=round(1_000 * max(times)), first=round(1_000 * times[0]))


def _add(report: Figures, kind: ReportFormat, rows: int) -> None:
    progress(f"{rows:,} rows as {kind}")
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:
        one = apart.submit(_document, kind, rows).result()
    report.add(kind, rows / one.seconds, "rows/s", rows=rows, seconds=round(one.seconds, 2),
               size_mib=round(one.size_bytes / MIB, 2), memory_mib=round(one.memory_bytes / MIB, 1))  # fmt: skip


def _document(kind: ReportFormat, rows: int) -> Measured:
    asyncio.run(_written(kind, 1))
    before = _high_water()
    began = time.perf_counter()
    size = asyncio.run(_written(kind, rows))
    seconds = time.perf_counter() - began
    press = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    return Measured(seconds, size, press if kind is ReportFormat.PDF else _high_water() - before)


async def _written(kind: ReportFormat, rows: int) -> int:
    head = ReportHead(kind="trips", title="Viagens", organisation="Viação Exemplo Ltda.", language="pt-BR",
                      time_zone="America/Sao_Paulo", made_at=BEGAN, columns=COLUMNS)  # fmt: skip
    return sum([len(piece) async for piece in document_writers()[kind].write(Report(head, _rows(rows)))])


async def _rows(count: int) -> AsyncIterator[Row]:
    for number in range(count):
        began = BEGAN + timedelta(minutes=7 * number)
        yield (
            f"José da Conceição {number % 1_000}",
            f"{number % 1_000:05}",
            f"Ônibus {number % 300}",
            date(2025, 11, 1 + number % 30),
            began,
            began + timedelta(minutes=42),
            37.25 + number % 90,
            2_520.0,
            61.5 + number % 40,
            number % 7,
        )


def _forms() -> list[float]:
    times = []
    for number in range(FORMS):
        form = msgspec.structs.replace(specimen_form(), driver_name=f"Motorista {number}")
        began = time.perf_counter()
        TypstFormPrinter().print(form)
        times.append(time.perf_counter() - began)
    return times


def _high_water() -> int:
    found = re.search(r"^VmHWM:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    return int(found[1]) * 1024 if found else 0
