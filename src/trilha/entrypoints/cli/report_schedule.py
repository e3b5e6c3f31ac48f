"""`trilha report schedule`: reports that come again and again."""

from datetime import time
from typing import Any
from uuid import UUID

import rich_click as click

from trilha.application.reporting.command_schedules import SchedulePlan
from trilha.application.reporting.views import ReportScheduleView
from trilha.domain.reporting import KINDS, LANGUAGES, Period, ReportFormat, Rhythm
from trilha.entrypoints.cli.asking import SOURCE_ID, organisation, with_operator
from trilha.entrypoints.cli.output import as_json, say, show, show_rows, speaks_plainly
from trilha.entrypoints.mistakes import ExitCode, Mistake

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_HEADINGS = ("id", "name", "kind", "format", "period", "rhythm", "at", "next")


@click.group()
def schedule() -> None:
    """Let a report come every day, week or month; the workers make it, and it is kept for a week.

    Example: [cyan]trilha report schedule add "Ranking" ranking --every week --on monday --at 06:00[/]
    """


@schedule.command()
@click.argument("name")
@click.argument("kind", type=click.Choice([one.kind for one in KINDS]), metavar="KIND")
@click.option("--every", type=click.Choice(["day", "week", "month"]), required=True, help="How often.")
@click.option("--on", type=click.Choice(_WEEKDAYS), help="With week: on which day.")
@click.option("--day", type=click.IntRange(1, 28), help="With month: on which day of it.")
@click.option("--at", default="06:00", show_default=True, help="When, by the organisation's clocks.")
@click.option(
    "--period", type=click.Choice([one.value for one in Period]), help="About what. Default: what fits the rhythm."
)
@click.option("--format", "report_format", type=click.Choice([one.value for one in ReportFormat]), default="xlsx")
@click.option("--language", type=click.Choice(LANGUAGES), default=LANGUAGES[0], show_default=True)
@click.option("--driver", "driver_id", type=SOURCE_ID, help="Only this driver, by id.")
@click.option("--vehicle", "vehicle_id", type=SOURCE_ID, help="Only this vehicle, by id.")
@click.option("--group", "group_id", type=SOURCE_ID, help="Only this group and those below it, by id.")
@organisation
@as_json
@speaks_plainly
def add(
    *,
    every: str,
    on: str | None,
    at: str,
    period: str | None,
    report_format: str,
    organisation: str | None,
    as_json: bool,
    **plain: Any,  # noqa: ANN401 - as click has read them
) -> None:
    """Make a schedule.

    Example: [cyan]trilha report schedule add "Infrações" group_infractions --every month --day 1 --format pdf[/]
    """
    _require_day(every, on, plain["day"])
    rhythm, fits = _RHYTHMS[every]
    plan = SchedulePlan(
        period=fits if period is None else Period(period),
        rhythm=rhythm,
        at=_time(at),
        weekday=None if on is None else _WEEKDAYS.index(on) + 1,
        format=ReportFormat(report_format),
        **plain,  # named by click as the plan names them
    )

    made: ReportScheduleView = with_operator(organisation, lambda operator: operator.reports.schedule(plan))
    if as_json:
        show(made, as_json=True)
    else:
        show_rows(_HEADINGS, [_row(made)])


@schedule.command(name="list")
@organisation
@as_json
@speaks_plainly
def list_(*, organisation: str | None, as_json: bool) -> None:
    """List schedules, with when each comes next.

    Example: [cyan]trilha report schedule list[/]
    """
    views: list[ReportScheduleView] = with_operator(organisation, lambda operator: operator.reports.schedules())
    if as_json:
        show({"schedules": views}, as_json=True)
    else:
        show_rows(_HEADINGS, [_row(view) for view in views])


@schedule.command()
@click.argument("schedule_id", type=click.UUID, metavar="ID")
@organisation
@speaks_plainly
def remove(*, schedule_id: UUID, organisation: str | None) -> None:
    """Let it come no more. What it has made stays for its time.

    Example: [cyan]trilha report schedule remove 019b1f5e-7d1c-7c3e-9d5a-4c1f0e2b3a4d[/]
    """
    with_operator(organisation, lambda operator: operator.reports.unschedule(schedule_id))
    say("it comes no more")


_RHYTHMS = {
    "day": (Rhythm.DAILY, Period.YESTERDAY),
    "week": (Rhythm.WEEKLY, Period.LAST_FULL_WEEK),
    "month": (Rhythm.MONTHLY, Period.LAST_FULL_MONTH),
}


def _require_day(every: str, on: str | None, day: int | None) -> None:
    """Said by the names of the options, which the schedule does not know."""
    for option, value, rhythm, example in (("--on", on, "week", "monday"), ("--day", day, "month", "1")):
        if every == rhythm and value is None:
            raise Mistake(f"--every {rhythm} needs a day, such as {option} {example}", ExitCode.USAGE)
        if every != rhythm and value is not None:
            raise Mistake(f"{option} goes with --every {rhythm} only", ExitCode.USAGE)


def _time(text: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is no time; expected such as 06:00", param_hint="--at") from None


def _row(view: ReportScheduleView) -> tuple[object, ...]:
    following = None if view.next_due_at is None else f"{view.next_due_at.astimezone():%Y-%m-%d %H:%M}"
    return (view.id, view.name, view.kind, view.format, view.period, view.rhythm, view.at, following)
