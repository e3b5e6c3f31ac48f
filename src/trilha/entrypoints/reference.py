"""The reference pages that are generated, so that they cannot lie: `python -m trilha.entrypoints.reference docs`."""

import sys
from pathlib import Path
from typing import get_type_hints

import msgspec

from trilha.entrypoints.http import render_openapi
from trilha.entrypoints.settings import Settings, choices_of, describe, is_secret, variable

CONFIGURATION_PAGE = "reference/configuration.md"
OPENAPI_DOCUMENT = "openapi.json"

_INTRODUCTION = """\
# Configuration

Trilha is configured by environment variables, read once at start. Every mistake is reported at once, by name; an
unknown `TRILHA_` variable is a mistake too. Values marked secret never appear in logs, errors or `trilha doctor`.

This page is generated from the settings (`make docs`).

| variable | default | what it is |
|---|---|---|
"""


def configuration_page() -> str:
    """The table of all settings in Markdown."""
    return _INTRODUCTION + "".join(_row(field) for field in msgspec.structs.fields(Settings))


def _row(field: msgspec.structs.FieldInfo) -> str:
    default = "" if field.default in (None, ()) else f"`{field.default}`"
    notes = [describe(field.name)]
    choices = choices_of(get_type_hints(Settings, include_extras=True)[field.name])
    if choices:
        notes.append("One of " + ", ".join(f"`{choice}`" for choice in choices) + ".")
    if is_secret(field.name):
        notes.append("Secret.")
    return f"| `{variable(field.name)}` | {default} | {' '.join(notes)} |\n"


def write_pages(docs: Path) -> None:
    """Write every generated page below `docs`."""
    target = docs / CONFIGURATION_PAGE
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(configuration_page(), encoding="utf-8")
    (docs / OPENAPI_DOCUMENT).write_bytes(render_openapi())


if __name__ == "__main__":
    write_pages(Path(sys.argv[1]))
