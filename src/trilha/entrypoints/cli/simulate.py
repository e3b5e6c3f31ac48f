"""`trilha simulate`: honest stand-ins for outside systems."""

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta

import rich_click as click

from trilha.entrypoints.cli.output import CommandFailed, ExitCode, as_json, show, speaks_plainly


@click.group()
def simulate() -> None:
    """Run a simulated outside system on this machine."""


@simulate.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=0, show_default="a free one", help="Port to listen on.")
@click.option("--seed", default=1042, show_default=True, help="The same seed and epoch tell the same history.")
@click.option(
    "--epoch",
    type=click.DateTime(["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d"]),
    default=None,
    show_default="a week ago",
    help="Nothing happened before, for example 2026-03-10T00:00:00+00:00.",
)
@click.option("--vehicles", default=60, show_default=True, help="Size of the fleet.")
@click.option("--events-per-vehicle-per-day", default=27, show_default=True, help="How much they report.")
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

    Point [cyan]TRILHA_MIX_IDENTITY_URL[/] and [cyan]TRILHA_MIX_API_URL[/] at the addresses it prints. The side door
    under [cyan]/_sim/[/] breaks answers, turns the clock and tells the truth about what was sent.
    """
    from trilha.simulators.mix import MixSimulator, Scenario

    begun = epoch or datetime.now(UTC).replace(microsecond=0) - timedelta(days=7)
    scenario = Scenario(
        seed=seed,
        epoch=begun.replace(tzinfo=begun.tzinfo or UTC).astimezone(UTC),
        vehicles=vehicles,
        events_per_vehicle_per_day=events_per_vehicle_per_day,
    )

    async def run() -> None:
        simulator = MixSimulator(scenario)
        try:
            await simulator.start(host, port)
        except OSError as error:
            reason = error.strerror or error
            raise CommandFailed(
                f"cannot listen on {host}:{port}: {reason}; choose another --port", ExitCode.UNAVAILABLE
            ) from error
        login = scenario.login
        show(
            {
                "TRILHA_MIX_IDENTITY_URL": simulator.identity_url,
                "TRILHA_MIX_API_URL": simulator.api_url,
                "TRILHA_MIX_CLIENT_ID": login.client_id,
                "TRILHA_MIX_CLIENT_SECRET": login.client_secret,
                "TRILHA_MIX_USERNAME": login.username,
                "TRILHA_MIX_PASSWORD": login.password,
            },
            as_json=as_json,
        )
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await simulator.stop()

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run())
