"""Whatever dies, breaks, repeats or forgets: nothing is lost and each effect happens once."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trilha.domain.telemetry import FEEDS
from trilha.testing.simulation import CALM, Faults, simulate


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_world_under_faults_settles_whole(seed: int) -> None:
    world = asyncio.run(simulate(seed, beats=40))
    assert all(traffic.made[feed] for traffic in world.roads.values() for feed in FEEDS)


@pytest.mark.parametrize("faults", [CALM, Faults(kill=0.2, commit=0.2, source=0.3, bus=0.5, task_twice=0.5)])
def test_so_does_a_calm_one_and_one_at_its_worst(faults: Faults) -> None:
    asyncio.run(simulate(seed=7, beats=40, faults=faults))


def test_the_same_seed_makes_the_same_world() -> None:
    one, other = (asyncio.run(simulate(seed=11, beats=30)) for _ in range(2))
    assert one.roads[1].made == other.roads[1].made
    runs = [[list(tables.runs.values()) for _, tables in world.database.tables()] for world in (one, other)]
    assert runs[0] == runs[1]
