"""What several commands ask for: times, ids, and whose data."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from typing import Any, TypeVar

import rich_click as click

from trilha.domain.kernel import InvalidValue, parse_source_id
from trilha.entrypoints.cli.running import operator_settings

Found = TypeVar("Found")

organisation = click.option(
    "--organisation", metavar="ID|NAME", help="Whose data; needed where there are several organisations."
)


class Moment(click.ParamType[datetime]):
    """A time, or a day at its first moment; UTC where no zone is given."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read it."""
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(str(value))
            return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(
                f"{value!r} is no time; expected such as 2026-03-01 or 2026-03-01T06:30-03:00",
                param,
                ctx,
            )


class SourceId(click.ParamType[int]):
    """An id of the source. Half of them are below zero: give the command NEGATIVE_IDS."""

    name = "id"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read it."""
        try:
            return parse_source_id(str(value))
        except InvalidValue as error:
            self.fail(str(error), param, ctx)


MOMENT = Moment()
SOURCE_ID = SourceId()
NEGATIVE_IDS = {"ignore_unknown_options": True}
"""Context settings of a command whose arguments may begin with a minus."""


def with_operator(
    organisation: str | None,
    work: Callable[[Any], Awaitable[Found]],  # an Operator, whose module loads the platform
) -> Found:
    """What `work` finds with the operator of an organisation."""
    settings = operator_settings("operator")
    from trilha.entrypoints.operating import operating

    async def run() -> Found:
        async with operating(settings, organisation) as operator:
            return await work(operator)

    return asyncio.run(run())


class Day(click.ParamType[date]):
    """A day by the organisation's clocks."""

    name = "day"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Read it."""
        try:
            return value if isinstance(value, date) else date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no day; expected such as 2026-03-01", param, ctx)


DAY = Day()
