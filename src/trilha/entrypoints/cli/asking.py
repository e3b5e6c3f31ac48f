"""What several commands ask for: times, and whose data."""

from datetime import UTC, datetime

import rich_click as click

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


MOMENT = Moment()
