"""`trilha simulate`: honest stand-ins for outside systems."""

import asyncio
import contextlib
import shlex
from datetime import UTC, datetime, timedelta

import rich_click as click

from trilha.entrypoints.cli.output import as_json, show, speaks_plainly


@click.group()
def simulate() -> None:
    """Run a simulated outside system on this machine.

    Example: [cyan]trilha simulate mix --port 9000[/]
    """


@simulate.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, show_default="a free one", help="Port to listen on.")
@click.option("--seed", default=1042, show_default=True, help="The same seed and epoch tell the same history.")
@click.option(
    "--epoch",
    type=click.DateTime(["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d"]),
    default=None,
    show_default="a week ago",
    help="Nothing happened before, for example 2026-03-10T00:00:00+00:00.",
)
@click.option("--vehicles", type=click.IntRange(min=1), default=60, show_default=True, help="Size of the fleet.")
@click.option(
    "--events-per-vehicle-per-day",
    type=click.IntRange(min=1),
    default=27,
    show_default=True,
    help="How much they report.",
)
@as_json
@speaks_plainly
def mix(
    *,
    host: str,
    port: int,
    seed: int,
    epoch: datetime | None,
    vehicles: int,
    events_per_vehicle_per_day: int,
    as_json: bool,
) -> None:
    """Simulate MiX Integrate: a bus company, as unkind as the real service.

    Run the lines that it prints in another terminal, then [cyan]trilha up[/] there. The side door under
    [cyan]/_sim/[/] breaks answers, turns the clock and tells the truth about what was sent.

    Example: [cyan]trilha simulate mix --port 9000 --vehicles 200[/]
    """
    from trilha.entrypoints.container.here import simulator_variables
    from trilha.entrypoints.simulation import simulate_mix
    from trilha.simulators.mix import MixSimulator, Scenario

    begun = epoch or datetime.now(UTC).replace(microsecond=0) - timedelta(days=7)
    scenario = Scenario(
        seed=seed,
        epoch=begun.replace(tzinfo=begun.tzinfo or UTC).astimezone(UTC),
        vehicles=vehicles,
        events_per_vehicle_per_day=events_per_vehicle_per_day,
    )

    def announce(simulator: MixSimulator) -> None:
        variables = simulator_variables(simulator.api_url)
        if as_json:
            show(variables, as_json=True)
        else:
            for name, value in variables.items():
                click.echo(f"export {name}={shlex.quote(value)}")

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(simulate_mix(scenario, host, port, announce))
