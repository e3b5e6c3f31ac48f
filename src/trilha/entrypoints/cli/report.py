"""`trilha report`: reports here and now, by the workers, and again and again."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import rich_click as click

from trilha.application.reporting.asking import ReportQuestion
from trilha.application.reporting.views import ReportJobView, ReportKindView
from trilha.domain.reporting import KINDS, LANGUAGES, ReportFormat, ReportStatus
from trilha.entrypoints.cli.asking import DAY, SOURCE_ID, organisation, with_operator
from trilha.entrypoints.cli.output import as_json, show, show_rows, speaks_plainly
from trilha.entrypoints.cli.report_file import Target, followed, write_opened, write_stored
from trilha.entrypoints.cli.report_schedule import schedule
from trilha.entrypoints.mistakes import Mistake

_KINDS = [one.kind for one in KINDS]
_output = click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path, allow_dash=True),
    help="File to write, `-` for standard output. Default: standard output where it is piped, else a file here.",
)  # fmt: skip
_format = click.option(
    "--format", "report_format", type=click.Choice([one.value for one in ReportFormat]),
    help="Default: by the ending of --output, csv where it is piped, else xlsx.",
)  # fmt: skip
Command = Callable[..., None]


def _about(command: Command) -> Command:
    """What a report is to be about."""
    options = (
        click.argument("kind", type=click.Choice(_KINDS), metavar="KIND"),
        click.option("--from", "first", type=DAY, help="First day. Default: the last full month."),
        click.option("--to", "last", type=DAY, help="Last day; it is included."),
        click.option("--reference", type=DAY, help="Instead: the two months before this day, and its own up to it."),
        click.option("--driver", "driver_id", type=SOURCE_ID, help="Only this driver, by id."),
        click.option("--vehicle", "vehicle_id", type=SOURCE_ID, help="Only this vehicle, by id."),
        click.option("--group", "group_id", type=SOURCE_ID, help="Only this group and those below it, by id."),
        click.option("--language", type=click.Choice(LANGUAGES), default=LANGUAGES[0], show_default=True),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.group()
def report() -> None:
    """Infractions, rankings, trips and more as spreadsheet, page, CSV or JSON.

    Here and now ([cyan]run[/]), by the workers for later ([cyan]start[/]), or again and again ([cyan]schedule[/]).
    Days are those of the organisation's clocks.

    Example: [cyan]trilha report run ranking --from 2026-10-01 --to 2026-10-31 --output ranking.xlsx[/]
    """


@report.command(name="list")
@organisation
@as_json
@speaks_plainly
def list_(*, organisation: str | None, as_json: bool) -> None:
    """Say what reports there are, and by what each can be narrowed.

    Example: [cyan]trilha report list[/]
    """
    found: tuple[ReportKindView, ...] = with_operator(organisation, lambda operator: operator.reports.kinds())
    if as_json:
        show({"kinds": list(found)}, as_json=True)
    else:
        rows = [(one.kind, one.title.en, ", ".join(_narrowed(one)), one.about.en) for one in found]
        show_rows(("kind", "title", "narrowed by", "about"), rows)


def _narrowed(kind: ReportKindView) -> list[str]:
    names = [name.removesuffix("_id") for name in kind.takes if name.endswith("_id")]
    return [f"{name} (needed)" if f"{name}_id" in kind.needs else name for name in names]


@report.command()
@_about
@_format
@_output
@organisation
@speaks_plainly
def run(*, report_format: str | None, output: Path | None, organisation: str | None, **about: Any) -> None:  # noqa: ANN401 - as click has read them
    """Make a report here and now, of any length. A file appears once it is whole.

    Example: [cyan]trilha report run trips --from 2026-10-01 --to 2026-10-31 --vehicle 4711 > trips.csv[/]

    Example: [cyan]trilha report run infractions --driver 815 --reference 2026-11-09 --output José.pdf[/]
    """
    question = ReportQuestion(**about)
    target = Target.of(output, report_format)

    async def make(operator: Any) -> None:  # noqa: ANN401 - see with_operator
        await write_opened(await operator.reports.open(question, target.format), target)

    with_operator(organisation, make)


@report.command()
@_about
@_format
@click.option("--wait", is_flag=True, help="Stay until it is done, with a bar, and fetch it; Ctrl-C leaves it running.")
@_output
@organisation
@as_json
@speaks_plainly
def start(
    *,
    report_format: str | None,
    wait: bool,
    output: Path | None,
    organisation: str | None,
    as_json: bool,
    **about: Any,  # noqa: ANN401 - as click has read them
) -> None:
    """Let the workers make a report; the file is kept for a week.

    Example: [cyan]trilha report start group_infractions --from 2026-01-01 --to 2026-10-31 --wait --output year.xlsx[/]
    """
    question = ReportQuestion(**about)
    target = Target.of(output, report_format)

    async def ask(operator: Any) -> ReportJobView:  # noqa: ANN401 - see with_operator
        view: ReportJobView = await operator.reports.start(question, target.format)
        if wait:
            view = await followed(operator.reports.follow(view.id), quiet=as_json, view=view)
            if view.status == ReportStatus.DONE:
                await write_stored(await operator.reports.fetch(view.id), target)
        return view

    view = with_operator(organisation, ask)
    if as_json or not target.is_standard_output:
        show(view if as_json else _shown(view), as_json=as_json)
    if view.status in {ReportStatus.FAILED, ReportStatus.CANCELLED}:
        raise Mistake(f"the report {view.status}: {view.error_message or 'somebody stopped it'}")


@report.command()
@click.option("--status", type=click.Choice([one.value for one in ReportStatus]), help="Only those that stand so.")
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True, help="How many, newest first.")
@organisation
@as_json
@speaks_plainly
def jobs(*, status: str | None, limit: int, organisation: str | None, as_json: bool) -> None:
    """List reports that the workers make or have made.

    Example: [cyan]trilha report jobs --status running[/]
    """
    views: list[ReportJobView] = with_operator(organisation, lambda operator: operator.reports.jobs(limit, status))
    if as_json:
        show({"jobs": views}, as_json=True)
    else:
        show_rows(("id", "kind", "format", "from", "to", "status", "rows", "asked"), [_row(view) for view in views])


@report.command()
@click.argument("job_id", type=click.UUID, metavar="ID")
@organisation
@as_json
@speaks_plainly
def cancel(*, job_id: UUID, organisation: str | None, as_json: bool) -> None:
    """Stop a report that the workers make; what was made of it is dropped.

    Example: [cyan]trilha report cancel 019b1f5e-7d1c-7c3e-9d5a-4c1f0e2b3a4d[/] (`trilha report jobs` has the ids)
    """
    view: ReportJobView = with_operator(organisation, lambda operator: operator.reports.cancel(job_id))
    show(view if as_json else _shown(view), as_json=as_json)


@report.command()
@click.argument("job_id", type=click.UUID, metavar="ID")
@_output
@organisation
@speaks_plainly
def download(*, job_id: UUID, output: Path | None, organisation: str | None) -> None:
    """Fetch what the workers have made.

    Example: [cyan]trilha report download 019b1f5e-7d1c-7c3e-9d5a-4c1f0e2b3a4d --output year.xlsx[/]
    """
    target = Target.of(output, None)

    async def fetch(operator: Any) -> None:  # noqa: ANN401 - see with_operator
        await write_stored(await operator.reports.fetch(job_id), target)

    with_operator(organisation, fetch)


report.add_command(schedule)


def _row(view: ReportJobView) -> tuple[object, ...]:
    rows = f"{view.rows_written}" + (f" of {view.expected_rows}" if view.expected_rows is not None else "")
    asked = f"{view.requested_at.astimezone():%Y-%m-%d %H:%M}"
    return (view.id, view.kind, view.format, view.first, view.last, view.status, rows, asked)


def _shown(view: ReportJobView) -> dict[str, object]:
    done = None if view.done_share is None else f"{view.done_share:.0%}"
    said = {"id": view.id, "status": view.status, "kind": view.kind, "days": f"{view.first} to {view.last}"}
    told = {"rows": view.rows_written, "done": done, "fetch": f"trilha report download {view.id}"}
    return {**said, **told} if view.status not in {ReportStatus.FAILED, ReportStatus.CANCELLED} else said
