"""The API as it is deployed, over a fresh database: what benchmarks send requests to."""

import asyncio
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from benchmarks.database import Database
from benchmarks.processes import free_port, running
from trilha.adapters.embedded import EmbeddedNats, temporary_data_folder
from trilha.entrypoints.container.messaging import check_messaging
from trilha.entrypoints.settings import Settings

POOL = 8
"""Database connections of the process; what our settings give it."""


class Served(msgspec.Struct, frozen=True):
    """A running API: where, in which process, and the settings for others that work with it."""

    url: str
    pid: int
    nats_pid: int
    environment: Mapping[str, str]


@contextmanager
def our_api(database: Database, token: str) -> Iterator[Served]:
    """NATS and `trilha serve`, while the block lasts."""
    with temporary_data_folder() as folder, EmbeddedNats(folder) as nats:
        url = f"http://127.0.0.1:{(port := free_port())}"
        environment = {
            "TRILHA_DATABASE_URL": database.urls.app,
            "TRILHA_DATABASE_OWNER_URL": database.urls.owner,
            "TRILHA_DATABASE_SYSTEM_URL": database.urls.system,
            "TRILHA_DATABASE_POOL_SIZE": str(POOL),
            "TRILHA_NATS_URL": nats.url,
            "TRILHA_HTTP_PORT": str(port),
            "TRILHA_API_TOKEN": token,
        }
        asyncio.run(check_messaging(Settings(nats_url=nats.url)))
        program = str(Path(sys.executable).with_name("trilha"))
        with running("ours", [program, "serve"], environment, f"{url}/health/ready") as pid:
            yield Served(url, pid, nats.pid or 0, environment)
