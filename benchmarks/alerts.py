"""Watching vehicles: 1,000 geofences and 100 rules on the positions of 1,000 buses, from MiX JSON to decisions.

Buses drive through one city with a position every 30 s, in pages of 1,000; fences lie as the benchmark of geofences has
them. `evaluate` is reading and watching alone, on one core. `store` is the whole consumer on PostgreSQL: the page by
its id, states, visits, alerts and events, one transaction a page. `--profile` shows where the time of `evaluate` goes.
"""

import asyncio
import cProfile
import pstats
import random
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from math import cos, radians, sin
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from benchmarks.database import Database, fresh_database
from benchmarks.figures import Report, progress
from benchmarks.geofences import CITY, REGION_DEG, a_fence
from trilha.adapters.mix import MixPages
from trilha.adapters.postgres import PostgresOrganisations, PostgresUnitOfWork, open_pool
from trilha.adapters.system import SystemClock, Uuid7Ids
from trilha.application.envelopes import envelope_of
from trilha.application.monitoring.observing import by_vehicle
from trilha.application.monitoring.on_events_ingested import WatchVehicles
from trilha.application.monitoring.rulebooks import Rulebooks
from trilha.application.ports import Envelope
from trilha.domain.areas import AreaIndex
from trilha.domain.identity import Organisation
from trilha.domain.kernel import OrganisationId, VehicleId
from trilha.domain.monitoring import (
    HARSH_EVENTS,
    AlertRule,
    Condition,
    EventOfType,
    FenceCrossing,
    FenceDwell,
    Geofence,
    GeofenceContent,
    Idling,
    Moment,
    OverSpeed,
    Rulebook,
    RuleContent,
    Silence,
    VehicleWatch,
    new_geofences,
    watch,
)
from trilha.domain.telemetry import EventsIngested, RawPage, Stream

PAGE = 1_000
BUSES = 1_000
EVERY_S = 30
ZONE = "America/Sao_Paulo"
SPEEDS_KMH = (0, 0, 30, 45, 60, 60, 75, 75, 95)
STEADY_TURNS = 0.15
"""How often a bus is at another speed than half a minute before."""
METRES_PER_DEG = 111_195.0


def add_options(parser: ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("--positions", type=int, default=200_000, help="how many positions (default 200,000)")
    parser.add_argument("--fences", type=int, default=1_000, help="how many geofences (default 1,000)")
    parser.add_argument("--rules", type=int, default=100, help="how many rules (default 100)")
    parser.add_argument("--profile", action="store_true", help="show where the time of evaluating goes")


def run(report: Report, options: Namespace) -> None:
    """Measure once."""
    chance = random.Random(4)
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=6)
    progress(f"driving {BUSES:,} buses over {options.positions:,} positions")
    pages = list(_pages(options.positions, start, chance))
    contents = [(UUID(int=n + 1), GeofenceContent(name=f"{n}", area=a_fence(n, chance))) for n in range(options.fences)]
    fences = new_geofences(contents, start, others=0)
    rules = [_a_rule(number, fences, chance, start) for number in range(options.rules)]
    _evaluate(report, pages, fences, rules, profile=options.profile)
    with fresh_database() as database:
        asyncio.run(_store(report, database, pages, fences, rules))


def _evaluate(
    report: Report, pages: Sequence[bytes], fences: Sequence[Geofence], rules: Sequence[AlertRule], *, profile: bool
) -> None:
    book = Rulebook(rules, AreaIndex({fence.id: fence.content.area for fence in fences}), ZoneInfo(ZONE))
    profiler = cProfile.Profile()
    began = time.process_time()
    if profile:
        profiler.enable()
    signals, crossings = _watched(pages, book)
    profiler.disable()
    took_s = time.process_time() - began
    report.add("evaluate", len(pages) * PAGE / took_s, "positions a second", signals=signals, crossings=crossings,
               fences=len(fences), rules=len(rules), profiled="yes" if profile else "no")  # fmt: skip
    if profile:
        pstats.Stats(profiler).sort_stats("tottime").print_stats(20)


def _watched(pages: Sequence[bytes], book: Rulebook) -> tuple[int, int]:
    """Read and watch every page; what a transaction would write is counted."""
    reader, now = MixPages(), datetime.now(UTC)
    moment, states = Moment.of(now, now), dict[VehicleId, VehicleWatch]()
    signals = crossings = 0
    for body in pages:
        records = reader.understand(Stream.POSITIONS, body, now).records
        for vehicle_id, seen in by_vehicle(records, ()).items():
            result = watch(states.get(vehicle_id) or VehicleWatch(vehicle_id), seen, book, moment)
            states[vehicle_id] = result.state
            signals, crossings = signals + len(result.signals), crossings + len(result.crossings)
    return signals, crossings


