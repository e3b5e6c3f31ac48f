"""The server that benchmarks measure on: PostgreSQL from the wheel, with the settings that `trilha up` gives it."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import msgspec
import psycopg

from benchmarks.figures import progress
from trilha.adapters.embedded import EmbeddedPostgres, temporary_data_folder
from trilha.adapters.postgres import ROLES, DatabaseUrls, migrate, prepare_cluster

DATABASE = "benchmark"


class Database(msgspec.Struct, frozen=True):
    """A migrated, empty database: each role's address, and a superuser's for preparing data and for peers."""

    urls: DatabaseUrls
    superuser_url: str
    version: str


@contextmanager
def fresh_database(now: datetime | None = None) -> Iterator[Database]:
    """Start a server in a folder that is thrown away; partitions lie around `now`. Durable, as in production."""
    with temporary_data_folder() as folder, EmbeddedPostgres(folder) as server:
        progress("migrating a fresh database")
        passwords = {role: secrets.token_urlsafe(16) for role in ROLES}
        urls = prepare_cluster(server.superuser_url, passwords, database=DATABASE)
        migrate(urls.owner, now=now or datetime.now(UTC))
        superuser_url = server.superuser_url.rpartition("/")[0] + f"/{DATABASE}"
        with psycopg.connect(superuser_url) as connection:
            version = f"{connection.info.server_version // 10000}.{connection.info.server_version % 10000}"
        yield Database(urls=urls, superuser_url=superuser_url, version=version)
