"""Which job runs when: data. The scheduler reads it, and so does the simulated world."""

from datetime import datetime, time, timedelta, tzinfo

import msgspec

from trilha.application.ports import JobRow
from trilha.domain.kernel import InvalidValue, OrganisationId, next_local
from trilha.domain.telemetry import RunKind


class Every(msgspec.Struct, frozen=True, tag=True):
    """At a steady pace."""

    interval: timedelta


class DailyAt(msgspec.Struct, frozen=True, tag=True):
    """Once a day by the organisation's own clocks."""

    local_time: time


Cadence = Every | DailyAt


class JobKind(msgspec.Struct, frozen=True):
    """A kind of recurring work and the task that does it."""

    kind: str
    task: str
    cadence: Cadence


SYNC_MASTER_DATA = RunKind.MASTER_DATA.value
FILL_BACKFILLS = RunKind.BACKFILL.value
"""A job is called as the runs that it makes."""
ROLL_UP_DAYS = "rollup"
MAKE_REPORTS = "reports"
TELL_DUE = "maintenance"

NOTICE_SILENCE = "silence"

_MINUTE = Every(timedelta(minutes=1))
JOBS: tuple[JobKind, ...] = (
    JobKind(kind=SYNC_MASTER_DATA, task="sync_master_data", cadence=DailyAt(time(2, 0))),
    JobKind(kind=RunKind.EVENTS.value, task="ingest_events", cadence=_MINUTE),
    JobKind(kind=RunKind.POSITIONS.value, task="ingest_positions", cadence=_MINUTE),
    JobKind(kind=RunKind.TRIPS.value, task="ingest_trips", cadence=_MINUTE),
    JobKind(kind=RunKind.AMENDMENTS.value, task="read_amendments", cadence=DailyAt(time(3, 0))),
    JobKind(kind=FILL_BACKFILLS, task="fill_backfills", cadence=_MINUTE),
    JobKind(kind=ROLL_UP_DAYS, task="roll_up_days", cadence=Every(timedelta(minutes=5))),
    JobKind(kind=MAKE_REPORTS, task="make_reports", cadence=_MINUTE),
    JobKind(kind=TELL_DUE, task="tell_due", cadence=DailyAt(time(5, 0))),
    JobKind(kind=NOTICE_SILENCE, task="notice_silence", cadence=_MINUTE),
)
INGESTING = tuple(job for job in JOBS if job.kind in tuple(RunKind))
"""Those that ask the source, and are logged as runs."""
SYNCED = tuple(job.kind for job in INGESTING if job.kind != FILL_BACKFILLS)
"""What can be brought up to date at any time; a backfill has something to do only where somebody asked for one."""
_BY_KIND = {job.kind: job for job in JOBS}


def job_of(kind: str) -> JobKind:
    """The job of a kind; raises InvalidValue with the kinds there are."""
    try:
        return _BY_KIND[kind]
    except KeyError:
        raise InvalidValue("kind", kind, " or ".join(_BY_KIND)) from None


def first_job_rows(organisation_id: OrganisationId, now: datetime) -> list[JobRow]:
    """A new organisation's jobs are all due at once: nobody wants to wait until two in the morning for data."""
    return [JobRow(organisation_id=organisation_id, kind=job.kind, next_run_at=now) for job in JOBS]


def next_run(cadence: Cadence, now: datetime, zone: tzinfo) -> datetime:
    """The next time strictly after `now`, in UTC.

    See `next_local` for what a change of clocks does.
    """
    match cadence:
        case Every(interval):
            return now + interval
        case DailyAt(local_time):
            return next_local(local_time, now, zone)