async def _store(
    report: Report, database: Database, pages: Sequence[bytes], fences: Sequence[Geofence], rules: Sequence[AlertRule]
) -> None:
    clock, ids = SystemClock(), Uuid7Ids()
    organisation = Organisation(OrganisationId(ids.new()), "Viação", ZONE, clock.now())
    async with (
        open_pool(database.urls.app, name="bench") as pool,
        open_pool(database.urls.system, name="bench", staging=False) as system_pool,
    ):
        organisations = PostgresOrganisations(system_pool)
        await organisations.add(organisation, None)

        def units(organisation_id: OrganisationId) -> PostgresUnitOfWork:
            return PostgresUnitOfWork(pool, organisation_id, clock, ids)

        async with units(organisation.id) as unit:
            await unit.geofences.save(fences)
            for rule in rules:
                await unit.alert_rules.save(rule)
            await unit.commit()
        envelopes = []
        for body in pages:
            async with units(organisation.id) as unit:
                page_id, now = ids.new(), clock.now()
                await unit.raw_pages.add(page_id, RawPage(Stream.POSITIONS, "t", "t", now, body))
                await unit.commit()
            envelopes.append(_told(page_id, now, organisation.id))
        rulebooks = Rulebooks(organisations=organisations, clock=clock, zone_of=ZoneInfo)
        consumer = WatchVehicles(units=units, reader=MixPages(), rulebooks=rulebooks, ids=ids)
        began, used = time.perf_counter(), time.process_time()
        for envelope in envelopes:
            await consumer(envelope)
        took_s, used_s = time.perf_counter() - began, time.process_time() - used
    count = len(pages) * PAGE
    report.add("store", count / took_s, "positions a second", milliseconds_a_page=round(took_s / len(pages) * 1000, 1),
               own_processor=round(used_s / took_s, 2), postgres=database.version)  # fmt: skip


def _told(page_id: UUID, now: datetime, organisation_id: OrganisationId) -> Envelope:
    event = EventsIngested(
        page_id=page_id, stream=Stream.POSITIONS, received=PAGE, inserted=PAGE, replaced=0, quarantined=0,
        received_at=now, first_occurred_at=None, last_occurred_at=None, checkpoint="t",
    )  # fmt: skip
    return envelope_of(event, event_id=Uuid7Ids().new(), organisation_id=organisation_id, at=now)


def _pages(positions: int, start: datetime, chance: random.Random) -> Iterator[bytes]:
    """Each bus goes its way, keeps a speed for some minutes, and turns now and then; in the order of time."""
    places = [[CITY[0] + chance.uniform(-REGION_DEG, REGION_DEG) / 4, CITY[1] + chance.uniform(-0.4, 0.4)]
              for _ in range(BUSES)]  # fmt: skip
    headings = [chance.uniform(0, 360) for _ in range(BUSES)]
    speeds = [chance.choice(SPEEDS_KMH) for _ in range(BUSES)]
    page: list[dict[str, object]] = []
    for number in range(positions):
        bus = number % BUSES
        if chance.random() < 0.2:
            headings[bus] = chance.uniform(0, 360)
        if chance.random() < STEADY_TURNS:
            speeds[bus] = chance.choice(SPEEDS_KMH)
        speed_kmh = speeds[bus]
        metres, heading = speed_kmh / 3.6 * EVERY_S, radians(headings[bus])
        places[bus][0] += metres * cos(heading) / METRES_PER_DEG
        places[bus][1] += metres * sin(heading) / (METRES_PER_DEG * cos(radians(CITY[0])))
        page.append(_wire(number, bus, start + timedelta(seconds=number // BUSES * EVERY_S), places[bus], speed_kmh))
        if len(page) == PAGE:
            yield msgspec.json.encode(page)
            page = []


def _wire(number: int, bus: int, at: datetime, place: Sequence[float], speed_kmh: int) -> dict[str, object]:
    """A position as MiX writes it."""
    return {
        "PositionId": number, "AssetId": bus + 1, "DriverId": bus + 5_000, "Timestamp": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "Latitude": round(place[0], 6), "Longitude": round(place[1], 6), "SpeedKilometresPerHour": speed_kmh,
        "SpeedLimit": 80, "Heading": 90, "AltitudeMetres": 850, "NumberOfSatellites": 9, "Hdop": 1,
        "OdometerKilometres": 12_345.6, "Source": "GPS",
    }  # fmt: skip


def _a_rule(number: int, fences: Sequence[Geofence], chance: random.Random, now: datetime) -> AlertRule:
    some = tuple(fence.id for fence in chance.sample(list(fences), min(10, len(fences))))
    kinds: tuple[Condition, ...] = (
        OverSpeed(limit_kmh=80.0 + number % 20, for_s=60),
        OverSpeed(tolerance_kmh=10.0 + number % 10),
        FenceCrossing(some),
        FenceDwell(some, for_s=300),
        Idling(for_s=300 + number),
        EventOfType(HARSH_EVENTS),
        Silence(for_s=3_600),
    )
    content = RuleContent(name=f"rule {number}", condition=kinds[number % len(kinds)], cooldown_s=600)
    return AlertRule(id=UUID(int=10_000 + number), content=content, changed_at=now)
