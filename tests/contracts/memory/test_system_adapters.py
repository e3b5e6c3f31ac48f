"""The machine's clock and identifiers pass the same suites."""

import pytest

from trilha.adapters.system import SystemClock, Uuid7Ids
from trilha.testing import contracts


class TestSystemClock(contracts.ClockContract):
    @pytest.fixture
    def clock(self) -> SystemClock:
        return SystemClock()


class TestUuid7Ids(contracts.IdSourceContract):
    @pytest.fixture
    def ids(self) -> Uuid7Ids:
        return Uuid7Ids()
