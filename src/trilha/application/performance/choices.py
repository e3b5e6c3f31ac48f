"""What an organisation has decided about scores and forms: looked up, and decided anew."""

from abc import ABC, abstractmethod
from typing import Generic, TypeAlias, TypeVar

import msgspec

from trilha.application.answering_once import answered_before, keep_answer
from trilha.application.performance.stock_policies import TRILHA
from trilha.application.ports import Clock, IdempotencyScope, PerformanceUnitOfWork, UnitsOfWork
from trilha.domain.kernel import OrganisationId, require_unchanged
from trilha.domain.performance import PerformanceSettings, ScorePolicy

Units: TypeAlias = UnitsOfWork[PerformanceUnitOfWork]
Decided = TypeVar("Decided", PerformanceSettings, ScorePolicy)


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


class ShowScorePolicy:
    """The policy in force."""

    def __init__(self, *, units: Units) -> None:
        self._units = units

    async def __call__(self, organisation_id: OrganisationId) -> ScorePolicy:
        """Version 0, the stock policy, where nobody has decided."""
        async with self._units(organisation_id) as unit:
            return await policy_in_force(unit)


class _Decide(ABC, Generic[Decided]):
    """What deciding about forms and about scores have in common."""

    def __init__(self, *, units: Units, clock: Clock) -> None:
        self._units = units
        self._clock = clock

    async def __call__(
        self, organisation_id: OrganisationId, wanted: Decided, scope: IdempotencyScope | None = None
    ) -> Decided:
        """Put `wanted`, whose version is the one it was made from, in force; gives it with a version of its own.

        Saying again what is in force changes nothing. Raises Conflict where somebody decided meanwhile.
        """
        async with self._units(organisation_id) as unit:
            answer = await answered_before(unit.idempotency, scope, type(wanted))
            if answer is not None:
                return answer
            decided = await self._decide(unit, wanted)
            await keep_answer(unit.idempotency, scope, decided, self._clock.now())
            await unit.commit()
        return decided

    async def _decide(self, unit: PerformanceUnitOfWork, wanted: Decided) -> Decided:
        current = await self._current(unit)
        if msgspec.structs.replace(wanted, version=current.version) == current:
            return current
        require_unchanged(wanted.version, current.version)
        decided = msgspec.structs.replace(wanted, version=current.version + 1)
        await self._save(unit, decided)
        return decided

    @abstractmethod
    async def _current(self, unit: PerformanceUnitOfWork) -> Decided:
        """What is in force."""

    @abstractmethod
    async def _save(self, unit: PerformanceUnitOfWork, decided: Decided) -> None:
        """Put it in force."""


class DecideSettings(_Decide[PerformanceSettings]):
    """Decides about forms anew."""

    async def _current(self, unit: PerformanceUnitOfWork) -> PerformanceSettings:
        return await settings_in_force(unit)

    async def _save(self, unit: PerformanceUnitOfWork, decided: PerformanceSettings) -> None:
        await unit.performance_choices.save_settings(decided, self._clock.now())


class DecideScorePolicy(_Decide[ScorePolicy]):
    """Decides about weights anew; scores of any time are told by them from then on."""

    async def _current(self, unit: PerformanceUnitOfWork) -> ScorePolicy:
        return await policy_in_force(unit)

    async def _save(self, unit: PerformanceUnitOfWork, decided: ScorePolicy) -> None:
        await unit.performance_choices.save_score_policy(decided, self._clock.now())
