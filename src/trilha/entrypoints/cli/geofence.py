"""`trilha geofence`: areas with a name, from files and into files."""

from pathlib import Path

import msgspec
import rich_click as click
from rich.markup import escape

from trilha.entrypoints.cli.asking import organisation, with_operator
from trilha.entrypoints.cli.output import as_json, say, show, show_rows, speaks_plainly
from trilha.entrypoints.mistakes import ExitCode, Mistake

_IN = click.Path(path_type=Path, exists=True, dir_okay=False)
_OUT = click.Path(path_type=Path, dir_okay=False)


@click.group()
def geofence() -> None:
    """List geofences, bring them in from GeoJSON files, and write them to one.

    Example: [cyan]trilha geofence import depots.geojson[/]
    """


@geofence.command(name="list")
@click.option("--search", help="Only those with this in their name; accents and case do not matter.")
@organisation
@as_json
@speaks_plainly
def list_(*, search: str | None, organisation: str | None, as_json: bool) -> None:
    """List geofences by name.

    Example: [cyan]trilha geofence list --search garagem[/]
    """
    found = with_operator(organisation, lambda operator: operator.geofences(search))
    if as_json:
        show({"geofences": found}, as_json=True)
        return
    rows = [(str(one.id), one.geometry.type, "yes" if one.active else "no", one.name) for one in found]
    show_rows(("id", "shape", "active", "name"), rows)


@geofence.command(name="import")
@click.argument("file", type=_IN)
@organisation
@as_json
@speaks_plainly
def import_(*, file: Path, organisation: str | None, as_json: bool) -> None:
    """Make a geofence of every feature in FILE, GeoJSON (RFC 7946), or of none.

    Each feature needs the property [cyan]name[/]; a Point also [cyan]radius_m[/], a LineString [cyan]half_width_m[/].

    Example: [cyan]trilha geofence import depots.geojson[/]
    """
    try:
        document = msgspec.json.decode(file.read_bytes())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Mistake(f"{file} is no GeoJSON: {error}", ExitCode.USAGE) from None
    made = with_operator(organisation, lambda operator: operator.import_geofences(document))
    if as_json:
        show({"geofences": made}, as_json=True)
        return
    say(f"{len(made)} geofences made of {escape(str(file))}")


@geofence.command()
@click.argument("file", type=_OUT)
@organisation
@speaks_plainly
def export(*, file: Path, organisation: str | None) -> None:
    """Write every geofence to FILE as GeoJSON, which [cyan]import[/] and maps can read.

    Example: [cyan]trilha geofence export geofences.geojson[/]
    """
    collection = with_operator(organisation, lambda operator: operator.export_geofences())
    try:
        file.write_bytes(msgspec.json.format(msgspec.json.encode(collection), indent=1) + b"\n")
    except OSError as error:
        raise Mistake(f"cannot write {file} ({error.strerror}): name another place") from error
    say(f"{len(collection['features'])} geofences written to {escape(str(file))}")
