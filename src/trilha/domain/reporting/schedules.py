"""A report that comes again and again, at a time by the organisation's clocks."""

from datetime import datetime, time, tzinfo
from enum import StrEnum
from uuid import UUID

import msgspec

from trilha.domain.kernel import Conflict, DriverId, GroupId, InvalidValue, NotFound, VehicleId, next_local
from trilha.domain.reporting.jobs import ReportJob
from trilha.domain.reporting.kinds import kind_of
from trilha.domain.reporting.model import ReportFormat, ReportRequest
from trilha.domain.reporting.periods import Period, days_of

MOST_MADE_UP = 31
"""Of the times that passed while nobody was at work, only so many, the last ones, are made up for."""
MOST_SCHEDULES = 100
MAX_NAME_CHARS = 200
LATEST_DAY = 28
"""Every month has it."""
_DAYS_OF_A_WEEK = 7


class Rhythm(StrEnum):
    """How often a report comes."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


class Timetable(msgspec.Struct, frozen=True, kw_only=True):
    """When a report comes: `weekday` (1 is Monday, 7 Sunday) every week, `day` (1 to 28) every month."""

    rhythm: Rhythm
    at: time
    weekday: int | None = None
    day: int | None = None

    def __post_init__(self) -> None:
        if self.at.tzinfo is not None:
            raise InvalidValue("at", self.at.isoformat(), "a time by the organisation's clocks, such as 06:00")
        _check_day("weekday", self.weekday, _DAYS_OF_A_WEEK, wanted=self.rhythm is Rhythm.WEEKLY)
        _check_day("day", self.day, LATEST_DAY, wanted=self.rhythm is Rhythm.MONTHLY)

    def next_after(self, now: datetime, zone: tzinfo) -> datetime:
        """The next time strictly after `now`; see `next_local` for what a change of clocks does."""
        return next_local(
            self.at,
            now,
            zone,
            lambda day: self.weekday in (None, day.isoweekday()) and self.day in (None, day.day),
        )


class ReportSchedule(msgspec.Struct, frozen=True, kw_only=True):
    """What comes when. `next_due_at` is None where it is not active. `version` guards against two writers."""

    id: UUID
    name: str
    kind: str
    format: ReportFormat
    period: Period
    timetable: Timetable
    driver_id: DriverId | None = None
    vehicle_id: VehicleId | None = None
    group_id: GroupId | None = None
    language: str = "pt-BR"
    created_at: datetime
    next_due_at: datetime | None = None
    version: int = 0

    def __post_init__(self) -> None:
        if not 1 <= len(self.name.strip()) <= MAX_NAME_CHARS or "\0" in self.name:
            raise InvalidValue("name", self.name, f"1 to {MAX_NAME_CHARS} characters, none of them NUL")

    @property
    def active(self) -> bool:
        """Whether it makes reports."""
        return self.next_due_at is not None


class TooManySchedules(Conflict):
    """An organisation has so many already."""

    code = "reporting.too_many_schedules"

    def __init__(self) -> None:
        super().__init__(f"there are {MOST_SCHEDULES} schedules already: change or delete one of them")


def plan_reports(schedule: ReportSchedule, now: datetime, zone: tzinfo, *, active: bool) -> ReportSchedule:
    """A schedule that is new or was changed, with the next time that it is due.

    Raises InvalidValue where its reports would be refused.
    """
    kind_of(schedule.kind).check(report_due(schedule, now, zone))
    due = schedule.timetable.next_after(now, zone) if active else None
    return msgspec.structs.replace(schedule, next_due_at=due)


def due_reports(schedule: ReportSchedule, now: datetime, zone: tzinfo) -> tuple[tuple[datetime, ...], ReportSchedule]:
    """The times for which reports are due by `now`, oldest first, and the schedule as it goes on."""
    times: list[datetime] = []
    due = schedule.next_due_at
    while due is not None and due <= now:
        times.append(due)
        due = schedule.timetable.next_after(due, zone)
    later = msgspec.structs.replace(schedule, next_due_at=due, version=schedule.version + 1)
    return tuple(times[-MOST_MADE_UP:]), later


def report_due(schedule: ReportSchedule, due_at: datetime, zone: tzinfo) -> ReportRequest:
    """What is asked for at a time of the schedule: the period before that very day, however late it is made."""
    return ReportRequest(
        kind=schedule.kind,
        days=days_of(schedule.period, due_at.astimezone(zone).date()),
        driver_id=schedule.driver_id,
        vehicle_id=schedule.vehicle_id,
        group_id=schedule.group_id,
        language=schedule.language,
    )


def job_due(key: UUID, schedule: ReportSchedule, due_at: datetime, now: datetime, zone: tzinfo) -> ReportJob:
    """The job of one of the schedule's times."""
    return ReportJob(
        id=key,
        request=report_due(schedule, due_at, zone),
        format=schedule.format,
        requested_at=now,
        schedule_id=schedule.id,
        due_at=due_at,
    )


def schedule_missing(key: UUID) -> NotFound:
    """The refusal where no schedule has that id."""
    return NotFound("report schedule", key)


def _check_day(field: str, value: int | None, most: int, *, wanted: bool) -> None:
    if wanted and (value is None or not 1 <= value <= most):
        raise InvalidValue(field, value, f"1 to {most}")
    if not wanted and value is not None:
        raise InvalidValue(field, value, "nothing: this rhythm does not ask for it")
