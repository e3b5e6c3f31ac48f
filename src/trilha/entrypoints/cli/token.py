"""`trilha token`: how to sign in."""

import os

import rich_click as click

from trilha.entrypoints.cli.output import as_json, show, speaks_plainly
from trilha.entrypoints.settings import load_settings


@click.command()
@as_json
@speaks_plainly
def token(*, as_json: bool) -> None:
    """Print the bearer token that guards [cyan]/v1[/]; it is made if there is none yet.

    Example: [cyan]curl -H "Authorization: Bearer $(trilha token)" http://127.0.0.1:8000/v1/drivers[/]
    """
    from trilha.entrypoints.container.here import api_token

    value = api_token(load_settings(os.environ))
    if as_json:
        show({"token": value}, as_json=True)
    else:
        click.echo(value)
