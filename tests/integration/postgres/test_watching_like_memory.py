"""Whatever people, the source and time do, PostgreSQL shows the alerts, visits and events that memory shows."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import psycopg
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from tests.integration.postgres.two_sides import ANA, BUSES, GARAGE, NOBODY, Sent, Side, in_memory, in_postgres
from trilha.adapters.memory import SimulatedClock, SimulatedIds
from trilha.adapters.postgres import DatabaseUrls, Lanes, open_pool
from trilha.application.monitoring.command_geofences import (
    AddGeofencesCommand,
    ChangeGeofenceCommand,
    DeleteGeofenceCommand,
)
from trilha.application.monitoring.command_rules import ChangeRuleCommand, CreateRuleCommand, DeleteRuleCommand
from trilha.application.monitoring.notice_silence import NoticeSilenceCommand
from trilha.application.monitoring.settle_alerts import SettleAlertCommand
from trilha.application.ports import Envelope
from trilha.domain.areas import Circle
from trilha.domain.kernel import DomainError, DriverId, EventId, GeoPoint, PositionId, VehicleId
from trilha.domain.monitoring import (
    HARSH_EVENTS,
    AlertRaised,
    AlertResolved,
    Condition,
    EventOfType,
    FenceCrossing,
    FenceDwell,
    GeofenceContent,
    Idling,
    MovingWithoutDriver,
    OverSpeed,
    RuleContent,
    Scope,
    Silence,
)
from trilha.domain.telemetry import Position, Record, Stream, TelemetryEvent

METRES_PER_DEGREE = 111_195.0
FAR_M = 90_000
UNKNOWN = UUID(int=404)
Move = tuple[int, int, float | None, DriverId]

numbers = st.integers(0, 99)
"""One of however many there are by then."""
buses = st.sampled_from(BUSES)
moves = st.tuples(
    st.sampled_from([0, 20, 60, 90, 700]),
    st.sampled_from([0, 0, 5, 400, 700, -400, -700, FAR_M]),
    st.sampled_from([None, 0.0, 50.0, 85.0, 120.0]),
    st.sampled_from([ANA, ANA, NOBODY]),
)
"""Seconds that pass, metres to the north, speed and driver of a position."""
drives = st.lists(moves, min_size=2, max_size=6)
mostly = st.sampled_from([True, True, False])
ages_s = st.sampled_from([0, 100, 7_200, 23 * 3_600, 25 * 3_600, -400])
cooldowns_s = st.sampled_from([0, 0, 600])
circles = st.builds(
    lambda north_m, radius_m: Circle(GeoPoint(-15 + north_m / METRES_PER_DEGREE, -47.0), radius_m),
    st.sampled_from([0.0, 400.0, 1_000.0]),
    st.sampled_from([100.0, 600.0]),
)
conditions = st.one_of(
    st.just(EventOfType(HARSH_EVENTS)),
    st.builds(OverSpeed, limit_kmh=st.sampled_from([40.0, 80.0]), for_s=st.sampled_from([0, 60])),
    st.builds(Idling, st.sampled_from([30, 120])),
    st.builds(MovingWithoutDriver, st.sampled_from([0, 60])),
    st.builds(Silence, st.sampled_from([300, 900])),
)


class Installed(msgspec.Struct, frozen=True):
    """What all runs of the machine share."""

    run: asyncio.Runner
    postgres: Callable[[SimulatedClock], Side]


class TwoSides(RuleBasedStateMachine):
    """Each rule is a thing that happens, done on both sides; answers, and all that is shown, have to be the same."""

    def __init__(self, installed: Installed) -> None:
        super().__init__()
        self._run = installed.run.run
        self._clock = SimulatedClock()
        self._ids = SimulatedIds(self._clock, salt=2)
        self._sides = in_memory(self._clock), installed.postgres(self._clock)
        self._north_m = dict.fromkeys(BUSES, 0)
        self._rules: list[tuple[UUID, Condition]] = []
        self._fences: list[UUID] = []
        self._alerts: list[UUID] = []
        self._pages: list[tuple[Sent, list[Envelope]]] = []
        self._records = 0

    @initialize()
    def begin(self) -> None:
        """A fence and a rule of each kind, so that most pages tell something."""
        self._both(lambda side: side.begin())
        for dwells in (True, False):
            self.fence_is_drawn(Circle(GeoPoint(-15.0, -47.0), 600.0), dwells, 0)
        for condition in (EventOfType(HARSH_EVENTS), OverSpeed(limit_kmh=80.0), Silence(300), MovingWithoutDriver()):
            self.rule_is_created(condition, 0, of_garage=False)

    @rule(condition=conditions, cooldown_s=cooldowns_s, of_garage=st.booleans())
    def rule_is_created(self, condition: Condition, cooldown_s: int, of_garage: bool) -> None:
        scope = Scope(group_ids=(GARAGE,)) if of_garage else Scope()
        content = RuleContent(name="Regra", condition=condition, scope=scope, cooldown_s=cooldown_s)
        made = self._both(lambda side: side.create_rule(CreateRuleCommand(side.id, content)))
        self._rules.append((made.id, condition))

    @rule(area=circles, dwells=st.none() | st.booleans(), cooldown_s=cooldowns_s)
    def fence_is_drawn(self, area: Circle, dwells: bool | None, cooldown_s: int) -> None:
        fence = GeofenceContent(name="Cerca", area=area)
        (made,) = self._both(lambda side: side.add_geofences(AddGeofencesCommand(side.id, (fence,))))
        self._fences.append(made.id)
        if dwells is not None:
            ids = (made.id,)
            self.rule_is_created(FenceDwell(ids, 60) if dwells else FenceCrossing(ids), cooldown_s, of_garage=False)

    @rule(number=numbers, cooldown_s=cooldowns_s, active=st.booleans(), condition=st.none() | conditions)
    def rule_is_changed(self, number: int, cooldown_s: int, active: bool, condition: Condition | None) -> None:
        rule_id, was = self._rules[number % len(self._rules)]
        changed = RuleContent(name="Outra", condition=condition or was, cooldown_s=cooldown_s, active=active)
        self._both(lambda side: side.change_rule(ChangeRuleCommand(side.id, rule_id, changed)))

    @rule(number=numbers)
    def rule_is_deleted(self, number: int) -> None:
        rule_id, _ = self._rules[number % len(self._rules)]
        self._both(lambda side: side.delete_rule(DeleteRuleCommand(side.id, rule_id)))

    @rule(number=numbers, area=circles, active=mostly)
    def fence_is_redrawn(self, number: int, area: Circle, active: bool) -> None:
        changes = {"area": area, "active": active}
        fence_id = self._fences[number % len(self._fences)]
        self._both(lambda side: side.change_geofence(ChangeGeofenceCommand(side.id, fence_id, changes)))

    @rule(number=numbers)
    def fence_is_deleted(self, number: int) -> None:
        fence_id = self._fences[number % len(self._fences)]
        self._both(lambda side: side.delete_geofence(DeleteGeofenceCommand(side.id, fence_id)))

    @rule(made=drives, brakes=st.booleans(), is_delivered=mostly)
    def one_bus_moves(self, made: list[Move], brakes: bool, is_delivered: bool) -> None:
        self._move(BUSES[0], made, is_delivered)
        if brakes:
            self.bus_brakes(BUSES[0], 0, is_history=False)

    @rule(made=drives, is_delivered=mostly)
    def the_other_bus_moves(self, made: list[Move], is_delivered: bool) -> None:
        self._move(BUSES[1], made, is_delivered)

    @rule(made=drives, number=numbers)
    def both_move_and_an_alert_is_resolved(self, made: list[Move], number: int) -> None:
        for bus in BUSES:
            self._move(bus, made, is_delivered=True)
        self.alert_is_resolved(number)

    @rule(bus=buses, age_s=ages_s, is_history=st.sampled_from([False, False, True]))
    def bus_brakes(self, bus: VehicleId, age_s: int, is_history: bool) -> None:
        one, other = self._braking(bus, age_s), self._braking(bus, age_s)
        self._send(Stream.EVENTS, [one, other, one], is_history=is_history)

    @rule(bus=buses, age_s=ages_s)
    def position_is_of_another_time(self, bus: VehicleId, age_s: int) -> None:
        position = self._position(bus, 400, 120.0, ANA)
        other = msgspec.structs.replace(position, occurred_at=position.occurred_at - timedelta(seconds=age_s))
        self._send(Stream.POSITIONS, [other])

    @rule(number=numbers)
    def page_is_delivered_late_or_again(self, number: int) -> None:
        if self._pages:
            self._deliver(number % len(self._pages))

    @rule(number=numbers)
    def page_comes_again_under_another_name(self, number: int) -> None:
        if self._pages:
            sent, _ = self._pages[number % len(self._pages)]
            self._send(sent.stream, sent.records)

    @rule(number=numbers, note=st.none() | st.just("vendo"))
    def alert_is_acknowledged(self, number: int, note: str | None) -> None:
        alert_id = self._alerts[number % len(self._alerts)] if self._alerts else UNKNOWN
        self._both(lambda side: side.acknowledge(SettleAlertCommand(side.id, alert_id, "ana", note)))

    @rule(number=numbers)
    def alert_is_resolved(self, number: int) -> None:
        alert_id = self._alerts[number % len(self._alerts)] if self._alerts else UNKNOWN
        self._both(lambda side: side.resolve(SettleAlertCommand(side.id, alert_id, "rui")))

    @rule(minutes=st.sampled_from([1, 6, 30, 25 * 60]))
    def time_passes(self, minutes: int) -> None:
        self._clock.advance(timedelta(minutes=minutes))

    @rule(caught_up=mostly, minutes=st.sampled_from([1, 6, 30]))
    def silence_is_looked_for(self, caught_up: bool, minutes: int) -> None:
        self.time_passes(minutes)
        self._both(lambda side: side.ask_for_positions(caught_up=caught_up))
        self._both(lambda side: side.notice_silence(NoticeSilenceCommand(side.id)))

    @invariant()
    def both_show_the_same_and_each_thing_once(self) -> None:
        memory, postgres = (self._run(side.shown()) for side in self._sides)
        assert memory == postgres
        standing = Counter((one.rule_id, one.vehicle_id) for one in postgres.alerts if one.state != "resolved")
        going_on = Counter((one.geofence_id, one.vehicle_id) for one in postgres.visits if one.left_at is None)
        assert {*standing.values(), *going_on.values()} <= {1}
        told = Counter(kind for kind, _, _ in postgres.recorded)
        resolved = sum(one.state == "resolved" for one in postgres.alerts)
        assert (told[AlertRaised.event_type], told[AlertResolved.event_type]) == (len(postgres.alerts), resolved)
        self._alerts = [one.id for one in postgres.alerts]

    def _both(self, command: Callable[[Side], Awaitable[Any]]) -> Any:
        """What both answered, a second later: nobody does two things at the same moment."""
        self._clock.advance(timedelta(seconds=1))
        memory, postgres = (self._run(_outcome(command(side))) for side in self._sides)
        assert memory == postgres
        return memory

    def _move(self, bus: VehicleId, made: list[Move], is_delivered: bool) -> None:
        positions: list[Record] = []
        for seconds, north_m, speed_kmh, driver_id in made:
            self._clock.advance(timedelta(seconds=seconds))
            away_m = north_m if north_m >= FAR_M else 0
            self._north_m[bus] += north_m - away_m
            positions.append(self._position(bus, self._north_m[bus] + away_m, speed_kmh, driver_id))
        self._send(Stream.POSITIONS, positions, is_delivered=is_delivered)

    def _send(
        self, stream: Stream, records: Sequence[Record], *, is_history: bool = False, is_delivered: bool = True
    ) -> None:
        self._clock.advance(timedelta(seconds=1))
        backfill_id = self._ids.new() if is_history else None
        sent = Sent(self._ids.new(), self._ids.new(), stream, tuple(records), backfill_id)
        self._pages.append((sent, [self._run(side.keep(sent)) for side in self._sides]))
        if is_delivered:
            self._deliver(len(self._pages) - 1)

    def _deliver(self, page: int) -> None:
        _, envelopes = self._pages[page]
        for side, envelope in zip(self._sides, envelopes, strict=True):
            self._run(side.watch(envelope))

    def _position(self, bus: VehicleId, north_m: int, speed_kmh: float | None, driver_id: DriverId) -> Position:
        return Position(
            id=PositionId(self._next_record()),
            occurred_at=self._clock.now(),
            driver_id=driver_id,
            vehicle_id=bus,
            latitude_deg=-15 + north_m / METRES_PER_DEGREE,
            longitude_deg=-47,
            speed_kmh=speed_kmh,
        )

    def _braking(self, bus: VehicleId, age_s: int) -> TelemetryEvent:
        return TelemetryEvent(
            id=EventId(self._next_record()),
            occurred_at=self._clock.now() - timedelta(seconds=age_s),
            driver_id=ANA,
            vehicle_id=bus,
            event_type_id=HARSH_EVENTS[0],
        )

    def _next_record(self) -> int:
        self._records += 1
        return self._records


async def _outcome(answer: Awaitable[object]) -> object:
    """What came of a command, refusals by their code and words."""
    try:
        return await answer
    except DomainError as refused:
        return refused.code, str(refused)


@pytest.fixture
def installed(postgres_urls: DatabaseUrls, postgres_superuser: psycopg.Connection) -> Iterator[Installed]:
    stack = AsyncExitStack()

    async def open_all() -> Callable[[SimulatedClock], Side]:
        pool = await stack.enter_async_context(open_pool(postgres_urls.app, name="test"))
        system_pool = await stack.enter_async_context(open_pool(postgres_urls.system, name="test", staging=False))
        lanes = await stack.enter_async_context(Lanes(pool))
        return lambda clock: in_postgres(clock, pool, system_pool, lanes, postgres_superuser)

    with asyncio.Runner() as run:
        try:
            yield Installed(run, run.run(open_all()))
        finally:
            run.run(stack.aclose())


def test_postgres_watches_as_memory_does(installed: Installed) -> None:
    """Each step asks a real server a dozen questions: a sixth of the examples of what needs none."""
    few = settings(
        max_examples=settings().max_examples // 6, stateful_step_count=settings().stateful_step_count * 3 // 5
    )
    run_state_machine_as_test(lambda: TwoSides(installed), settings=few)
