"""People, and what they are and do in an organisation, in memory."""

import pytest

from trilha.adapters.memory import (
    MemoryDatabase,
    MemoryDirectory,
    MemoryOneTimeTokens,
    MemoryPasswordHasher,
    MemorySecondFactors,
    MemoryThrottles,
    MemoryTokenSigner,
    MemoryUsers,
    SimulatedSecrets,
)
from trilha.testing import contracts


@pytest.fixture
def users(database: MemoryDatabase) -> MemoryUsers:
    return MemoryUsers(database)


@pytest.fixture
def second_factors(database: MemoryDatabase) -> MemorySecondFactors:
    return MemorySecondFactors(database)


@pytest.fixture
def one_time_tokens(database: MemoryDatabase) -> MemoryOneTimeTokens:
    return MemoryOneTimeTokens(database)


@pytest.fixture
def throttles(database: MemoryDatabase) -> MemoryThrottles:
    return MemoryThrottles(database)


@pytest.fixture
def directory(database: MemoryDatabase) -> MemoryDirectory:
    return MemoryDirectory(database)


@pytest.fixture
def hasher() -> MemoryPasswordHasher:
    return MemoryPasswordHasher(version=2)


@pytest.fixture
def older_hasher() -> MemoryPasswordHasher:
    return MemoryPasswordHasher(version=1)


@pytest.fixture
def signer() -> MemoryTokenSigner:
    return MemoryTokenSigner()


@pytest.fixture
def other_signer() -> MemoryTokenSigner:
    return MemoryTokenSigner()


@pytest.fixture
def secret_source() -> SimulatedSecrets:
    return SimulatedSecrets()


class TestMemoryPasswordHasher(contracts.PasswordHasherContract):
    pass


class TestMemoryTokenSigner(contracts.TokenSignerContract):
    pass


class TestSimulatedSecrets(contracts.SecretSourceContract):
    pass


class TestMemoryUsers(contracts.UsersContract):
    pass


class TestMemorySecondFactors(contracts.SecondFactorsContract):
    pass


class TestMemoryOneTimeTokens(contracts.OneTimeTokensContract):
    pass


class TestMemoryThrottles(contracts.ThrottlesContract):
    pass


class TestMemoryIdentityRows(contracts.IdentityRowsContract):
    pass


class TestMemoryMemberships(contracts.MembershipsContract):
    pass


class TestMemorySessions(contracts.SessionsContract):
    pass


class TestMemoryKeysAndInvitations(contracts.KeysAndInvitationsContract):
    pass


class TestMemoryPrivacy(contracts.PrivacyContract):
    pass


class TestMemoryAuditLog(contracts.AuditLogContract):
    pass
