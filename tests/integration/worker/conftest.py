"""The server of the NATS tests."""

from tests.integration.nats.conftest import client, nats_server

__all__ = ["client", "nats_server"]
