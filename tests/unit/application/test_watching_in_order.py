"""Positions are watched in the order in which they were received, whatever order their pages are delivered in."""

from collections.abc import Sequence
from datetime import timedelta

import msgspec
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from tests.unit.application.conftest import ORGANISATION_ID, connected
from tests.unit.application.test_watching import BUS, HARSH, MINUTE, Watching
from trilha.adapters.memory.reader import body_of
from trilha.application.monitoring import on_events_ingested
from trilha.application.monitoring.command_geofences import (
    AddGeofences,
    AddGeofencesCommand,
    ChangeGeofence,
    ChangeGeofenceCommand,
)
from trilha.application.ports import Envelope
from trilha.domain.areas import Circle
from trilha.domain.kernel import GeoPoint
from trilha.domain.monitoring import FenceCrossing, FenceDwell, GeofenceContent, GeofenceExited, Idling, OverSpeed
from trilha.domain.telemetry import Position, RawPage, Stream

Drive = list[tuple[int, float, int]]
"""Seconds that pass, metres to the north, and kilometres an hour of each position of a page."""
moves = st.tuples(
    st.sampled_from([20, 60, 90]), st.sampled_from([0.0, 5.0, 400.0, -400.0]), st.sampled_from([0, 50, 100])
)
drives = st.lists(st.lists(moves, min_size=1, max_size=3), min_size=1, max_size=6)
METRES_PER_DEGREE = 111_195.0


async def begun() -> Watching:
    """A fence around where the bus starts, and what is told of it, of speeding and of standing."""
    watching = Watching(await connected())
    here = watching.here
    fence = GeofenceContent(name="Garagem", area=Circle(GeoPoint(-15.0, -47.0), 300.0))
    add = AddGeofences(units=here.units, clock=here.clock, ids=here.ids)
    (made,) = await add(AddGeofencesCommand(ORGANISATION_ID, (fence,)))
    for condition in (OverSpeed(limit_kmh=80), FenceCrossing((made.id,)), FenceDwell((made.id,), 60), Idling(60)):
        await watching.rule(condition)
    here.clock.advance(60 * MINUTE)
    await watching.watch(watching.position(0, 1), stream=Stream.POSITIONS)
    return watching


async def driven(watching: Watching, pages: Sequence[Drive]) -> list[Envelope]:
    """Committed pages of the bus on its way, and what is told of each; a page is received when it is complete."""
    told, number, north = list[Envelope](), 0, 0.0
    for page in pages:
        records = list[Position]()
        for seconds, metres, speed_kmh in page:
            number, north = number + 1, north + metres / METRES_PER_DEGREE
            watching.here.clock.advance(timedelta(seconds=seconds))
            records.append(watching.position(number, 0, speed_kmh, north=north))
        told.append(await watching.page(*records, stream=Stream.POSITIONS))
    return told


def shown(watching: Watching) -> tuple[object, ...]:
    """What there is to be seen, whatever ids it got."""
    tables = watching.here.tables
    alerts = [(one.rule_name, one.raised_at, one.last_seen_at, one.times, one.resolved) for one in watching.alerts]
    visits = sorted((one.entered_at, one.left_at) for one in tables.visits.values())
    states = [msgspec.structs.replace(state, inside={}, holds={}, quiet={}) for state in tables.watches.values()]
    lasting = [(sorted(one.inside.values()), sorted(map(repr, one.holds.values()))) for one in tables.watches.values()]
    return alerts, visits, states, lasting


@given(data=st.data(), pages=drives)
async def test_any_order_of_delivery_tells_what_the_right_one_does(data: st.DataObject, pages: list[Drive]) -> None:
    """Each page at least once; those of a consumer that died, and replayed dead letters, come again at any time."""
    in_order, mixed = await begun(), await begun()
    for envelope in await driven(in_order, pages):
        await in_order.consumer(envelope)
    told = await driven(mixed, pages)
    again = data.draw(st.lists(st.sampled_from(told), max_size=3))
    for envelope in data.draw(st.permutations([*told, *again])):
        await mixed.consumer(envelope)
    event(f"{min(len(in_order.alerts), 5)} alerts or more")
    assert shown(mixed) == shown(in_order)


