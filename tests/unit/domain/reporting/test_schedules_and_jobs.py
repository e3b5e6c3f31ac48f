"""When reports come, and how a job of one may go."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trilha.domain.kernel import DayRange, DriverId, GroupId, InvalidValue
from trilha.domain.reporting import (
    KINDS,
    Period,
    ReportEnded,
    ReportExpired,
    ReportFile,
    ReportNotDone,
    ReportRequest,
    ReportSchedule,
    ReportStatus,
    Rhythm,
    Timetable,
    begin_report,
    cancel_report,
    days_of,
    due_reports,
    estimate_report,
    fail_report,
    file_of,
    finish_report,
    kind_of,
    move_report,
)
from trilha.testing.contracts.reporting import a_job, a_schedule
from trilha.testing.strategies import instants, time_zones
from trilha.testing.strategies.reporting import report_schedules, timetables

SAO_PAULO, LISBON = ZoneInfo("America/Sao_Paulo"), ZoneInfo("Europe/Lisbon")
RECENT = instants(datetime(1990, 1, 1, tzinfo=UTC), datetime(2037, 1, 1, tzinfo=UTC))
DAY = timedelta(days=1)
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("timetable", "now", "zone", "expected"),
    [
        (Timetable(rhythm=Rhythm.WEEKLY, at=time(6), weekday=1), NOON, SAO_PAULO, "2026-03-16T09:00:00+00:00"),
        (Timetable(rhythm=Rhythm.MONTHLY, at=time(6), day=10), NOON, SAO_PAULO, "2026-04-10T09:00:00+00:00"),
        # Lisbon leaves out 1:00 to 2:00 on Sunday 29 March 2026 and repeats it on 25 October.
        (Timetable(rhythm=Rhythm.WEEKLY, at=time(1, 30), weekday=7), datetime(2026, 3, 25, tzinfo=UTC), LISBON,
         "2026-03-29T01:30:00+00:00"),
        (Timetable(rhythm=Rhythm.WEEKLY, at=time(1, 30), weekday=7), datetime(2026, 10, 25, 0, 45, tzinfo=UTC), LISBON,
         "2026-11-01T01:30:00+00:00"),
    ],
)  # fmt: skip
def test_a_report_comes_by_the_organisations_clocks(
    timetable: Timetable, now: datetime, zone: ZoneInfo, expected: str
) -> None:
    assert timetable.next_after(now, zone).isoformat() == expected


@given(timetable=timetables(), now=RECENT, zone=time_zones())
def test_it_comes_later_and_on_its_day(timetable: Timetable, now: datetime, zone: ZoneInfo) -> None:
    moment = timetable.next_after(now, zone)
    assert now < moment <= now + 33 * DAY
    days = {(moment - timedelta(hours=3)).astimezone(zone).date(), moment.astimezone(zone).date()}
    assert any(timetable.weekday in (None, day.isoweekday()) and timetable.day in (None, day.day) for day in days)


@given(schedule=report_schedules(), ahead=st.timedeltas(timedelta(0), 60 * DAY), zone=time_zones())
def test_no_time_is_due_twice_and_none_is_left_behind(
    schedule: ReportSchedule, ahead: timedelta, zone: ZoneInfo
) -> None:
    if schedule.next_due_at is None:
        assert due_reports(schedule, NOON, zone)[0] == ()
        return
    now = schedule.next_due_at + ahead
    times, later = due_reports(schedule, now, zone)
    assert list(times) == sorted(set(times))
    assert all(moment <= now for moment in times)
    assert schedule.timetable.next_after(times[-1], zone) == later.next_due_at
    assert later.next_due_at is not None
    assert later.next_due_at > now
    assert due_reports(later, now, zone)[0] == ()


@given(today=st.dates(date(1990, 1, 1), date(2090, 1, 1)))
def test_a_period_is_over_and_as_long_as_it_says(today: date) -> None:
    yesterday, week, month = (days_of(period, today) for period in Period)
    assert yesterday == DayRange(today - DAY, today - DAY)
    assert (week.first.isoweekday(), len(week)) == (1, 7)
    assert today - 7 * DAY <= week.last < today
    assert month.first.day == 1
    assert (month.last + DAY).day == 1
    assert month.last < today <= month.last + 31 * DAY


@pytest.mark.parametrize(
    "given",
    [
        {"rhythm": Rhythm.WEEKLY},
        {"rhythm": Rhythm.WEEKLY, "weekday": 8},
        {"rhythm": Rhythm.DAILY, "weekday": 1},
        {"rhythm": Rhythm.MONTHLY, "day": 31},
        {"rhythm": Rhythm.MONTHLY, "day": 1, "weekday": 1},
        {"rhythm": Rhythm.DAILY, "at": time(6, tzinfo=UTC)},
    ],
)
def test_a_timetable_without_its_day_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(InvalidValue):
        Timetable(**{"at": time(6), **given})  # type: ignore[arg-type] # what nobody should give


@pytest.mark.parametrize("name", ["", "  ", "x" * 201, "a\0b"])
def test_a_schedule_has_a_name_that_can_be_kept(name: str) -> None:
    with pytest.raises(InvalidValue):
        ReportSchedule(
            **{**{field: getattr(a_schedule(), field) for field in ReportSchedule.__struct_fields__}, "name": name}
        )


@pytest.mark.parametrize("kind", [one.kind for one in KINDS])
def test_a_kind_takes_one_filter_of_its_own_at_most(kind: str) -> None:
    days = DayRange(date(2026, 3, 1), date(2026, 3, 8))
    known = kind_of(kind)
    for name in ("driver_id", "vehicle_id", "group_id"):
        request = ReportRequest(kind=kind, days=days, **{name: 7})
        if name in known.takes:
            known.check(request)
        else:
            with pytest.raises(InvalidValue, match=f"^({name}|driver_id is missing)"):
                known.check(request)
    with pytest.raises(InvalidValue, match="one at a time"):
        known.check(ReportRequest(kind=kind, days=days, driver_id=DriverId(1), group_id=GroupId(1)))


def test_a_job_is_estimated_by_its_rows() -> None:
    job = begin_report(a_job(), NOON)
    assert estimate_report(job, NOON).done_share is None
    quarter = move_report(job, 25, 100)
    assert estimate_report(quarter, NOON + timedelta(minutes=1)).done_share == 0.25
    assert estimate_report(quarter, NOON + timedelta(minutes=1)).ends_at == NOON + timedelta(minutes=4)
    assert estimate_report(move_report(job, 120, 100), NOON).done_share == 1.0


def test_a_job_that_has_ended_stays_as_it_is() -> None:
    job = begin_report(a_job(), NOON)
    file = ReportFile(1, 1, "0" * 64, NOON + DAY)
    done, failed = finish_report(job, 1, file, NOON), fail_report(job, "no", "no", NOON)
    for ended in (done, failed):
        with pytest.raises(ReportEnded):
            cancel_report(ended, NOON)
    cancelled = cancel_report(job, NOON)
    assert cancel_report(cancelled, NOON + DAY) is cancelled
    assert file_of(done, NOON) == file
    with pytest.raises(ReportExpired):
        file_of(done, NOON + DAY)
    for fileless in (job, failed, cancelled):
        with pytest.raises(ReportNotDone):
            file_of(fileless, NOON)
    assert {job.status, done.status} == {ReportStatus.RUNNING, ReportStatus.DONE}
    assert isinstance(job.id, UUID)
