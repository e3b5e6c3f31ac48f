"""Vehicles are watched from the stream: each record once, whatever is delivered, repeated or read again."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import pytest

from tests.unit.application.conftest import ORGANISATION_ID, Installation
from trilha.adapters.memory.reader import body_of
from trilha.application.monitoring.command_rules import (
    ChangeRule,
    ChangeRuleCommand,
    CreateRule,
    CreateRuleCommand,
    DeleteRule,
    DeleteRuleCommand,
)
from trilha.application.monitoring.notice_silence import NoticeSilence, NoticeSilenceCommand
from trilha.application.monitoring.on_events_ingested import WatchVehicles
from trilha.application.monitoring.rulebooks import Rulebooks
from trilha.application.monitoring.settle_alerts import AcknowledgeAlert, ResolveAlert, SettleAlertCommand
from trilha.application.ports import Envelope
from trilha.domain.fleet import Driver, DriverKind, Group, Vehicle
from trilha.domain.kernel import (
    Conflict,
    DriverId,
    EventId,
    EventTypeId,
    GroupId,
    NotFound,
    PositionId,
    VehicleId,
)
from trilha.domain.monitoring import (
    HARSH_EVENTS,
    Alert,
    AlertRaised,
    AlertResolved,
    AlertState,
    AlreadyResolved,
    Condition,
    ConditionKindFixed,
    EventOfType,
    MovingWithoutDriver,
    OverSpeed,
    RuleContent,
    Scope,
    Silence,
)
from trilha.domain.telemetry import (
    Checkpoint,
    EventsIngested,
    Position,
    RawPage,
    Record,
    Stream,
    TelemetryEvent,
)

BUS = VehicleId(7)
HARSH = EventOfType(HARSH_EVENTS)
MINUTE = timedelta(minutes=1)


class Watching:
    """An installation whose pages are made here, and the use cases that watch them."""

    def __init__(self, here: Installation) -> None:
        self.here = here
        self.rulebooks = Rulebooks(organisations=here.organisations, clock=here.clock, zone_of=ZoneInfo)
        self.consumer = WatchVehicles(units=here.units, reader=here.source, rulebooks=self.rulebooks, ids=here.ids)
        self.silence = NoticeSilence(units=here.units, rulebooks=self.rulebooks, clock=here.clock, ids=here.ids)

    async def rule(self, condition: Condition, **changes: object) -> UUID:
        """A rule of everybody's."""
        content = msgspec.structs.replace(RuleContent(name="Regra", condition=condition), **changes)
        create = CreateRule(units=self.here.units, clock=self.here.clock, ids=self.here.ids)
        return (await create(CreateRuleCommand(ORGANISATION_ID, content))).id

    async def page(self, *records: Record, stream: Stream = Stream.EVENTS, **told: object) -> Envelope:
        """A page that was committed now, and the event that tells so."""
        page_id, now = self.here.ids.new(), self.here.clock.now()
        async with self.here.units(ORGANISATION_ID) as unit:
            await unit.raw_pages.add(page_id, RawPage(stream, "t", "t", now, body_of(records)))
            await unit.commit()
        event = EventsIngested(
            page_id=page_id,
            stream=stream,
            received=len(records),
            inserted=len(records),
            replaced=0,
            quarantined=0,
            received_at=now,
            first_occurred_at=None,
            last_occurred_at=None,
            checkpoint="t",
        )
        return self._envelope(msgspec.structs.replace(event, **told))

    def _envelope(self, event: EventsIngested) -> Envelope:
        return Envelope(
            id=self.here.ids.new(),
            type=event.event_type,
            source="/telemetry",
            subject=event.subject,
            time=self.here.clock.now(),
            organisationid=ORGANISATION_ID,
            dataschema="",
            data=msgspec.Raw(msgspec.json.encode(event)),
        )

    async def watch(self, *records: Record, stream: Stream = Stream.EVENTS, **told: object) -> None:
        """Bring a page and watch it."""
        await self.consumer(await self.page(*records, stream=stream, **told))

    @property
    def alerts(self) -> Sequence[Alert]:
        """All of them, oldest first."""
        return sorted(self.here.tables.alerts.values(), key=lambda alert: alert.id)

    def event(self, number: int, seconds_ago: float = 60, vehicle_id: VehicleId = BUS) -> TelemetryEvent:
        """Harsh braking."""
        return TelemetryEvent(
            id=EventId(number),
            occurred_at=self.here.clock.now() - timedelta(seconds=seconds_ago),
            driver_id=DriverId(3),
            vehicle_id=vehicle_id,
            event_type_id=HARSH_EVENTS[0],
        )

    def position(
        self, number: int, seconds_ago: float = 60, speed_kmh: float = 50, driver_id: int = 3, north: float = 0
    ) -> Position:
        """The bus on its way."""
        return Position(
            id=PositionId(number),
            occurred_at=self.here.clock.now() - timedelta(seconds=seconds_ago),
            driver_id=DriverId(driver_id),
            vehicle_id=BUS,
            latitude_deg=-15 + north,
            longitude_deg=-47,
            speed_kmh=speed_kmh,
        )


