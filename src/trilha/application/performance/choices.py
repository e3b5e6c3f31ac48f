"""What an organisation has decided about scores and forms: looked up, and decided anew."""

from typing import TypeAlias

import msgspec

from trilha.application.performance.stock_policies import TRILHA
from trilha.application.ports import Clock, PerformanceUnitOfWork, UnitsOfWork
from trilha.domain.kernel import Conflict, OrganisationId
from trilha.domain.performance import PerformanceSettings, ScorePolicy

Units: TypeAlias = UnitsOfWork[PerformanceUnitOfWork]


async def settings_in_force(unit: PerformanceUnitOfWork) -> PerformanceSettings:
    """The last ones that were saved, or the defaults."""
    return await unit.performance_choices.settings() or PerformanceSettings()


async def policy_in_force(unit: PerformanceUnitOfWork) -> ScorePolicy:
    """The last one that was saved, or the stock policy."""
    return await unit.performance_choices.score_policy() or TRILHA


class ShowSettings:
    """The settings in force."""

    def __init__(self, *, units: Units) -> None:
        self._units = units

    async def __call__(self, organisation_id: OrganisationId) -> PerformanceSettings:
        """Version 0 where nobody has decided."""
        async with self._units(organisation_id) as unit:
            return await settings_in_force(unit)


class SaveSettings:
    """Decides about forms anew."""

    def __init__(self, *, units: Units, clock: Clock) -> None:
        self._units = units
        self._clock = clock

    async def __call__(self, organisation_id: OrganisationId, settings: PerformanceSettings) -> PerformanceSettings:
        """Put `settings`, whose version is the one they were made from, in force; gives them with their own version.

        Saying again what is in force changes nothing. Raises Conflict where somebody decided meanwhile.
        """
        async with self._units(organisation_id) as unit:
            current = await settings_in_force(unit)
            if _same(settings, current):
                return current
            _require_current(settings.version, current.version)
            decided = msgspec.structs.replace(settings, version=current.version + 1)
            await unit.performance_choices.save_settings(decided, self._clock.now())
            await unit.commit()
        return decided


class ShowScorePolicy:
    """The policy in force."""

    def __init__(self, *, units: Units) -> None:
        self._units = units

    async def __call__(self, organisation_id: OrganisationId) -> ScorePolicy:
        """Version 0, the stock policy, where nobody has decided."""
        async with self._units(organisation_id) as unit:
            return await policy_in_force(unit)


class SaveScorePolicy:
    """Decides about weights anew; scores of any time are told by them from then on."""

    def __init__(self, *, units: Units, clock: Clock) -> None:
        self._units = units
        self._clock = clock

    async def __call__(self, organisation_id: OrganisationId, policy: ScorePolicy) -> ScorePolicy:
        """As `SaveSettings` does. Raises Conflict where somebody decided meanwhile."""
        async with self._units(organisation_id) as unit:
            current = await policy_in_force(unit)
            if _same(policy, current):
                return current
            _require_current(policy.version, current.version)
            decided = msgspec.structs.replace(policy, version=current.version + 1)
            await unit.performance_choices.save_score_policy(decided, self._clock.now())
            await unit.commit()
        return decided


def _same(wanted: PerformanceSettings | ScorePolicy, current: PerformanceSettings | ScorePolicy) -> bool:
    return msgspec.structs.replace(wanted, version=current.version) == current


def _require_current(seen: int, current: int) -> None:
    if seen != current:
        raise Conflict(f"version {seen} is not the one in force ({current}): read it again and decide again")
