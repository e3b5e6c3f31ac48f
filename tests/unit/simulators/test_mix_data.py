"""The simulated data: deterministic, sized as promised, and as awkward as the real ones."""

import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trilha.simulators.mix import Behaviour, EventSource, Scenario, load_scenario, render_page
from trilha.simulators.mix.draws import IdSpace, twin
from trilha.simulators.mix.events import event_source
from trilha.simulators.mix.fleet import Fleet
from trilha.simulators.mix.limiter import RateLimiter
from trilha.simulators.mix.stream import RecordStream, read_token, write_token
from trilha.simulators.mix.timeline import Timeline, to_ms
from trilha.simulators.mix.truth import fold, truth_of
from trilha.simulators.mix.wire import Event

EPOCH = datetime(2026, 5, 2, 9, 17, 23, tzinfo=UTC)
SCENARIO = Scenario(epoch=EPOCH)
HISTORY = timedelta(days=6.5)
STOCK = {-3890646499157906515, 4750800303282680186, 6454149451280645233, 8242796377286834188, -5187123885301764144}


@pytest.fixture(scope="module")
def week():
    """The records of 6.5 days, in the order in which they are sent."""
    source = event_source(SCENARIO)
    return [source.served(slot) for slot in range(source.timeline.slots_before(to_ms(EPOCH + HISTORY)))]


@given(st.integers(0, 2**40), st.integers(0, 2**40))
def test_ids_are_unique_signed_and_beyond_doubles(first, second):
    ids = IdSpace(7, b"test")
    assert (ids[first] == ids[second]) == (first == second)
    assert 2**53 < abs(ids[first]) < 2**63
    assert twin(ids[first]) != ids[first]
    assert float(twin(ids[first])) == float(ids[first])
    assert twin(ids[first]) != ids[second]


def test_no_id_of_many_is_used_twice_not_even_as_a_twin():
    ids = IdSpace(7, b"test")
    assert len({one for index in range(50_000) for one in (ids[index], twin(ids[index]))}) == 100_000


def test_about_half_of_the_ids_are_negative():
    ids = IdSpace(7, b"test")
    assert 0.45 < sum(ids[index] < 0 for index in range(4000)) / 4000 < 0.55


@given(st.integers(0, 200_000), st.sampled_from([SCENARIO, load_scenario(90_000)]))
def test_creation_times_never_decrease_and_lead_back_to_the_slot(slot, scenario):
    timeline = Timeline(scenario)
    created = timeline.created_ms(slot)
    assert to_ms(scenario.epoch) <= created <= timeline.created_ms(slot + 1)
    assert timeline.slots_before(created) <= slot < timeline.slots_before(created + 1)


def test_nothing_happens_before_the_epoch():
    assert Timeline(SCENARIO).slots_before(to_ms(EPOCH)) == 0
    assert Timeline(SCENARIO).slots_before(to_ms(EPOCH - timedelta(days=400))) == 0


def test_the_history_of_six_and_a_half_days_fits_in_about_ten_pages():
    stream = RecordStream(SCENARIO, event_source(SCENARIO))
    since_ms, pages, more = to_ms(EPOCH), 0, True
    while more:
        page = stream.page(since_ms, 1000, EPOCH + HISTORY)
        since_ms, more, pages = page.until_ms, page.more, pages + 1
    assert 8 <= pages <= 13


def test_by_day_one_or_two_new_events_a_minute_and_fewer_by_night():
    timeline = Timeline(SCENARIO)
    noon, night = datetime(2026, 5, 5, 15, tzinfo=UTC), datetime(2026, 5, 5, 5, tzinfo=UTC)
    hours = [
        timeline.slots_before(to_ms(t + timedelta(hours=1))) - timeline.slots_before(to_ms(t)) for t in (noon, night)
    ]
    assert 60 <= hours[0] <= 120
    assert hours[1] < 20


