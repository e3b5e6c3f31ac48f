"""`trilha simulate`: honest stand-ins for outside systems."""

import asyncio
import contextlib
import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path

import rich_click as click
from msgspec import structs

from trilha.entrypoints.cli.output import as_json, show, speaks_plainly


@click.group()
def simulate() -> None:
    """Run a simulated outside system on this machine.

    Example: [cyan]trilha simulate mix --port 9000[/]
    """


_FIRST_YEAR, _LAST_YEAR = 1971, 2199
"""Far enough from the ends of time that a fleet's history fits."""


@simulate.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, show_default="a free one", help="Port to listen on.")
@click.option(
    "--seed",
    type=click.IntRange(-(2**63), 2**63 - 1),
    default=1042,
    show_default=True,
    help="The same seed and epoch tell the same history.",
)
@click.option(
    "--epoch",
    type=click.DateTime(["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d"]),
    default=None,
    show_default="a week ago",
    help="Nothing happened before, for example 2026-03-10T00:00:00+00:00.",
)
@click.option("--preset", type=click.Choice(["buses300"]), default=None, help="A day of 300 buses in real sizes.")
@click.option("--vehicles", type=click.IntRange(min=1), default=None, show_default="60", help="Size of the fleet.")
@click.option(
    "--events-per-vehicle-per-day",
    type=click.IntRange(min=1),
    default=None,
    show_default="27",
    help="How much they report.",
)
@click.option(
    "--positions-per-vehicle-per-day",
    type=click.IntRange(min=0),
    default=None,
    show_default="96, 900 with the preset",
    help="How often they say where they are.",
)
@click.option(
    "--trips-per-vehicle-per-day",
    type=click.IntRange(0, 48),
    default=None,
    show_default="8",
    help="How often they set out.",
)
@click.option(
    "--tracks",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    multiple=True,
    help="Folder of recordings to serve instead: GPX, cab traces, Porto rides. May be given again.",
)
@as_json
@speaks_plainly
def mix(
    *,
    host: str,
    port: int,
    seed: int,
    epoch: datetime | None,
    as_json: bool,
    preset: str | None,
    tracks: tuple[Path, ...],
    **sizes: int | None,
) -> None:
    """Simulate MiX Integrate: a bus company, as unkind as the real service.

    Run the lines that it prints in another terminal, then [cyan]trilha up[/] there. The side door under
    [cyan]/_sim/[/] breaks answers, turns the clock and tells the truth about what was sent.

    Recordings are moved in time by whole days to the week after the epoch; [cyan]/_sim/tracks[/] says how far, and what
    was dropped.

    Example: [cyan]trilha simulate mix --port 9000 --vehicles 200[/]
    """
    from trilha.entrypoints.container.here import simulator_variables
    from trilha.entrypoints.simulation import simulate_mix
    from trilha.simulators.mix import PRESETS, MixSimulator, Scenario

    begun = epoch or datetime.now(UTC).replace(microsecond=0) - timedelta(days=7)
    if not _FIRST_YEAR <= begun.year <= _LAST_YEAR:
        raise click.BadParameter(f"{begun.year} is no year from {_FIRST_YEAR} to {_LAST_YEAR}", param_hint="--epoch")
    begun = begun.replace(tzinfo=begun.tzinfo or UTC).astimezone(UTC)
    scenario = PRESETS[preset](begun) if preset else Scenario(epoch=begun)
    given: dict[str, float] = {name: size for name, size in sizes.items() if size is not None}
    if tracks:
        given["amended_share"] = 0.0  # what was recorded is served as it was
    scenario = structs.replace(scenario, seed=seed, **given)

    def announce(simulator: MixSimulator) -> None:
        variables = simulator_variables(simulator.api_url)
        if as_json:
            show(variables, as_json=True)
        else:
            for name, value in variables.items():
                click.echo(f"export {name}={shlex.quote(value)}")
        for one in simulator.tracks.recordings:
            if one.dropped:
                click.echo(f"{one.name}: {one.points} points, {len(one.dropped)} dropped", err=True)

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(simulate_mix(scenario, host, port, announce, tracks))
