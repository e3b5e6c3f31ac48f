"""Rows that nobody may write over unseen: version n + 1 goes over version n only, a first one where there is none."""

from collections.abc import Mapping, Sequence
from typing import LiteralString

from trilha.adapters.postgres.session import Session

Versioned = tuple[LiteralString, LiteralString]
"""The statement of a first version, and the one of those that follow."""


def versioned(
    table: LiteralString, key: LiteralString, columns: Sequence[LiteralString], *, as_json: Sequence[LiteralString] = ()
) -> Versioned:
    """The statements of a table; `columns` without the organisation, but with the key and the version."""
    values = {name: f"%({name})s::jsonb" if name in as_json else f"%({name})s" for name in columns}
    first: LiteralString = (
        f"insert into {table} (organisation_id, {', '.join(columns)}) "
        f"values (%(organisation)s, {', '.join(values.values())}) on conflict do nothing"
    )
    changes = ", ".join([f"{name} = {value}" for name, value in values.items() if name != key])
    return first, f"update {table} set {changes} where {key} = %({key})s and version = %(seen)s"


async def save_version(session: Session, statements: Versioned, row: Mapping[str, object], version: int) -> bool:
    """Whether it was written; another writer was faster where it was not."""
    statement = statements[0] if version == 0 else statements[1]
    return bool(await session.changed(statement, {**row, "version": version, "seen": version - 1}))
