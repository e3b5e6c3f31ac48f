"""The contract of Leases, and that a lease is safe: whoever may write is its newest holder, whatever came before."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Literal

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trilha.application.ports import Lease, LeaseLost, Leases, UnitOfWork, UnitsOfWork
from trilha.domain.kernel import OrganisationId
from trilha.testing.contracts.fresh import NewOrganisation, WithOrganisations, new_key

TTL = timedelta(minutes=1)
Lapse = Callable[[Lease], Awaitable[None]]
"""A back door: makes the time of a held lease run out."""

Step = tuple[Literal["acquire", "renew", "release", "lapse", "write"], int]
_STEPS: st.SearchStrategy[list[Step]] = st.lists(
    st.tuples(st.sampled_from(["acquire", "renew", "release", "lapse", "write"]), st.integers(0, 1)),
    min_size=6,
    max_size=40,
)


class LeaseModel:
    """Leases as a person would explain them: a holder, whether his time is over, and how often it changed hands."""

    def __init__(self) -> None:
        self.holder: int | None = None
        self.lapsed = False
        self.changes = 0
        self.right: dict[int, int] = {}
        """For each worker, at which change he last took the lease."""

    def acquire(self, worker: int) -> bool:
        """Whether `worker` gets it."""
        if self.holder not in (None, worker) and not self.lapsed:
            return False
        if self.holder != worker:
            self.changes += 1
        self.holder, self.lapsed = worker, False
        self.right[worker] = self.changes
        return True

    def holds(self, worker: int) -> bool:
        """Whether what `worker` took last is still his."""
        return self.holder == worker and self.right[worker] == self.changes


async def may_write(units: UnitsOfWork[UnitOfWork], lease: Lease) -> bool:
    """Whether a transaction under `lease` commits."""
    try:
        async with units(lease.organisation_id) as unit:
            await unit.guard(lease)
            await unit.commit()
    except LeaseLost:
        return False
    return True


class LeasesContract(WithOrganisations):
    """Needs the fixtures `organisations`, `leases`, `units` and `lapse` (see Lapse)."""

    async def take(self, leases: Leases, organisation_id: OrganisationId, name: str, holder: str) -> Lease:
        """Take a lease that must be free."""
        lease = await leases.acquire(organisation_id, name, holder, TTL)
        assert lease is not None, f"the lease {name} should be free for {holder}"
        return lease

    async def test_a_free_lease_is_taken(self, leases: Leases, organisation_id: OrganisationId) -> None:
        lease = await self.take(leases, organisation_id, "ingest", "a")
        assert (lease.organisation_id, lease.name, lease.holder) == (organisation_id, "ingest", "a")
        assert lease.expires_at.tzinfo is not None

    async def test_a_held_lease_is_refused_to_others(self, leases: Leases, organisation_id: OrganisationId) -> None:
        await self.take(leases, organisation_id, "ingest", "a")
        assert await leases.acquire(organisation_id, "ingest", "b", TTL) is None

    async def test_its_holder_gets_it_again(self, leases: Leases, organisation_id: OrganisationId) -> None:
        first = await self.take(leases, organisation_id, "ingest", "a")
        again = await self.take(leases, organisation_id, "ingest", "a")
        assert again.fence >= first.fence

    async def test_names_and_organisations_are_apart(
        self, leases: Leases, organisation_id: OrganisationId, new_organisation: NewOrganisation
    ) -> None:
        await self.take(leases, organisation_id, "ingest", "a")
        await self.take(leases, organisation_id, "other", "b")
        await self.take(leases, await new_organisation(), "ingest", "b")

    async def test_an_expired_lease_passes_on_with_a_greater_fence(
        self, leases: Leases, lapse: Lapse, organisation_id: OrganisationId
    ) -> None:
        old = await self.take(leases, organisation_id, "ingest", "a")
        await lapse(old)
        new = await self.take(leases, organisation_id, "ingest", "b")
        assert new.fence > old.fence
        with pytest.raises(LeaseLost):
            await leases.renew(old, TTL)

    async def test_renewing_holds_it_longer(self, leases: Leases, organisation_id: OrganisationId) -> None:
        lease = await self.take(leases, organisation_id, "ingest", "a")
        renewed = await leases.renew(lease, 10 * TTL)
        assert renewed.expires_at > lease.expires_at
        assert msgspec.structs.replace(renewed, expires_at=lease.expires_at) == lease

    async def test_an_expired_lease_that_nobody_took_can_be_renewed(
        self, leases: Leases, lapse: Lapse, organisation_id: OrganisationId
    ) -> None:
        lease = await self.take(leases, organisation_id, "ingest", "a")
        await lapse(lease)
        await leases.renew(lease, TTL)
        assert await leases.acquire(organisation_id, "ingest", "b", TTL) is None

    async def test_a_released_lease_is_free_at_once(self, leases: Leases, organisation_id: OrganisationId) -> None:
        old = await self.take(leases, organisation_id, "ingest", "a")
        await leases.release(old)
        new = await self.take(leases, organisation_id, "ingest", "b")
        assert new.fence > old.fence

    async def test_a_released_lease_is_over_for_who_gave_it_back(
        self, leases: Leases, units: UnitsOfWork[UnitOfWork], organisation_id: OrganisationId
    ) -> None:
        lease = await self.take(leases, organisation_id, "ingest", "a")
        await leases.release(lease)
        with pytest.raises(LeaseLost):
            await leases.renew(lease, TTL)
        assert not await may_write(units, lease)

    async def test_releasing_a_lost_lease_changes_nothing(
        self, leases: Leases, lapse: Lapse, organisation_id: OrganisationId
    ) -> None:
        old = await self.take(leases, organisation_id, "ingest", "a")
        await lapse(old)
        new = await self.take(leases, organisation_id, "ingest", "b")
        await leases.release(old)
        assert await leases.acquire(organisation_id, "ingest", "c", TTL) is None
        await leases.renew(new, TTL)

    async def test_of_many_at_once_one_gets_it(self, leases: Leases, organisation_id: OrganisationId) -> None:
        tried = await asyncio.gather(
            *(leases.acquire(organisation_id, "ingest", f"worker {number}", TTL) for number in range(5))
        )
        assert sum(lease is not None for lease in tried) == 1

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors])
    @given(steps=_STEPS)
    async def test_whoever_may_write_is_the_newest_holder(
        self,
        leases: Leases,
        units: UnitsOfWork[UnitOfWork],
        lapse: Lapse,
        organisation_id: OrganisationId,
        steps: list[Step],
    ) -> None:
        """The same steps on the adapter and on a model; they agree after each."""
        model, held, name = LeaseModel(), dict[int, Lease](), new_key("lease")
        for action, worker in steps:
            if action == "acquire":
                lease = await leases.acquire(organisation_id, name, f"worker {worker}", TTL)
                assert (lease is not None) == model.acquire(worker)
                held |= {} if lease is None else {worker: lease}
            elif worker in held:
                await self._use(leases, units, lapse, model, (action, worker, held))

    async def _use(
        self,
        leases: Leases,
        units: UnitsOfWork[UnitOfWork],
        lapse: Lapse,
        model: LeaseModel,
        use: tuple[str, int, dict[int, Lease]],
    ) -> None:
        action, worker, held = use
        match action:
            case "renew" if model.holds(worker):
                held[worker] = await leases.renew(held[worker], TTL)
                model.lapsed = False
            case "renew":
                with pytest.raises(LeaseLost):
                    await leases.renew(held[worker], TTL)
            case "release":
                await leases.release(held[worker])
                model.holder = None if model.holds(worker) else model.holder
            case "lapse" if model.holds(worker):
                await lapse(held[worker])
                model.lapsed = True
            case "write":
                assert await may_write(units, held[worker]) == model.holds(worker)
