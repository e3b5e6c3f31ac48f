"""Saying of which days the counts that are kept hold no longer.

Whoever changes records of a day adds a mark in the same transaction, so a reader sees both or neither. Marks are only
added here: pages that overlap never wait for each other. Days of UTC, so that no zone has to be known; a local day is
stale if a day of UTC that it touches is marked. The refresher takes the marks away, see `rollup`.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final, LiteralString

from trilha.adapters.postgres.session import Session
from trilha.domain.kernel import OrganisationId
from trilha.domain.telemetry import AMENDED_FEEDS, Stream

COUNTED: Final = AMENDED_FEEDS
"""The feeds whose records are counted by day."""

_MARK: Final = "insert into stale_days (organisation_id, stream, utc_day) select %s, %s, unnest(%s::date[])"
_ADD: Final[LiteralString] = "insert into stale_days (organisation_id, stream, utc_day)"
UTC_DAY: Final[LiteralString] = "(occurred_at at time zone 'UTC')::date"
FIRST_UTC_DAY: Final[LiteralString] = "({}.start_at at time zone 'UTC')::date"
LAST_UTC_DAY: Final[LiteralString] = "(({}.end_at - interval '1 microsecond') at time zone 'UTC')::date"
MARK_MONTH: Final[LiteralString] = (
    f"{_ADD} select organisation_id, %(stream)s, marked.day::date from "
    "(select distinct organisation_id from rolled_days where day between %(first)s - 1 and %(last)s + 1) known, "
    "generate_series(%(first)s::timestamp, %(last)s::timestamp, '1 day') as marked (day)"
)
"""The days of a whole month, for each organisation that has counts of them."""


def mark(session: Session, organisation_id: OrganisationId, stream: Stream, moments: Iterable[datetime]) -> None:
    """The days in which records lie that are new, changed or gone; `moments` are in UTC."""
    days = {moment.date() for moment in moments}
    if stream in COUNTED and days:
        session.later(_MARK, (organisation_id, stream.value, list(days)))


def marking(stream: Stream | None, change: LiteralString) -> LiteralString:
    """`change`, an update or delete, with the days of the rows that it finds marked; says how many rows those were."""
    if stream not in COUNTED:
        return f"with changed as ({change} returning 1) select count(*) from changed"
    return (
        f"with changed as ({change} returning organisation_id, occurred_at), "
        f"marked as ({_ADD} select distinct organisation_id, '{stream.value}', {UTC_DAY} from changed) "
        "select count(*) from changed"
    )
