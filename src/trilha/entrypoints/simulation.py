"""Running the stand-ins for outside systems."""

import asyncio
from collections.abc import Callable

from trilha.entrypoints.mistakes import ExitCode, Mistake
from trilha.simulators.mix import MixSimulator, Scenario


async def simulate_mix(scenario: Scenario, host: str, port: int, announce: Callable[[MixSimulator], None]) -> None:
    """The simulated MiX Integrate, until cancelled."""
    simulator = MixSimulator(scenario)
    try:
        await simulator.start(host, port)
    except OSError as error:
        raise Mistake(
            f"cannot listen on {host}:{port} ({error.strerror or error}): choose another --port", ExitCode.UNAVAILABLE
        ) from error
    announce(simulator)
    try:
        await asyncio.get_running_loop().create_future()
    finally:
        await simulator.stop()
