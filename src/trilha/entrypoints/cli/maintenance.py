"""`trilha maintenance`: what vehicles are due for."""

import rich_click as click

from trilha.domain.kernel import GroupId, VehicleId
from trilha.domain.maintenance import DueStatus
from trilha.entrypoints.cli.asking import NEGATIVE_IDS, SOURCE_ID, organisation, with_operator
from trilha.entrypoints.cli.output import as_json, show, show_rows, speaks_plainly


@click.group()
def maintenance() -> None:
    """See what vehicles are due for. Plans and services are kept over HTTP, under /v1/maintenance.

    Example: [cyan]trilha maintenance list --status overdue[/]
    """


@maintenance.command(name="list", context_settings=NEGATIVE_IDS)
@click.option("--status", type=click.Choice([one.value for one in DueStatus]), help="Only these.")
@click.option("--vehicle", "vehicle_id", type=SOURCE_ID, help="Only this vehicle, by its id.")
@click.option("--group", "group_id", type=SOURCE_ID, help="Only vehicles of this group and those below it, by its id.")
@organisation
@as_json
@speaks_plainly
def list_(
    *, status: str | None, vehicle_id: int | None, group_id: int | None, organisation: str | None, as_json: bool
) -> None:
    """List how vehicles stand with their plans, the most urgent first.

    Example: [cyan]trilha maintenance list --status due_soon[/]
    """
    found = with_operator(
        organisation,
        lambda operator: operator.maintenance(
            None if status is None else DueStatus(status),
            None if vehicle_id is None else VehicleId(vehicle_id),
            None if group_id is None else GroupId(group_id),
        ),
    )
    if as_json:
        show({"maintenance": found}, as_json=True)
        return
    rows = [
        (
            one.vehicle,
            one.plate,
            one.plan,
            one.status,
            one.binding,
            one.due_on,
            _number(one.km_left),
            _number(one.engine_h_left),
            one.days_left,
        )
        for one in found
    ]
    show_rows(("vehicle", "plate", "plan", "status", "by", "due on", "km left", "engine h left", "days left"), rows)


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:,.0f}"
