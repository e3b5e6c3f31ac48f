"""The reference pages that are generated, so that they cannot lie: `python -m trilha.entrypoints.reference docs`."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_type_hints

import msgspec

from trilha.application.telemetry.call_plan import DAY, CallPlan, Load, plan_calls
from trilha.domain.identity import GRANTS, Grant, Role
from trilha.domain.telemetry import SEED_AGE
from trilha.entrypoints.http import render_openapi
from trilha.entrypoints.settings import Settings, choices_of, describe, is_secret, variable

CALLS_PAGE = "calls.md"
CONFIGURATION_PAGE = "reference/configuration.md"
OPENAPI_DOCUMENT = "openapi.json"
PERMISSIONS_PAGE = "reference/permissions.md"

_TABLE_BEGINS = "<!-- made by `make docs` -->\n"
_TABLE_ENDS = "<!-- end -->\n"
_INTRODUCTION = """\
# Configuration

Trilha is configured by environment variables, read once at start. Every mistake is reported at once, by name; an
unknown `TRILHA_` variable is a mistake too. Values marked secret never appear in logs, errors or `trilha doctor`.

This page is generated from the settings (`make docs`).

| variable | default | what it is |
|---|---|---|
"""
_PERMISSIONS_INTRODUCTION = """\
# Permissions

Who may do what in an organisation. A role may what its column says; a role can be given only by somebody whose own role
may all of it. Keys of machines get single permissions as scopes, of those that the last column marks.

This page is generated from `trilha.domain.identity.GRANTS` (`make docs`).

"""


def configuration_page() -> str:
    """The table of all settings in Markdown."""
    return _INTRODUCTION + "".join(_row(field) for field in msgspec.structs.fields(Settings))


def permissions_page() -> str:
    """The table of all permissions in Markdown."""
    heads = ["permission", "lets one", *Role, "keys"]
    rule = ["---", "---", *(":-:" for _ in Role), ":-:"]
    return _PERMISSIONS_INTRODUCTION + _line(heads) + _line(rule) + "".join(_permission_row(one) for one in GRANTS)


def _permission_row(grant: Grant) -> str:
    held = [role in grant.roles for role in Role]
    marks = ["x" if has else "" for has in (*held, grant.for_keys)]
    return _line([f"`{grant.permission}`", grant.allows, *marks])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def with_call_table(page: str) -> str:
    """The page on calls with its table made anew, between the two lines that mark it."""
    before, _, rest = page.partition(_TABLE_BEGINS)
    _, _, after = rest.partition(_TABLE_ENDS)
    return before + _TABLE_BEGINS + call_table(plan_calls(Load())) + _TABLE_ENDS + after


def call_table(plan: CallPlan) -> str:
    """The plan of calls in Markdown."""
    lines = [
        "| | records a day | records a turn | calls an hour | at twice the load |",
        "|---|---:|---:|---:|---:|",
        *(
            f"| {one.stream} | {one.records_per_day:,} | {one.records_per_turn:,.1f} | {one.calls_per_hour} "
            f"| {one.calls_per_peak_hour} |"
            for one in plan.streams
        ),
        f"| **due, of 500** | | | **{plan.due_per_hour}** | **{plan.due_per_peak_hour}** |",
        "",
        "| what is left | |",
        "|---|---:|",
        f"| calls an hour beside the due turns | {plan.left_per_hour} |",
        f"| master data, amendments and the list of organisations need, a day | {plan.others_per_day} |",
        f"| calls an hour that further pages and everything less important may use | {plan.more_pages_per_hour} |",
        f"| calls an hour that a backfill may use of these | {plan.backfill_per_hour} |",
        f"| hours for a backfill of all feeds over 90 days | {plan.backfill_hours:.0f} |",
        f"| pages of the first start, which reads {SEED_AGE / DAY:g} days | {plan.first_pages:,} |",
        f"| hours until the first start has caught up | {plan.first_start_hours:.0f} |",
        f"| most seconds that a feed is behind while a backfill uses all it may | {plan.behind_s:.0f} |",
    ]
    return "\n".join(["", *lines, ""])


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
    (docs / PERMISSIONS_PAGE).write_text(permissions_page(), encoding="utf-8")
    calls = docs / CALLS_PAGE
    calls.write_text(with_call_table(calls.read_text(encoding="utf-8")), encoding="utf-8")
    (docs / OPENAPI_DOCUMENT).write_bytes(render_openapi())


if __name__ == "__main__":
    write_pages(Path(sys.argv[1]))
