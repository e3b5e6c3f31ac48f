"""What this machine has: the data folder, the token in it, and the servers that `trilha up` runs."""

from pathlib import Path

import msgspec

from trilha.adapters.embedded import DataFolder, EmbeddedError, EmbeddedPostgres, open_data_folder
from trilha.adapters.embedded.nats import USER as NATS_USER
from trilha.adapters.embedded.ports import HOST as _HOST
from trilha.entrypoints.settings import Settings, variable

__all__ = [
    "DataFolder",
    "EmbeddedError",
    "api_token",
    "data_folder",
    "database_variables",
    "embedded_addresses",
    "prepare_cluster",
]

ROLES = {"database_url": "trilha_app", "database_owner_url": "trilha_owner", "database_system_url": "trilha_system"}
DATABASE = "trilha"
_SUPERVISOR = "supervisor"
_TOKEN = "api-token"  # noqa: S105 - the name of the secret


def data_folder(settings: Settings) -> DataFolder:
    """The folder that the settings name, or the project's own; raises EmbeddedError."""
    embeds = not (settings.database_url and settings.nats_url)
    return open_data_folder(Path(settings.data_dir) if settings.data_dir else None, for_servers=embeds)


def api_token(settings: Settings) -> str:
    """The configured token, or the one that was made at first start and lies in the data folder."""
    return settings.api_token or data_folder(settings).secret(_TOKEN)


def role_passwords(folder: DataFolder) -> dict[str, str]:
    """The passwords of the three roles in the embedded PostgreSQL."""
    return {role: folder.secret(f"postgres-{role}") for role in ROLES.values()}


def database_variables(postgres: EmbeddedPostgres) -> dict[str, str]:
    """Where each role signs in, as environment variables."""
    passwords = role_passwords(postgres.folder)
    return {variable(field): postgres.url(role, passwords[role], DATABASE) for field, role in ROLES.items()}


def prepare_cluster(postgres: EmbeddedPostgres) -> None:
    """Make the roles and the database where they are missing."""
    from trilha.adapters.postgres import prepare_cluster as prepare

    prepare(postgres.superuser_url, role_passwords(postgres.folder), database=DATABASE)


def embedded_addresses(settings: Settings) -> Settings | None:
    """The settings with the servers of a running `trilha up` filled in; None where none runs on this data folder."""
    folder = data_folder(settings)
    if folder.lock_holder(_SUPERVISOR) is None:
        return None
    found: dict[str, str] = {}
    if not settings.database_url:
        port = _remembered_port(folder, "postgres")
        passwords = role_passwords(folder)
        found = {
            field: f"postgresql://{role}:{passwords[role]}@{_HOST}:{port}/{DATABASE}" for field, role in ROLES.items()
        }
    if not settings.nats_url:
        port = _remembered_port(folder, "nats")
        found["nats_url"] = f"nats://{NATS_USER}:{folder.secret('nats')}@{_HOST}:{port}"
    return msgspec.structs.replace(settings, **found)


def _remembered_port(folder: DataFolder, name: str) -> int:
    return int((folder.run / f"{name}.port").read_text())
