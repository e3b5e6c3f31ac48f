"""One organisation with people in it, on memory adapters."""

import asyncio
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from uuid import UUID

import pytest

from trilha.adapters.memory import (
    MemoryDatabase,
    MemoryDirectory,
    MemoryPasswordHasher,
    MemorySecondFactors,
    MemoryThrottles,
    MemoryTokenSigner,
    MemoryUnitsOfWork,
    MemoryUsers,
    SimulatedClock,
    SimulatedIds,
    SimulatedSecrets,
)
from trilha.application.identity.begin_session import BeginSession
from trilha.application.identity.change_membership import ChangeMembership
from trilha.application.identity.refresh_session import RefreshSession
from trilha.application.identity.second_step import SecondStep
from trilha.application.identity.sign_in import SignIn
from trilha.application.identity.throttled import Throttled
from trilha.application.identity.tokens import TokenDesk
from trilha.domain.identity import (
    AuditEntry,
    Membership,
    MembershipStatus,
    Role,
    SecondFactor,
    Session,
    Throttle,
    TokenPolicy,
    User,
    parse_email,
    prepare_password,
)
from trilha.domain.kernel import OrganisationId, UserId

HERE = OrganisationId(UUID(int=5))
PASSWORD = "quatro cavalos no telhado"


class FarThrottles(MemoryThrottles):
    """As far away as a database: others come in between."""

    async def load(self, key: str) -> Throttle:
        found = await super().load(key)
        await asyncio.sleep(0)
        return found


class FarSecondFactors(MemorySecondFactors):
    """As far away as a database."""

    async def of_user(self, user_id: UserId) -> SecondFactor | None:
        found = await super().of_user(user_id)
        await asyncio.sleep(0)
        return found


class FarUsers(MemoryUsers):
    """As far away as a database."""

    async def get(self, user_id: UserId) -> User | None:
        found = await super().get(user_id)
        await asyncio.sleep(0)
        return found


class CountingHasher(MemoryPasswordHasher):
    """Knows how often it was made to work."""

    worked = 0

    async def verify(self, prepared: bytes, kept: str | None) -> bool:
        self.worked += 1
        return await super().verify(prepared, kept)


@dataclass
class Town:
    clock: SimulatedClock = field(default_factory=SimulatedClock)

    def __post_init__(self) -> None:
        self.ids = SimulatedIds(self.clock)
        self.database = MemoryDatabase(self.clock, self.ids)
        self.units = MemoryUnitsOfWork(self.database)
        self.users = FarUsers(self.database)
        self.second_factors = FarSecondFactors(self.database)
        self.directory = MemoryDirectory(self.database)
        self.throttled = Throttled(throttles=FarThrottles(self.database), clock=self.clock)
        self.hasher = CountingHasher()
        self.signer = MemoryTokenSigner()
        self.secrets = SimulatedSecrets()
        self.policy = TokenPolicy(issuer="https://trilha.example", audience="trilha")
        self.desk = TokenDesk(signer=self.signer, ids=self.ids, tokens=self.policy)

    async def settle(
        self, role: Role, email: str = "maria@exemplo.com", status: MembershipStatus = MembershipStatus.ACTIVE
    ) -> Membership:
        """Somebody with a password and a membership."""
        now = self.clock.now()
        user = User(
            id=UserId(self.ids.new()),
            email=parse_email(email),
            name="Maria",
            created_at=now,
            password_hash=await self.hasher.hash(prepare_password(PASSWORD)),
            email_verified_at=now,
        )
        assert await self.users.add(user)
        membership = Membership(
            id=self.ids.new(), organisation_id=HERE, user_id=user.id, role=role, status=status, since=now
        )
        async with self.units(HERE) as unit:
            await unit.memberships.save(membership)
            await unit.commit()
        return membership

    def sign_in(self, enforced: AbstractSet[Role] = frozenset()) -> SignIn:
        step = SecondStep(
            second_factors=self.second_factors, throttled=self.throttled, clock=self.clock, enforced=enforced
        )
        begin = BeginSession(units=self.units, desk=self.desk, secrets=self.secrets, clock=self.clock, ids=self.ids)
        return SignIn(
            users=self.users,
            directory=self.directory,
            hasher=self.hasher,
            throttled=self.throttled,
            second_step=step,
            begin=begin,
        )

    def refresh(self) -> RefreshSession:
        return RefreshSession(
            units=self.units,
            users=self.users,
            directory=self.directory,
            desk=self.desk,
            secrets=self.secrets,
            clock=self.clock,
            ids=self.ids,
        )

    def change(self) -> ChangeMembership:
        return ChangeMembership(units=self.units, clock=self.clock, ids=self.ids)

    @property
    def sessions(self) -> list[Session]:
        return list(self.database.of(HERE).sessions.values())

    @property
    def trail(self) -> list[AuditEntry]:
        return list(self.database.of(HERE).audit_entries.values())


@pytest.fixture
def town() -> Town:
    return Town()
