"""How commands speak: to people in a terminal, to scripts as JSON, to shells by exit code."""

import json
import sys
from collections.abc import Callable, Mapping
from enum import IntEnum
from functools import wraps
from typing import ParamSpec, TypeVar

import msgspec
import rich_click as click
from rich.console import Console

from trilha.domain.kernel import DomainError
from trilha.entrypoints.settings import BadSettings

Params = ParamSpec("Params")
Result = TypeVar("Result")

console = Console()
errors = Console(stderr=True)

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object for scripts instead of text.")


class ExitCode(IntEnum):
    """What a shell can tell from a command that did not end well."""

    FAILED = 1
    USAGE = 2
    CONFIGURATION = 3
    UNAVAILABLE = 4


class CommandFailed(click.ClickException):
    """Ends a command with one clear message and an exit code."""

    def __init__(self, message: str, code: ExitCode = ExitCode.FAILED) -> None:
        super().__init__(message)
        self.exit_code = code  # type: ignore[misc] # click reads it from the instance

    def show(self, file: object = None) -> None:  # noqa: ARG002 - the signature is click's
        """Print the message to standard error, marked."""
        errors.print(f"[bold red]error:[/] {_escaped(self.message)}", highlight=False, soft_wrap=True)


def speaks_plainly(command: Callable[Params, Result]) -> Callable[Params, Result]:
    """Turn what users can act on into a message and an exit code; anything else keeps its traceback."""

    @wraps(command)
    def wrapped(*args: Params.args, **kwargs: Params.kwargs) -> Result:
        try:
            return command(*args, **kwargs)
        except BadSettings as error:
            raise CommandFailed(str(error), ExitCode.CONFIGURATION) from None
        except DomainError as error:
            raise CommandFailed(f"{error} ({error.code})") from error

    return wrapped


def show(values: Mapping[str, object] | msgspec.Struct, *, as_json: bool) -> None:
    """Print a result: aligned lines for people, one JSON object for scripts."""
    plain = msgspec.to_builtins(values, str_keys=True)
    if as_json:
        sys.stdout.write(json.dumps(plain, ensure_ascii=False) + "\n")
        return
    width = max((len(key) for key in plain), default=0)
    for key, value in plain.items():
        console.print(f"[dim]{key.replace('_', ' '):<{width}}[/]  {_escaped(_text(value))}", highlight=False)


def _text(value: object) -> str:
    return "-" if value is None else str(value)


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)
