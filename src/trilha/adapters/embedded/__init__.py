"""PostgreSQL and NATS from wheels, for one machine: no Docker, no compiler, no installation beside Python's.

    with temporary_data_folder() as folder, EmbeddedPostgres(folder) as postgres, EmbeddedNats(folder) as nats:
        postgres.superuser_url, nats.url

Both listen on 127.0.0.1 with a password of their own, keep data and ports from run to run, and die with whoever
started them.
"""

from trilha.adapters.embedded.errors import (
    BinariesMissing,
    DataFolderError,
    DataFolderInUse,
    DataTooOld,
    EmbeddedError,
    ServerFailed,
    ServerUserError,
)
from trilha.adapters.embedded.location import DataFolder, find_data_folder, open_data_folder, temporary_data_folder
from trilha.adapters.embedded.nats import EmbeddedNats
from trilha.adapters.embedded.postgres import EmbeddedPostgres
from trilha.adapters.embedded.server import Command, EmbeddedServer

__all__ = [
    "BinariesMissing",
    "Command",
    "DataFolder",
    "DataFolderError",
    "DataFolderInUse",
    "DataTooOld",
    "EmbeddedError",
    "EmbeddedNats",
    "EmbeddedPostgres",
    "EmbeddedServer",
    "ServerFailed",
    "ServerUserError",
    "find_data_folder",
    "open_data_folder",
    "temporary_data_folder",
]