@pytest.fixture
def watching(here: Installation) -> Watching:
    return Watching(here)


async def test_a_rule_that_would_fire_ten_thousand_times_makes_one_alert(watching: Watching) -> None:
    rule_id = await watching.rule(HARSH)
    numbers = iter(range(10_000))
    for _ in range(10):
        await watching.watch(*(watching.event(next(numbers)) for _ in range(1_000)))
    (alert,) = watching.alerts
    assert (alert.rule_id, alert.times, alert.state) == (rule_id, 10_000, AlertState.RAISED)
    assert len(watching.here.told(AlertRaised)) == 1


async def test_a_page_that_is_delivered_twice_counts_once(watching: Watching) -> None:
    await watching.rule(HARSH)
    envelope = await watching.page(watching.event(1), watching.event(2))
    await watching.consumer(envelope)
    await watching.consumer(envelope)
    assert [alert.times for alert in watching.alerts] == [2]


async def test_two_deliveries_at_once_count_once(watching: Watching) -> None:
    await watching.rule(HARSH)
    envelope = await watching.page(watching.event(1))
    ends = await asyncio.gather(*(watching.consumer(envelope) for _ in range(3)), return_exceptions=True)
    assert all(end is None or isinstance(end, Conflict) for end in ends)
    assert [alert.times for alert in watching.alerts] == [1]


async def test_a_page_that_comes_again_under_another_name_fires_nothing_anew(watching: Watching) -> None:
    """As a replay tells it, and a source that repeats itself."""
    await watching.rule(HARSH)
    await watching.rule(OverSpeed(limit_kmh=80))
    events, positions = [watching.event(1), watching.event(2)], [watching.position(3, 30, 100)]
    for _ in range(2):
        await watching.watch(*events)
        await watching.watch(*positions, stream=Stream.POSITIONS)
    assert sorted(alert.times for alert in watching.alerts) == [1, 2]


async def test_a_backfill_and_what_is_older_than_a_day_raise_nothing(watching: Watching) -> None:
    await watching.rule(HARSH)
    await watching.watch(watching.event(1), backfill_id=watching.here.ids.new())
    await watching.watch(watching.event(2, seconds_ago=25 * 3600))
    assert watching.alerts == []
    await watching.watch(watching.event(3, seconds_ago=23 * 3600))
    assert len(watching.alerts) == 1


async def test_what_is_history_is_decided_by_the_installation(watching: Watching) -> None:
    here = watching.here
    watching.consumer = WatchVehicles(
        units=here.units, reader=here.source, rulebooks=watching.rulebooks, ids=here.ids, historic=timedelta(hours=2)
    )
    await watching.rule(HARSH)
    await watching.watch(watching.event(1, seconds_ago=7_201))
    assert watching.alerts == []
    await watching.watch(watching.event(2, seconds_ago=7_199))
    assert len(watching.alerts) == 1


async def test_a_page_that_retention_took_is_passed_over(watching: Watching) -> None:
    await watching.rule(HARSH)
    envelope = await watching.page(watching.event(1))
    watching.here.tables.raw_pages.clear()
    await watching.consumer(envelope)
    assert watching.alerts == []


