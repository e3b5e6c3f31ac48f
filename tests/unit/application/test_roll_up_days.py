"""Past days are counted a few at a time, and a run ends."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from trilha.adapters.memory import MemoryDatabase, MemoryOrganisations, SimulatedClock, SimulatedIds
from trilha.application.performance.roll_up_days import AT_A_TIME, WITHIN, RollUpDays, RollUpDaysCommand
from trilha.domain.kernel import OrganisationId
from trilha.domain.performance import RolledUp
from trilha.testing.contracts.fresh import an_organisation


class SlowRollup:
    """Has so many days to count, and takes half a minute for each step; None stands for another process's turn."""

    def __init__(self, clock: SimulatedClock, missing: int | None) -> None:
        self._clock, self._missing = clock, missing
        self.zones: set[str] = set()

    async def roll_up(
        self, organisation_id: OrganisationId, zone: ZoneInfo, now: datetime, at_most: int
    ) -> RolledUp | None:
        assert now == self._clock.now()
        self.zones.add(zone.key)
        self._clock.advance(WITHIN / 4)
        if self._missing is None:
            return None
        days = min(at_most, self._missing)
        self._missing -= days
        return RolledUp(days, self._missing)


async def run(missing: int | None) -> RolledUp | None:
    clock = SimulatedClock()
    organisations = MemoryOrganisations(MemoryDatabase(clock, SimulatedIds(clock)))
    organisation = an_organisation()
    await organisations.add(organisation, None)
    rollup = SlowRollup(clock, missing)
    use_case = RollUpDays(rollup=rollup, organisations=organisations, clock=clock, zone_of=ZoneInfo)
    result = await use_case(RollUpDaysCommand(organisation.id))
    assert rollup.zones == {organisation.time_zone}
    return result


async def test_a_run_counts_what_is_missing_and_leaves_the_rest_to_the_next() -> None:
    assert timedelta(0) < WITHIN
    assert await run(0) == RolledUp(0, 0)
    assert await run(AT_A_TIME + 1) == RolledUp(AT_A_TIME + 1, 0)
    assert await run(100 * AT_A_TIME) == RolledUp(4 * AT_A_TIME, 96 * AT_A_TIME)
    assert await run(None) is None
