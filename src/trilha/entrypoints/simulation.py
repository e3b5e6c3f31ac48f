"""Running the stand-ins for outside systems."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from trilha.entrypoints.mistakes import ExitCode, Mistake
from trilha.simulators.mix import MixSimulator, Scenario


async def simulate_mix(
    scenario: Scenario, host: str, port: int, announce: Callable[[MixSimulator], None], tracks: Sequence[Path] = ()
) -> None:
    """The simulated MiX Integrate, until cancelled; made of recordings when there are folders of `tracks`."""
    try:
        simulator = MixSimulator(scenario, tracks=tracks)
    except ValueError as error:
        raise Mistake(f"{error}: choose another --tracks", ExitCode.USAGE) from error
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
