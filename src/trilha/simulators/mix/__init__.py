"""MiX Integrate, simulated: identity host, master data and event stream, as unkind as the real thing.

    async with MixSimulator(Scenario(epoch=now - timedelta(days=6.5))) as simulator:
        ...  # a client with simulator.identity_url, simulator.api_url, simulator.scenario.login

All data are a pure function of the scenario, the clock and the request, so a restart with the same seed and epoch
tells the same history. The side door under `/_sim/` (see `sidedoor`) turns time, breaks answers and tells the truth.
"""

from trilha.simulators.mix.amendments import AmendmentTruth
from trilha.simulators.mix.clock import Clock, VirtualClock
from trilha.simulators.mix.events import EventSource
from trilha.simulators.mix.faults import Fault, FaultBook, FaultKind, Malformed, Route
from trilha.simulators.mix.records import Kind
from trilha.simulators.mix.scenario import PRESETS, Behaviour, Login, Scenario, bus_day, load_scenario
from trilha.simulators.mix.sidedoor import Amend, ClockChange, LateEvents, RouteCalls
from trilha.simulators.mix.simulator import MixSimulator, serve
from trilha.simulators.mix.streams import render_page
from trilha.simulators.mix.truth import Truth, content_sql

__all__ = [
    "PRESETS",
    "Amend",
    "AmendmentTruth",
    "Behaviour",
    "Clock",
    "ClockChange",
    "EventSource",
    "Fault",
    "FaultBook",
    "FaultKind",
    "Kind",
    "LateEvents",
    "Login",
    "Malformed",
    "MixSimulator",
    "Route",
    "RouteCalls",
    "Scenario",
    "Truth",
    "VirtualClock",
    "bus_day",
    "content_sql",
    "load_scenario",
    "render_page",
    "serve",
]
