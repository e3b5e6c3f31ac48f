"""How commands speak: to people in a terminal, to scripts as JSON, to shells by exit code."""

import json
import os
import shlex
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import msgspec
import rich_click as click
from rich.console import Console
from rich.markup import escape

from trilha.entrypoints.mistakes import as_mistake

Params = ParamSpec("Params")
Result = TypeVar("Result")

console = Console()
errors = Console(stderr=True)

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object for scripts instead of text.")


def speaks_plainly(command: Callable[Params, Result]) -> Callable[Params, Result]:
    """Turn what users can act on into a message and an exit code; anything else keeps its traceback."""

    @wraps(command)
    def wrapped(*args: Params.args, **kwargs: Params.kwargs) -> Result:
        try:
            return command(*args, **kwargs)
        except Exception as error:
            mistake = as_mistake(error)
            if mistake is None:
                raise
            # not a ClickException: that is drawn as a box, which breaks paths and commands in two
            errors.print(f"[bold red]error:[/] {escape(str(mistake))}", highlight=False, soft_wrap=True)
            raise SystemExit(mistake.code) from None

    return wrapped


def say(text: str) -> None:
    """A line for people, marked up; as long as it has to be, so that paths and commands can be copied."""
    console.print(text, highlight=False, soft_wrap=True)


def show(values: Mapping[str, object] | msgspec.Struct, *, as_json: bool) -> None:
    """Print a result: aligned lines for people, one JSON object for scripts."""
    plain = msgspec.to_builtins(values, str_keys=True)
    if as_json:
        sys.stdout.write(json.dumps(plain, ensure_ascii=False) + "\n")
        sys.stdout.flush()
        return
    width = max((len(key) for key in plain), default=0)
    for key, value in plain.items():
        text = "-" if value is None else str(value)
        say(f"[dim]{key.replace('_', ' '):<{width}}[/]  {escape(text)}")


def show_rows(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A list for people: aligned columns, never wrapped."""
    if not rows:
        say("none")
        return
    texts = [["-" if cell is None else str(cell) for cell in row] for row in rows]
    widths = [max([len(heading), *(len(row[i]) for row in texts)]) for i, heading in enumerate(headings)]
    say(f"[dim]{_aligned(headings, widths)}[/]")
    for row in texts:
        say(escape(_aligned(row, widths)))


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip()


def this_program(data_dir: str | None = None) -> str:
    """How whoever started this process can start it again, for commands to copy."""
    program = Path(sys.argv[0])
    found = shutil.which("trilha")
    if program.name == "__main__.py":
        words = [sys.executable, "-m", "trilha.entrypoints.cli"]
    elif found and Path(found).samefile(program):
        words = ["trilha"]
    else:
        words = [_nearest(program)]
    prefix = f"TRILHA_DATA_DIR={shlex.quote(data_dir)} " if data_dir else ""
    return prefix + shlex.join(words)


def _nearest(program: Path) -> str:
    near = os.path.relpath(program)
    return str(program.absolute()) if near.startswith(os.pardir) else near