async def test_what_has_ended_resolves_itself_and_tells_so(watching: Watching) -> None:
    await watching.rule(OverSpeed(limit_kmh=80))
    await watching.watch(watching.position(1, 60, 100), stream=Stream.POSITIONS)
    await watching.watch(watching.position(2, 30, 70), stream=Stream.POSITIONS)
    (alert,) = watching.alerts
    assert alert.state is AlertState.RESOLVED
    assert alert.resolved is not None
    assert alert.resolved.by is None
    assert [event.alert_id for event in watching.here.told(AlertResolved)] == [alert.id]


async def test_a_change_of_rules_holds_from_the_next_page_on(watching: Watching) -> None:
    rule_id = await watching.rule(HARSH, active=False)
    await watching.watch(watching.event(1))
    assert watching.alerts == []
    change = ChangeRule(units=watching.here.units, clock=watching.here.clock)
    changed = await change(ChangeRuleCommand(ORGANISATION_ID, rule_id, RuleContent(name="Acordada", condition=HARSH)))
    await watching.watch(watching.event(2))
    assert [(alert.rule_name, alert.rule_version) for alert in watching.alerts] == [("Acordada", changed.version)]
    with pytest.raises(ConditionKindFixed):
        await change(ChangeRuleCommand(ORGANISATION_ID, rule_id, RuleContent(name="x", condition=OverSpeed(80))))
    await DeleteRule(units=watching.here.units)(DeleteRuleCommand(ORGANISATION_ID, rule_id))
    await watching.watch(watching.event(3))
    assert [alert.times for alert in watching.alerts] == [1]
    with pytest.raises(NotFound):
        await DeleteRule(units=watching.here.units)(DeleteRuleCommand(ORGANISATION_ID, rule_id))


async def test_a_rule_of_a_group_watches_the_groups_below(watching: Watching) -> None:
    tables = watching.here.tables
    tables.master["groups"] = {
        1: Group(GroupId(1), "Empresa"),
        2: Group(GroupId(2), "Garagem", parent_id=GroupId(1)),
        3: Group(GroupId(3), "Outra"),
    }
    tables.master["vehicles"] = {
        7: Vehicle(BUS, "Ônibus", group_id=GroupId(2)),
        8: Vehicle(VehicleId(8), "Outro", group_id=GroupId(3)),
    }
    await watching.rule(HARSH, scope=Scope(group_ids=(GroupId(1),)))
    await watching.watch(watching.event(1), watching.event(2, vehicle_id=VehicleId(8)))
    assert [alert.vehicle_id for alert in watching.alerts] == [BUS]


async def test_nobody_is_whom_the_fleet_does_not_count_as_a_person(watching: Watching) -> None:
    unknown = Driver(DriverId(9), "Unknown", kind=DriverKind.UNKNOWN)
    watching.here.tables.master["drivers"] = {9: unknown, 3: Driver(DriverId(3), "Ana")}
    await watching.rule(MovingWithoutDriver())
    drive = [watching.position(number, 600 - 60 * number, driver_id=9, north=0.006 * number) for number in range(5)]
    await watching.watch(*drive, stream=Stream.POSITIONS)
    assert [alert.driver_id for alert in watching.alerts] == [9]
    identified = watching.position(9, 10, driver_id=3, north=0.04)
    await watching.watch(identified, stream=Stream.POSITIONS)
    assert [alert.state for alert in watching.alerts] == [AlertState.RESOLVED]


