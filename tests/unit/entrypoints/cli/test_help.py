"""Every command explains itself, with an example, without loading what it does not need for that."""

import subprocess
import sys

import pytest
import rich_click as click

from trilha.entrypoints.cli.app import run

HEAVY = ("alembic", "sqlalchemy", "psycopg", "taskiq", "nats", "litestar", "httpx", "structlog", "dependency_injector")


def commands(group: click.Group, *path: str) -> list[tuple[str, ...]]:
    found = []
    for name, command in group.commands.items():
        found.append((*path, name))
        if isinstance(command, click.Group):
            found += commands(command, *path, name)
    return found


@pytest.mark.parametrize("path", commands(run), ids=" ".join)
def test_help_teaches_by_example(path: tuple[str, ...]) -> None:
    command: click.Command = run
    for name in path:
        assert isinstance(command, click.Group)
        command = command.commands[name]
    assert "Example" in (command.help or "")
    assert f"trilha {' '.join(path)}" in (command.help or "")


def test_the_command_line_loads_no_platform() -> None:
    code = f"import sys, trilha.entrypoints.cli.app; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("modules", "unwanted"),
    [
        ("trilha.entrypoints.stack", ("rich", "rich_click", "psycopg", "taskiq", "sqlalchemy", "alembic")),
        ("trilha.entrypoints.container.schema", ("rich", "sqlalchemy", "alembic", "taskiq", "litestar")),
        ("trilha.entrypoints.container.worker", ("rich_click", "sqlalchemy", "alembic", "litestar")),
        ("trilha.entrypoints.container.api", ("rich_click", "sqlalchemy", "alembic", "taskiq")),
    ],
)
def test_a_process_loads_what_it_uses(modules: str, unwanted: tuple[str, ...]) -> None:
    code = (
        "import sys; from trilha.entrypoints.lean import OPTIONAL, without_extras\n"
        f"with without_extras(*OPTIONAL): import structlog, httpx, nats, dependency_injector.providers\n"
        f"import {modules}\nprint([name for name in {unwanted!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
