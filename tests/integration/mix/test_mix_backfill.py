"""What a backfill makes of the faults of range routes: it asks for less, or later, and loses nothing."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from trilha.adapters.memory import (
    MemoryDatabase,
    MemoryLeases,
    MemoryOrganisations,
    MemoryRateLimiter,
    MemoryTokenStore,
    MemoryUnitsOfWork,
)
from trilha.adapters.mix import MixCredentials, MixHosts, MixSettings, Timeouts, open_mix
from trilha.adapters.system import SystemClock, Uuid7Ids
from trilha.application.exclusive_run import ExclusiveRun
from trilha.application.telemetry.fill_backfills import FillBackfills, FillBackfillsCommand
from trilha.domain.identity import Organisation, OrganisationSource
from trilha.domain.kernel import OrganisationId
from trilha.domain.telemetry import FEEDS, BackfillStatus, RunStatus, Stream, request_backfill
from trilha.domain.telemetry.backfill import FIRST_WINDOW
from trilha.simulators.mix import Behaviour, Fault, FaultKind, MixSimulator, Route, Scenario

ORGANISATION = OrganisationId(UUID(int=5))
BACKFILL = UUID(int=7)
UNLIMITED = Behaviour(calls_per_minute=0, calls_per_hour=0, range_end_included=False)


class Installation:
    """A backfill of four hours on memory adapters, under real time: only the client is under test."""

    def __init__(self, simulator, mix, clock, database):
        self.simulator = simulator
        self.mix = mix
        self.clock = clock
        self.units = MemoryUnitsOfWork(database)
        self.end = clock.now().replace(microsecond=0) - timedelta(days=1)
        self.start = self.end - timedelta(hours=4)
        ids = Uuid7Ids()
        run = ExclusiveRun(
            organisations=MemoryOrganisations(database),
            units=self.units,
            leases=MemoryLeases(database),
            clock=clock,
            ids=ids,
            worker="worker",
        )
        self._fill = FillBackfills(run=run, source=mix, units=self.units, clock=clock, ids=ids)

    async def begin(self):
        async with self.units(ORGANISATION) as unit:
            await unit.backfills.save(request_backfill(BACKFILL, self.start, self.end, FEEDS, self.clock.now()))
            await unit.commit()

    async def fill(self):
        return await self._fill(FillBackfillsCommand(ORGANISATION))

    async def backfill(self):
        async with self.units(ORGANISATION) as unit:
            return await unit.backfills.get(BACKFILL)

    async def windows(self):
        return {part.stream: timedelta(seconds=part.window_s) for part in (await self.backfill()).parts}

    async def expected(self):
        """How many records there are, asked for in one piece."""
        organisation = self.simulator.organisation_id
        pages = [await self.mix.page_between(feed, organisation, self.start, self.end) for feed in FEEDS]
        return sum(len({record.id for record in page.records}) for page in pages)


@pytest.fixture
async def here():
    clock = SystemClock()
    epoch = datetime.now(UTC).replace(microsecond=0) - timedelta(days=3)
    scenario = Scenario(epoch=epoch, vehicles=5, busy_hours=False, late_share=0.0, behaviour=UNLIMITED)
    database = MemoryDatabase(clock, Uuid7Ids())
    async with MixSimulator(scenario) as simulator:
        login = scenario.login
        settings = MixSettings(
            hosts=MixHosts(simulator.identity_url, simulator.api_url),
            credentials=MixCredentials(login.client_id, login.client_secret, login.username, login.password),
            timeouts=Timeouts(read_s=1.0),
        )
        organisation = Organisation(ORGANISATION, "Viação", "America/Sao_Paulo", clock.now())
        source = OrganisationSource(ORGANISATION, "mix", simulator.organisation_id)
        await MemoryOrganisations(database).add(organisation, source)
        store, limiter = MemoryTokenStore(database), MemoryRateLimiter(database, [])
        async with open_mix(settings, clock=clock, token_store=store, rate_limiter=limiter) as mix:
            here = Installation(simulator, mix, clock, database)
            await here.begin()
            yield here


async def test_all_feeds_of_a_past_time_come_in(here):
    run = await here.fill()
    assert (run.status, run.inserted) == (RunStatus.SUCCEEDED, await here.expected())
    assert run.inserted > 0
    assert (await here.backfill()).status is BackfillStatus.COMPLETED


async def test_an_answer_too_slow_is_asked_for_in_halves_and_nothing_is_lost(here):
    here.simulator.faults.add(Fault(kind=FaultKind.SLOW, route=Route.POSITIONS_RANGE, wait_s=20))
    before = (await here.fill()).error_code
    assert before == "source.unavailable"
    assert (await here.windows())[Stream.POSITIONS] == FIRST_WINDOW / 2
    assert here.simulator.calls()[Route.POSITIONS_RANGE].calls == 1
    assert (await here.fill()).status is RunStatus.SUCCEEDED
    assert (await here.backfill()).inserted == await here.expected()


async def test_one_that_throttles_is_asked_later_and_not_for_less(here):
    here.simulator.faults.add(Fault(kind=FaultKind.TOO_MANY_REQUESTS, route=Route.TRIPS_RANGE, retry_after_s=3600))
    windows = await here.windows()
    assert (await here.fill()).error_code == "source.unavailable"
    assert (await here.windows())[Stream.TRIPS] == windows[Stream.TRIPS]
    assert here.simulator.calls()[Route.TRIPS_RANGE].calls == 1


async def test_one_that_refuses_ends_the_backfill_with_the_reason(here):
    here.simulator.behaviour = Behaviour(calls_per_minute=0, calls_per_hour=0, range_reach_days=1)
    await here.fill()
    backfill = await here.backfill()
    assert (backfill.status, backfill.error_code) == (BackfillStatus.FAILED, "source.refused")
    assert "must not be older than 1 days" in backfill.error_message
