"""Values of reporting."""

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import strategies as st

from trilha.domain.kernel import DayRange
from trilha.domain.reporting import (
    LANGUAGES,
    Period,
    ReportFile,
    ReportFormat,
    ReportJob,
    ReportRequest,
    ReportSchedule,
    ReportStatus,
    Rhythm,
    Timetable,
)
from trilha.testing.strategies.values import LARGEST_COUNT, Strategy, instants, names, source_ids, uuids7

_formats = st.sampled_from(ReportFormat)
_languages = st.sampled_from(LANGUAGES)
_counts = st.integers(0, LARGEST_COUNT)
_kinds = st.sampled_from(["ranking", "trips"])


def day_ranges() -> Strategy[DayRange]:
    """Some days of this century."""
    first = st.dates(date(2000, 1, 1), date(2099, 1, 1))
    return st.builds(lambda day, more: DayRange(day, day + timedelta(days=more)), first, st.integers(0, 366))


def report_requests() -> Strategy[ReportRequest]:
    """Requests, also such as no kind would take."""
    ids = st.none() | source_ids()
    return st.builds(
        ReportRequest,
        kind=_kinds,
        days=day_ranges(),
        driver_id=ids,
        vehicle_id=ids,
        group_id=ids,
        language=_languages,
    )


@st.composite
def report_jobs(draw: st.DrawFn) -> ReportJob:
    """First versions of jobs, however they stand."""
    status = draw(st.sampled_from(ReportStatus))
    due_at = draw(st.none() | instants())
    ended = status not in (ReportStatus.QUEUED, ReportStatus.RUNNING)
    file = st.builds(ReportFile, size_bytes=_counts, pieces=_counts, digest=st.just("0" * 64), expires_at=instants())
    return ReportJob(
        id=draw(uuids7()),
        request=draw(report_requests()),
        format=draw(_formats),
        requested_at=draw(instants()),
        schedule_id=None if due_at is None else draw(uuids7()),
        due_at=due_at,
        status=status,
        attempts=draw(st.integers(0, 5)),
        started_at=draw(st.none() | instants()),
        finished_at=draw(instants()) if ended else None,
        rows_written=draw(_counts),
        expected_rows=draw(st.none() | _counts),
        file=draw(file) if status is ReportStatus.DONE else None,
        error_code=draw(st.none() | names()),
        error_message=draw(st.none() | names()),
    )


def timetables() -> Strategy[Timetable]:
    """Every rhythm, at any time of the day."""
    at = st.times().map(lambda moment: time(moment.hour, moment.minute, moment.second))
    return st.one_of(
        st.builds(Timetable, rhythm=st.just(Rhythm.DAILY), at=at),
        st.builds(Timetable, rhythm=st.just(Rhythm.WEEKLY), at=at, weekday=st.integers(1, 7)),
        st.builds(Timetable, rhythm=st.just(Rhythm.MONTHLY), at=at, day=st.integers(1, 28)),
    )


def report_schedules() -> Strategy[ReportSchedule]:
    """First versions of schedules."""
    ids = st.none() | source_ids()
    return st.builds(
        ReportSchedule,
        id=uuids7(),
        name=names(),
        kind=_kinds,
        format=_formats,
        period=st.sampled_from(Period),
        timetable=timetables(),
        driver_id=ids,
        vehicle_id=ids,
        group_id=ids,
        language=_languages,
        created_at=instants(),
        next_due_at=st.none() | instants(datetime(2000, 1, 1, tzinfo=UTC), datetime(2098, 1, 1, tzinfo=UTC)),
        version=st.just(0),
    )
