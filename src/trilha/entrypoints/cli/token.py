"""`trilha token`: how to sign in."""

import os
from pathlib import Path

import rich_click as click

from trilha.entrypoints.cli.output import as_json, show, speaks_plainly
from trilha.entrypoints.mistakes import ExitCode, Mistake
from trilha.entrypoints.settings import load_settings, variable


@click.command()
@as_json
@speaks_plainly
def token(*, as_json: bool) -> None:
    """Print the bearer token that guards [cyan]/v1[/].

    Example: [cyan]curl -H "Authorization: Bearer $(trilha token)" http://127.0.0.1:8000/v1/drivers[/]
    """
    from trilha.entrypoints.container.here import api_token, existing_folder

    settings = load_settings(os.environ)
    if not settings.api_token and existing_folder(settings) is None:
        raise Mistake(
            f"no data folder belongs to {Path.cwd()}: run this where `trilha up` was started, or set "
            f"{variable('data_dir')} to its data folder",
            ExitCode.UNAVAILABLE,
        )
    value = api_token(settings)
    if as_json:
        show({"token": value}, as_json=True)
    else:
        click.echo(value)
