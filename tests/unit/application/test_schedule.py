from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trilha.application.schedule import JOBS, DailyAt, Every, first_job_rows, job_of, next_run
from trilha.domain.kernel import InvalidValue, OrganisationId
from trilha.testing.strategies import instants, time_zones

SAO_PAULO, LISBON = ZoneInfo("America/Sao_Paulo"), ZoneInfo("Europe/Lisbon")
NEW_YORK = ZoneInfo("America/New_York")
RECENT = instants(datetime(1970, 1, 1, tzinfo=UTC), datetime(2037, 1, 1, tzinfo=UTC))


def local(year: int, month: int, day: int, hour: int, minute: int, zone: ZoneInfo, fold: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=zone, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "zone", "at", "expected"),
    [
        # Today if it is still to come, tomorrow at the moment itself.
        (local(2026, 3, 10, 1, 59, SAO_PAULO), SAO_PAULO, time(2), datetime(2026, 3, 10, 5, tzinfo=UTC)),
        (local(2026, 3, 10, 2, 0, SAO_PAULO), SAO_PAULO, time(2), datetime(2026, 3, 11, 5, tzinfo=UTC)),
        # São Paulo still had summer time in 2018: its clocks jumped from 0:00 to 1:00 on 4 November.
        (local(2018, 11, 3, 3, 0, SAO_PAULO), SAO_PAULO, time(2), datetime(2018, 11, 4, 4, tzinfo=UTC)),
        (local(2018, 11, 3, 3, 0, SAO_PAULO), SAO_PAULO, time(0, 30), datetime(2018, 11, 4, 3, 30, tzinfo=UTC)),
        # And fell back from 0:00 to 23:00 on 17 February 2018, so 23:30 came twice.
        (local(2018, 2, 17, 12, 0, SAO_PAULO), SAO_PAULO, time(23, 30), datetime(2018, 2, 18, 1, 30, tzinfo=UTC)),
        # Lisbon leaves out 1:00 to 2:00 on 29 March 2026 and repeats it on 25 October.
        (local(2026, 3, 28, 12, 0, LISBON), LISBON, time(1, 30), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        (local(2026, 3, 28, 12, 0, LISBON), LISBON, time(2), datetime(2026, 3, 29, 1, tzinfo=UTC)),
        (local(2026, 10, 24, 12, 0, LISBON), LISBON, time(1, 30), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        # New York leaves out 2:00 to 3:00 on 8 March 2026: the job of 2:00 runs at the jump. It repeats 1:00 to 2:00 on
        # 1 November, after which 2:00 comes once.
        (local(2026, 3, 7, 12, 0, NEW_YORK), NEW_YORK, time(2), datetime(2026, 3, 8, 7, tzinfo=UTC)),
        (local(2026, 10, 31, 12, 0, NEW_YORK), NEW_YORK, time(2), datetime(2026, 11, 1, 7, tzinfo=UTC)),
        # The second 1:30 of that night in Lisbon is no second run.
        (local(2026, 10, 25, 1, 30, LISBON), LISBON, time(1, 30), datetime(2026, 10, 26, 1, 30, tzinfo=UTC)),
        (local(2026, 10, 25, 1, 10, LISBON, fold=1), LISBON, time(1, 30), datetime(2026, 10, 26, 1, 30, tzinfo=UTC)),
    ],
)
def test_a_daily_job_follows_the_organisations_clocks(
    now: datetime, zone: ZoneInfo, at: time, expected: datetime
) -> None:
    assert next_run(DailyAt(at), now, zone) == expected


@given(now=RECENT, zone=time_zones(), at=st.times())
def test_the_next_run_is_strictly_later_and_at_the_right_wall_time(now: datetime, zone: ZoneInfo, at: time) -> None:
    moment = next_run(DailyAt(at), now, zone)
    assert now < moment <= now + timedelta(days=2, hours=3)
    assert moment.tzinfo is UTC
    wall = moment.astimezone(zone)
    if wall.time() != at:
        # Left out by a change of clocks, and made up for right after it.
        assert wall.utcoffset() != (moment - timedelta(days=1)).astimezone(zone).utcoffset()


@given(now=RECENT, zone=time_zones(), at=st.times())
def test_running_from_run_to_run_happens_once_a_day(now: datetime, zone: ZoneInfo, at: time) -> None:
    days = list[object]()
    for _ in range(4):
        now = next_run(DailyAt(at), now, zone)
        days.append(now.astimezone(zone).date())
    assert len(set(days)) >= 3


@given(now=instants(), pace=st.timedeltas(timedelta(seconds=1), timedelta(days=2)))
def test_a_steady_job_comes_after_its_interval(now: datetime, pace: timedelta) -> None:
    assert next_run(Every(pace), now, SAO_PAULO) == now + pace


def test_a_new_organisation_has_every_job_due_at_once() -> None:
    now, organisation_id = datetime(2026, 3, 10, tzinfo=UTC), OrganisationId(UUID(int=1))
    rows = first_job_rows(organisation_id, now)
    assert [row.kind for row in rows] == [job.kind for job in JOBS]
    assert {row.next_run_at for row in rows} == {now}


def test_an_unknown_job_names_those_there_are() -> None:
    with pytest.raises(InvalidValue, match="master_data or events"):
        job_of("make_coffee")
