"""Where a report goes: into a file that appears once it is whole, or to standard output; with a bar for people."""

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing, contextmanager, nullcontext
from pathlib import Path
from typing import Self

import msgspec
from rich.progress import BarColumn, Progress, TextColumn

from trilha.application.reporting.command_jobs import StoredReport
from trilha.application.reporting.open_report import OpenedReport
from trilha.application.reporting.views import ReportJobView
from trilha.domain.reporting import ReportFormat
from trilha.entrypoints.cli.output import errors
from trilha.entrypoints.mistakes import ExitCode, Mistake

_STANDARD = Path("-")
Write = Callable[[bytes], object]


class Target(msgspec.Struct, frozen=True):
    """A file, standard output (`-`), or None: a file here, called as the report is."""

    path: Path | None
    format: ReportFormat

    @classmethod
    def of(cls, output: Path | None, report_format: str | None) -> Self:
        """As it was asked for; what was not is decided by where standard output leads. Raises Mistake."""
        path = _STANDARD if output is None and not sys.stdout.isatty() else output
        named = report_format or ("" if path is None else path.suffix.removeprefix(".").lower())
        known = {one.value: one for one in ReportFormat}
        if named and named not in known:
            endings = ", ".join(f".{one}" for one in known)
            raise Mistake(
                f"{path} ends in none of {endings}: name another file, or the format with --format", ExitCode.USAGE
            )
        return cls(path, known.get(named, ReportFormat.CSV if path == _STANDARD else ReportFormat.XLSX))

    @property
    def is_standard_output(self) -> bool:
        """Whether nothing else may be written there."""
        return self.path == _STANDARD

    @contextmanager
    def opened(self, name: str) -> Iterator[Write]:
        """Writes; what is not written to the end is no file. Raises Mistake."""
        if self.is_standard_output:
            yield sys.stdout.buffer.write
            sys.stdout.buffer.flush()
            return
        whole = self.path or Path(name)
        part = whole.with_name(f".{whole.name}.part")
        try:
            with part.open("wb") as file:
                yield file.write
            part.replace(whole)
        except OSError as error:
            raise Mistake(f"cannot write {whole} ({error.strerror}): name another place with --output") from error
        finally:
            part.unlink(missing_ok=True)
        errors.print(f"wrote {whole} ({whole.stat().st_size:,} bytes)", highlight=False, soft_wrap=True)


async def write_opened(opened: OpenedReport, target: Target) -> None:
    """A report as it is made."""
    total = opened.head.expected_rows
    async with aclosing(opened):
        with target.opened(opened.name) as write, _bar(quiet=target.is_standard_output) as told:
            async for piece in opened.pieces:
                write(piece)
                told(f"{opened.rows_written:,} rows", opened.rows_written, total)


async def write_stored(stored: StoredReport, target: Target) -> None:
    """One that was made before."""
    with target.opened(stored.name) as write:
        async for piece in stored.pieces:
            write(piece)


async def followed(views: AsyncIterator[ReportJobView], *, quiet: bool, view: ReportJobView) -> ReportJobView:
    """The last of the views; a bar shows those before."""
    with _bar(quiet=quiet) as told:
        async for fresh in views:
            view = fresh
            end = "" if fresh.expected_end_at is None else f", done about {fresh.expected_end_at.astimezone():%H:%M:%S}"
            told(f"{fresh.status}: {fresh.rows_written:,} rows{end}", fresh.rows_written, fresh.expected_rows)
    return view


@contextmanager
def _bar(*, quiet: bool) -> Iterator[Callable[[str, int, int | None], None]]:
    bar = Progress(TextColumn("{task.description}"), BarColumn(), console=errors, transient=True)
    with bar if errors.is_terminal and not quiet else nullcontext():
        task = bar.add_task("report", total=None)
        yield lambda text, rows, total: bar.update(task, description=text, completed=rows, total=total)
