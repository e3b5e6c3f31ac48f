"""The pytest plugin: readable failures from the contract suites, and the memory adapters as fixtures.

Only pytest is imported until a fixture is used.
"""

from typing import Any

import pytest

pytest.register_assert_rewrite("trilha.testing.contracts")


@pytest.fixture
def simulated_clock() -> Any:  # noqa: ANN401 - naming SimulatedClock would import it
    """A clock that the test moves (`trilha.adapters.memory.SimulatedClock`)."""
    from trilha.adapters.memory import SimulatedClock

    return SimulatedClock()


@pytest.fixture
def memory_database(simulated_clock: Any) -> Any:  # noqa: ANN401 - naming MemoryDatabase would import it
    """An empty `trilha.adapters.memory.MemoryDatabase` on the simulated clock."""
    from trilha.adapters.memory import MemoryDatabase, SimulatedIds

    return MemoryDatabase(simulated_clock, SimulatedIds(simulated_clock))
