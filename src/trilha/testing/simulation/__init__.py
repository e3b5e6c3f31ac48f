"""The whole platform in one event loop, on memory adapters, under faults that a seed decides.

`application/subscriptions.py` and `schedule.py` run as they do in production; only the machine is made up: a simulated
clock, processes that die between any two steps, a source that fails and repeats itself, a bus that stores and then
forgets to say so, tasks that arrive twice. Whatever happens, at the end nothing is lost and each effect happened once.
"""

from trilha.testing.simulation.checks import check
from trilha.testing.simulation.faults import CALM, Chance, Faults, Killed
from trilha.testing.simulation.traffic import Traffic
from trilha.testing.simulation.world import World, simulate

__all__ = ["CALM", "Chance", "Faults", "Killed", "Traffic", "World", "check", "simulate"]
