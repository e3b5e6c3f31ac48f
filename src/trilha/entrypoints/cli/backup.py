"""`trilha backup | restore`: the data of one machine in a file, and back."""

import os
from pathlib import Path

import rich_click as click
from rich.markup import escape

from trilha.entrypoints.cli.output import errors, say, speaks_plainly, this_program
from trilha.entrypoints.settings import load_settings

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("file", type=_FILE)
@speaks_plainly
def backup(*, file: Path) -> None:
    """Write everything that [cyan]trilha up[/] keeps to a new FILE, while it runs or not.

    One moment is kept: what was committed when it began. FILE holds the database and the API token, so only you may
    read it; keep it as you keep passwords. Messages under way are not in it: they are sent again after restoring.

    Example: [cyan]trilha backup trilha-$(date +%F).zip[/]
    """
    settings = load_settings(os.environ)
    from trilha.entrypoints.container.backups import back_up

    with errors.status("backing up") as progress:
        size = back_up(settings, file.absolute(), progress.update)
    say(f"{escape(str(file))} written and checked, {size / 1e6:.1f} MB")


@click.command()
@click.argument("file", type=_FILE)
@click.option("--replace", is_flag=True, help="Lose the data that are in the data folder now.")
@speaks_plainly
def restore(*, file: Path, replace: bool) -> None:
    """Make an empty data folder what it was when FILE was written, here or on another machine.

    Nothing may run on it. What the source has sent since is read again from where the backup ends, as long as the
    source keeps it; events are sent to NATS once more, and have their effects here once.

    Restore only files of your own: what is in FILE runs as the database's superuser.

    Example: [cyan]TRILHA_DATA_DIR=/srv/trilha trilha restore trilha-2026-11-21.zip[/]
    """
    settings = load_settings(os.environ)
    from trilha.entrypoints.container.backups import restore_from

    with errors.status("restoring") as progress:
        made = restore_from(settings, file.absolute(), replace=replace, progress=progress.update)
    start = escape(this_program(settings.data_dir))
    say(f"restored as of {made.made_at:%Y-%m-%d %H:%M:%S} UTC; [cyan]{start} up[/] starts it")
