"""The contract of Idempotency."""

import msgspec
import pytest

from trilha.application.ports import (
    Clock,
    IdempotencyScope,
    KeyReused,
    OperationsUnitOfWork,
    StillRunning,
    UnitsOfWork,
)
from trilha.domain.kernel import OrganisationId
from trilha.testing.contracts.fresh import WithOrganisations, new_key

Units = UnitsOfWork[OperationsUnitOfWork]
ANSWER = b'{"kinds":["events"]}'


class IdempotencyContract(WithOrganisations):
    """Needs the fixtures `organisations`, `units` and `clock` (the one by which answers age)."""

    @pytest.fixture
    def scope(self, organisation_id: OrganisationId) -> IdempotencyScope:
        """A command with a key that nobody used."""
        return IdempotencyScope(organisation_id, "user", "POST /v1/etl/sync", new_key(), "digest")

    async def _answer(self, units: Units, scope: IdempotencyScope, clock: Clock) -> bytes | None:
        """Do the command; returns the answer of an earlier request, if there was one."""
        async with units(scope.organisation_id) as unit:
            answer = await unit.idempotency.remembered(scope)
            if answer is None:
                await unit.idempotency.remember(scope, ANSWER, clock.now())
                await unit.commit()
        return answer

    async def test_the_first_answer_is_given_again(self, units: Units, scope: IdempotencyScope, clock: Clock) -> None:
        assert await self._answer(units, scope, clock) is None
        assert await self._answer(units, scope, clock) == ANSWER
        assert await self._answer(units, scope, clock) == ANSWER

    async def test_a_rolled_back_answer_was_never_given(
        self, units: Units, scope: IdempotencyScope, clock: Clock
    ) -> None:
        async with units(scope.organisation_id) as unit:
            assert await unit.idempotency.remembered(scope) is None
            await unit.idempotency.remember(scope, ANSWER, clock.now())
        assert await self._answer(units, scope, clock) is None

    async def test_the_same_key_with_another_body_is_a_mistake(
        self, units: Units, scope: IdempotencyScope, clock: Clock
    ) -> None:
        await self._answer(units, scope, clock)
        with pytest.raises(KeyReused):
            await self._answer(units, msgspec.structs.replace(scope, body_digest="other"), clock)

    async def test_keys_of_other_users_and_routes_are_apart(
        self, units: Units, scope: IdempotencyScope, clock: Clock
    ) -> None:
        await self._answer(units, scope, clock)
        for changed in ({"user": "other"}, {"route": "other"}, {"key": new_key()}):
            assert await self._answer(units, msgspec.structs.replace(scope, **changed), clock) is None

    async def test_a_request_that_still_runs_is_said_to(
        self, units: Units, scope: IdempotencyScope, clock: Clock
    ) -> None:
        async with units(scope.organisation_id) as unit:
            assert await unit.idempotency.remembered(scope) is None
            with pytest.raises(StillRunning):
                await self._answer(units, scope, clock)
            await unit.idempotency.remember(scope, ANSWER, clock.now())
            await unit.commit()
        assert await self._answer(units, scope, clock) == ANSWER

    async def test_asking_twice_in_one_unit_is_no_conflict(self, units: Units, scope: IdempotencyScope) -> None:
        async with units(scope.organisation_id) as unit:
            assert await unit.idempotency.remembered(scope) is None
            assert await unit.idempotency.remembered(scope) is None