async def test_who_is_far_behind_takes_many_pages_in_transactions_of_some() -> None:
    """The last page alone is delivered: each of those before it counts, and is watched once."""
    watching = await begun()
    one_by_one: list[Drive] = [[(20, 0.0, 100 if number % 2 else 50)] for number in range(50)]
    told = await driven(watching, one_by_one)
    assert len(told) > 2 * on_events_ingested.AT_ONCE
    await watching.consumer(told[-1])
    speeding = [alert for alert in watching.alerts if alert.evidence.value == 100]
    assert sum(alert.times for alert in speeding) == 25
    before = shown(watching)
    for envelope in told:
        await watching.consumer(envelope)
    assert shown(watching) == before


async def test_a_backfill_that_lies_between_is_not_watched() -> None:
    watching = await begun()
    here = watching.here
    here.clock.advance(MINUTE)
    async with here.units(ORGANISATION_ID) as unit:
        speeding = watching.position(77, 0, 150)
        page = RawPage(Stream.POSITIONS, "20260101-20260102", None, here.clock.now(), body_of([speeding]))
        await unit.raw_pages.add(here.ids.new(), page)
        await unit.commit()
    here.clock.advance(MINUTE)
    await watching.watch(watching.position(1, 0), stream=Stream.POSITIONS)
    assert {alert.evidence.value for alert in watching.alerts}.isdisjoint({150.0})
    heard = here.tables.watches[BUS].heard
    assert heard is not None
    assert heard[1] == 1


@pytest.mark.parametrize("reports_meanwhile", [False, True])
async def test_a_fence_that_slept_begins_new_visits(reports_meanwhile: bool) -> None:
    """The vehicle stood in it all the time; that it was put to sleep is no departure."""
    watching = await begun()
    here = watching.here
    (fence_id,) = here.tables.geofences
    change = ChangeGeofence(units=here.units, clock=here.clock)
    for number, active in enumerate((False, True), 1):
        await change(ChangeGeofenceCommand(ORGANISATION_ID, fence_id, {"active": active}))
        here.clock.advance(MINUTE)
        if active or reports_meanwhile:
            await watching.watch(watching.position(number, 0), stream=Stream.POSITIONS)
    visits = sorted(here.tables.visits.values(), key=lambda visit: visit.entered_at)
    assert [visit.left_at is None for visit in visits] == [False, True]
    assert here.told(GeofenceExited) == []


async def test_the_first_rule_looks_at_nothing_from_before_it() -> None:
    watching = Watching(await connected())
    for number in range(3):
        watching.here.clock.advance(MINUTE)
        await watching.watch(watching.position(number, 0, 100), stream=Stream.POSITIONS)
    assert watching.here.tables.watches == {}
    await watching.rule(OverSpeed(limit_kmh=80))
    watching.here.clock.advance(MINUTE)
    await watching.watch(watching.position(9, 0, 100), stream=Stream.POSITIONS)
    assert [(alert.times, alert.evidence.record_id) for alert in watching.alerts] == [(1, 9)]


async def test_a_page_that_cannot_be_read_stops_none_behind_it(caplog: pytest.LogCaptureFixture) -> None:
    watching = await begun()
    here = watching.here
    await watching.rule(HARSH)
    here.clock.advance(MINUTE)
    async with here.units(ORGANISATION_ID) as unit:
        page_id = here.ids.new()
        await unit.raw_pages.add(page_id, RawPage(Stream.POSITIONS, "t", "t", here.clock.now(), b"no page"))
        await unit.commit()
    here.clock.advance(MINUTE)
    await watching.watch(watching.position(1, 0, 100), stream=Stream.POSITIONS)
    assert str(page_id) in caplog.text
    assert any(alert.evidence.record_id == 1 for alert in watching.alerts)