class TestSilence:
    """A silence is told once, and never for a feed that stands."""

    async def begin(self, watching: Watching) -> None:
        """A rule, and a sign of life now."""
        await watching.rule(Silence(for_s=600))
        await watching.watch(watching.position(1, 0), stream=Stream.POSITIONS)

    def asked(self, watching: Watching, *, caught_up: bool = True) -> None:
        """The source was asked for positions now."""
        now, old = watching.here.clock.now(), watching.here.tables.checkpoints.get(Stream.POSITIONS)
        moved_at = now if old is None else old.moved_at
        watching.here.tables.checkpoints[Stream.POSITIONS] = Checkpoint(
            Stream.POSITIONS, "t", now if old is None else old.token_time, moved_at if caught_up else now, now
        )

    async def look(self, watching: Watching) -> None:
        """What the job does every minute."""
        await watching.silence(NoticeSilenceCommand(ORGANISATION_ID))

    async def test_once_until_a_sign_comes(self, watching: Watching) -> None:
        await self.begin(watching)
        for _ in range(3):
            self.asked(watching)
            await self.look(watching)
            watching.here.clock.advance(6 * MINUTE)
        assert [(alert.times, alert.state.value) for alert in watching.alerts] == [(1, "raised")]
        await watching.watch(watching.position(2, 0), stream=Stream.POSITIONS)
        assert [alert.state.value for alert in watching.alerts] == ["resolved"]
        watching.here.clock.advance(20 * MINUTE)
        self.asked(watching)
        await self.look(watching)
        assert [alert.state.value for alert in watching.alerts] == ["resolved", "raised"]

    async def test_not_while_pages_of_long_ago_are_read_and_watched_at_once(self, watching: Watching) -> None:
        """What was watched last was received just now, and made an hour ago: more may wait behind it."""
        await self.begin(watching)
        self.asked(watching)
        watching.here.clock.advance(60 * MINUTE)
        await watching.watch(stream=Stream.POSITIONS)
        self.asked(watching, caught_up=False)
        await self.look(watching)
        assert watching.alerts == []
        self.asked(watching)
        watching.here.clock.advance(MINUTE)
        self.asked(watching)
        await self.look(watching)
        assert len(watching.alerts) == 1

    async def test_not_while_the_feed_stands_or_catches_up(self, watching: Watching) -> None:
        await self.begin(watching)
        self.asked(watching)
        watching.here.clock.advance(60 * MINUTE)
        await self.look(watching)
        self.asked(watching, caught_up=False)
        await self.look(watching)
        assert watching.alerts == []

    async def test_not_while_pages_wait_on_the_bus(self, watching: Watching) -> None:
        await self.begin(watching)
        self.asked(watching)
        watching.here.clock.advance(30 * MINUTE)
        self.asked(watching, caught_up=False)
        waiting = await watching.page(watching.position(2, 0), stream=Stream.POSITIONS)
        watching.here.clock.advance(MINUTE)
        self.asked(watching)
        await self.look(watching)
        assert watching.alerts == []
        await watching.consumer(waiting)
        await self.look(watching)
        assert watching.alerts == []


async def test_what_a_person_says_and_the_quiet_after_it(watching: Watching) -> None:
    here = watching.here
    await watching.rule(HARSH, cooldown_s=600)
    await watching.watch(watching.event(1))
    (alert,) = watching.alerts
    acknowledge, settle = (
        use_case(units=here.units, clock=here.clock) for use_case in (AcknowledgeAlert, ResolveAlert)
    )
    said = SettleAlertCommand(ORGANISATION_ID, alert.id, by="ana", note="vendo")
    first = await acknowledge(said)
    assert await acknowledge(msgspec.structs.replace(said, by="rui")) == first
    await watching.watch(watching.event(2, 1))
    resolved = await settle(said)
    assert (resolved.state, resolved.times, resolved.acknowledged_by) == ("resolved", 2, "ana")
    assert await settle(msgspec.structs.replace(said, by="rui")) == resolved
    with pytest.raises(AlreadyResolved):
        await acknowledge(said)
    here.clock.advance(5 * MINUTE)
    await watching.watch(watching.event(3, 1))
    assert len(watching.alerts) == 1
    here.clock.advance(6 * MINUTE)
    await watching.watch(watching.event(4, 1))
    assert [one.times for one in watching.alerts] == [2, 1]
    assert {event.by for event in here.told(AlertResolved)} == {"ana"}


async def test_a_rule_of_one_type_hears_no_other(watching: Watching) -> None:
    await watching.rule(EventOfType((EventTypeId(1),)))
    await watching.watch(watching.event(1))
    assert watching.alerts == []
