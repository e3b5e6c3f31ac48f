"""The real servers, for the tests that kill."""

from tests.integration.nats.conftest import nats_server
from tests.postgres import fresh_postgres_urls, postgres_superuser_url, postgres_template

__all__ = ["fresh_postgres_urls", "nats_server", "postgres_superuser_url", "postgres_template"]
