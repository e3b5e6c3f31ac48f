"""A real PostgreSQL for tests: import the fixtures that a conftest needs from here.

`TRILHA_TEST_DATABASE_URL` points the suite at another server (a superuser's address, for roles and databases are made);
else the embedded one starts when the first test asks, one a pytest process. Databases are cloned from one that was
migrated once.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import psycopg
import pytest
from psycopg import sql

from trilha.adapters.embedded import EmbeddedPostgres, temporary_data_folder
from trilha.adapters.postgres import ROLES, DatabaseUrls, migrate, prepare_cluster, urls_for
from trilha.adapters.postgres.cluster import OWNER, grant_database

SETTING = "TRILHA_TEST_DATABASE_URL"
PASSWORDS = dict.fromkeys(ROLES, "trilha-test")
"""The same in every process: those that share a server must not lock each other out."""


@pytest.fixture(scope="session")
def postgres_superuser_url() -> Iterator[str]:
    """A superuser's address."""
    given = os.environ.get(SETTING)
    if given:
        yield given
        return
    with temporary_data_folder() as folder, EmbeddedPostgres(folder, durable=False) as server:
        yield server.superuser_url


@pytest.fixture(scope="session")
def postgres_template(postgres_superuser_url: str) -> Iterator[str]:
    """The name of a migrated database that nobody is connected to."""
    with _database(postgres_superuser_url) as name:
        urls = prepare_cluster(postgres_superuser_url, PASSWORDS, database=name)
        migrate(urls.owner, now=datetime.now(UTC))
        yield name


@pytest.fixture(scope="session")
def postgres_urls(postgres_superuser_url: str, postgres_template: str) -> Iterator[DatabaseUrls]:
    """The roles' addresses of a database that all tests of this process share."""
    with cloned(postgres_superuser_url, postgres_template) as name:
        yield urls_for(postgres_superuser_url, PASSWORDS, name)


@pytest.fixture
def fresh_postgres_urls(postgres_superuser_url: str, postgres_template: str) -> Iterator[DatabaseUrls]:
    """The same for a database of the test's own."""
    with cloned(postgres_superuser_url, postgres_template) as name:
        yield urls_for(postgres_superuser_url, PASSWORDS, name)


@pytest.fixture
def postgres_superuser(postgres_superuser_url: str, postgres_urls: DatabaseUrls) -> Iterator[psycopg.Connection]:
    """A back door into the shared database that no policy closes."""
    with psycopg.connect(in_database(postgres_superuser_url, postgres_urls.app), autocommit=True) as connection:
        yield connection


def in_database(superuser_url: str, role_url: str) -> str:
    """The superuser's address of the database that a role's address leads to."""
    return f"{superuser_url.rpartition('/')[0]}/{role_url.rpartition('/')[2]}"


@contextmanager
def cloned(superuser_url: str, template: str) -> Iterator[str]:
    """A database like the template, dropped afterwards."""
    with _database(superuser_url) as name:
        with psycopg.connect(superuser_url, autocommit=True) as connection:
            connection.execute(
                sql.SQL("create database {} template {} owner {}").format(*map(sql.Identifier, (name, template, OWNER)))
            )
            grant_database(connection, name)
        yield name


@contextmanager
def _database(superuser_url: str) -> Iterator[str]:
    name = f"trilha_test_{secrets.token_hex(6)}"
    try:
        yield name
    finally:
        with psycopg.connect(superuser_url, autocommit=True) as connection:
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