def test_another_process_tells_the_same_history():
    program = (
        "from datetime import *; from hashlib import sha256; from trilha.simulators.mix import *;"
        f"s = Scenario(epoch=datetime.fromisoformat('{EPOCH.isoformat()}'));"
        "print(sha256(render_page(s, 4000, 300)).hexdigest())"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(told) == 1
    assert len(told.pop()) > 60


def test_another_seed_tells_another_history():
    other = Scenario(epoch=EPOCH, seed=2)
    assert Fleet(other).organisation_id != Fleet(SCENARIO).organisation_id
    assert render_page(other, 0, 5) != render_page(SCENARIO, 0, 5)


def test_the_stream_holds_every_awkward_thing(week):
    fleet = Fleet(SCENARIO)
    ids = Counter(event.event_id for event in week)
    known = {asset.asset_id for asset in fleet.assets}
    people = {driver.driver_id for driver in fleet.drivers}
    types = {kind.record.event_type_id for kind in fleet.library}
    unknown = fleet.drivers[0].driver_id
    assert {2**63 - 1, -(2**63)} <= ids.keys()
    assert len({float(identifier) for identifier in ids}) < len(ids)
    assert 0.004 < (len(week) - len(ids)) / len(week) < 0.012
    assert 10 < sum(event.asset_id not in known for event in week) < 100
    assert 10 < sum(event.driver_id not in people for event in week) < 100
    assert 10 < sum(event.event_type_id not in types for event in week) < 100
    assert 0.04 < sum(event.driver_id == unknown for event in week) / len(week) < 0.08
    assert {event.event_category for event in week} == {"Detail", "Summary", "Notify", "Terminal"}
    assert any(event.start_date_time is None and event.end_date_time is not None for event in week)
    assert any(event.start_date_time is None and event.end_date_time is None for event in week)
    assert any(event.value_units == "" for event in week)
    assert any(event.start_date_time and event.start_position is None for event in week)
    assert max(event.total_occurances for event in week) > 5


def test_repeats_come_inside_a_page_and_pages_later(week):
    first_seen, gaps = {}, []
    for place, event in enumerate(week):
        if event.event_id in first_seen:
            gaps.append(place - first_seen[event.event_id])
        first_seen.setdefault(event.event_id, place)
    assert any(gap <= 12 for gap in gaps)
    assert any(gap >= 1000 for gap in gaps)


def test_late_events_happened_long_before_they_were_created():
    source = event_source(SCENARIO)
    lags = [
        source.timeline.created_ms(slot) / 1000 - event.start_date_time.timestamp()
        for slot in range(3000)
        if (event := source.event(slot)).start_date_time
    ]
    assert min(lags) >= 0
    assert max(lags) > 86_400 * 7
    assert sum(lag > 3600 for lag in lags) < len(lags) * 0.05


def test_the_library_has_stock_and_dealer_types():
    kinds = [kind.record for kind in Fleet(SCENARIO).library]
    assert len(kinds) == len({kind.event_type_id for kind in kinds}) == 60
    assert {kind.event_type_id for kind in kinds} >= STOCK
    assert sum(kind.description.startswith("(Tr)") for kind in kinds) > 3
    assert {kind.display_units for kind in kinds} >= {None, "", "km/h"}


def test_drivers_who_are_none_and_a_surname_that_only_looks_so():
    drivers = Fleet(SCENARIO).drivers
    special = {driver.fm_driver_id: driver for driver in drivers if driver.fm_driver_id <= 1}
    assert {number: driver.is_system_driver for number, driver in special.items()} == {0: True, 1: True, -2: False}
    assert special[0].name == "Unknown"
    assert sum(driver.name.startswith("Automatically created driver") for driver in drivers) == 2
    assert any("UNKNOWN" in driver.name and driver.fm_driver_id > 1 for driver in drivers)
    assert {None, ""} <= {driver.employee_number for driver in drivers}
    assert not all(driver.name.isascii() for driver in drivers)


@pytest.mark.parametrize(
    "ids",
    [
        [asset.asset_id for asset in Fleet(SCENARIO).assets],
        [driver.driver_id for driver in Fleet(SCENARIO).drivers],
        [kind.record.event_type_id for kind in Fleet(SCENARIO).library],
        list(Fleet(SCENARIO).groups),
    ],
)
def test_each_list_has_one_pair_that_doubles_confuse(ids):
    assert len(set(ids)) == len(ids)
    assert len({float(identifier) for identifier in ids}) == len(ids) - 1


def test_revised_repeats_change_the_times_and_the_last_one_holds():
    scenario = msgspec.structs.replace(SCENARIO, revised_share=1.0)
    source = EventSource(scenario)
    count = source.timeline.slots_before(to_ms(EPOCH + HISTORY))
    held = {}
    changed = 0
    for slot in range(count):
        event = source.served(slot)
        changed += event.event_id in held and held[event.event_id] != event
        held[event.event_id] = event
    assert changed > 20
    assert fold(held.values(), count) == truth_of(RecordStream(scenario, source), EPOCH, EPOCH + HISTORY)


def test_load_pages_are_exact_in_order_of_occurrence_and_what_render_page_gives():
    scenario = load_scenario(300_000)
    stream = RecordStream(scenario, event_source(scenario))
    end = scenario.epoch + timedelta(days=90)
    assert event_source(scenario).timeline.slots_before(to_ms(end)) >= 300_000
    since_ms, starts, last = to_ms(scenario.epoch), 0, scenario.epoch
    for _ in range(3):
        page = stream.page(since_ms, 1000, end)
        assert len(page.records) == 1000
        assert msgspec.json.encode(page.records) == render_page(scenario, starts, 1000)
        for event in page.records:
            assert last <= event.start_date_time
            last = event.start_date_time
        since_ms, starts = page.until_ms, starts + 1000


def test_a_load_record_is_as_large_as_a_real_one():
    page = render_page(load_scenario(10_000), 0, 1000)
    assert 700 < len(page) / 1000 < 1300
    assert sum(event.end_position is not None for event in msgspec.json.decode(page, type=list[Event])) > 250


@given(st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - bounds are naive by the strategy's rule
def test_tokens_are_times_to_the_millisecond(moment):
    assert read_token(write_token(to_ms(moment)), moment) == to_ms(moment)


@given(st.integers(1, 400), st.integers(0, 3))
def test_any_quantity_reads_the_same_records(quantity, days):
    scenario = Scenario(epoch=EPOCH, vehicles=3, events_per_vehicle_per_day=80)
    source = event_source(scenario)
    stream = RecordStream(scenario, source)
    now = EPOCH + timedelta(days=days, hours=5, seconds=7)
    since_ms, read, more = to_ms(EPOCH), [], True
    while more:
        page = stream.page(since_ms, quantity, now)
        read += page.records
        since_ms, more = page.until_ms, page.more
    assert fold({event.event_id: event for event in read}.values(), len(read)) == truth_of(stream, EPOCH, now)


@pytest.mark.parametrize("hours", range(3, 30, 3))
def test_added_events_are_served_once_whatever_the_quantity(hours):
    scenario = Scenario(epoch=EPOCH, vehicles=1, events_per_vehicle_per_day=40)
    stream = RecordStream(scenario, event_source(scenario))
    now = EPOCH + timedelta(hours=hours)
    made = stream.add(3, timedelta(days=9), now - timedelta(seconds=1)) + stream.add(2, timedelta(0), EPOCH)
    for quantity in range(1, 40):
        since_ms, read, more = to_ms(EPOCH), Counter(), True
        while more:
            page = stream.page(since_ms, quantity, now)
            read += Counter(event.event_id for event in page.records)
            since_ms, more = page.until_ms, page.more
        assert [read[event.event_id] for event in made] == [1] * 5


def test_an_event_added_in_the_instant_of_a_token_is_on_the_next_page():
    stream = RecordStream(SCENARIO, event_source(SCENARIO))
    token_ms = stream.page(to_ms(EPOCH), 10, EPOCH).until_ms
    made = stream.add(2, timedelta(hours=1), EPOCH)
    page = stream.page(token_ms, 10, EPOCH + timedelta(seconds=1))
    assert {event.event_id for event in page.records} >= {event.event_id for event in made}
    assert len({event.event_id for event in made}) == 2


def test_the_quota_opens_again_when_its_window_ends():
    limiter, behaviour = RateLimiter(), Behaviour(calls_per_minute=2, calls_per_hour=3)
    asked = [(0, 0), (59, 0), (59.5, 1), (60, 0), (61, 3539), (3600, 0)]
    assert [limiter.seconds_to_wait("a", behaviour, EPOCH + timedelta(seconds=at)) for at, _ in asked] == [
        wait for _, wait in asked
    ]
    assert limiter.seconds_to_wait("b", behaviour, EPOCH) == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"epoch": datetime(2026, 1, 1)},  # noqa: DTZ001 - the point of the test
        {"vehicles": 0},
        {"events_per_vehicle_per_day": 0},
        {"drivers": 3},
    ],
)
def test_a_scenario_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Scenario(**wrong)
