"""Running the steps of the schema. Apart from `migrate`, because a start that finds nothing to do needs no Alembic."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.pool import NullPool

from trilha.adapters.postgres.errors import SchemaAhead


def upgrade(owner_url: str, found: str | None, *, until: str = "head") -> None:
    """Run every step after `found`, one transaction a step; the caller keeps others away.

    Raises SchemaAhead where `found` is none of ours, and what psycopg raises.
    """
    engine = sa.create_engine(_sqlalchemy_url(owner_url), poolclass=NullPool)
    with _as_psycopg(), engine.connect() as connection:
        config = _config()
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, until)
        except CommandError as error:
            raise SchemaAhead(found, newest_step()) from error


def newest_step() -> str:
    """The last of the steps that are shipped."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None  # noqa: S101 - the package always ships its steps
    return head


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config


def _sqlalchemy_url(url: str) -> str:
    return "postgresql+psycopg://" + url.partition("://")[2]


@contextmanager
def _as_psycopg() -> Iterator[None]:
    try:
        yield
    except sa.exc.DBAPIError as error:
        raise (error.orig or error) from error
