"""What this machine has: the data folder, the token in it, and the servers that `trilha up` runs."""

from pathlib import Path

import msgspec

from trilha.adapters.embedded import DataFolder, EmbeddedError, EmbeddedPostgres, find_data_folder, open_data_folder
from trilha.adapters.embedded.nats import USER as NATS_USER
from trilha.adapters.embedded.ports import HOST as _HOST
from trilha.adapters.embedded.ports import remembered_port
from trilha.entrypoints.feed import DEMO, known_feed
from trilha.entrypoints.mistakes import ExitCode, Mistake
from trilha.entrypoints.settings import Settings, variable
from trilha.entrypoints.worker.heartbeat import heartbeat_file, read_heartbeat

ROLES = {"database_url": "trilha_app", "database_owner_url": "trilha_owner", "database_system_url": "trilha_system"}
DATABASE = "trilha"
_SUPERVISOR = "supervisor"
_TOKEN = "api-token"  # noqa: S105 - the name of the secret


def data_folder(settings: Settings) -> DataFolder:
    """The folder that the settings name, or the project's own, made if need be. Raises Mistake."""
    embeds = not (settings.database_url and settings.nats_url)
    try:
        return open_data_folder(_given(settings), for_servers=embeds)
    except EmbeddedError as error:
        raise Mistake(str(error), ExitCode.CONFIGURATION) from error


def existing_folder(settings: Settings) -> DataFolder | None:
    """The same folder if it is there; for looking, nothing is made or changed. Raises Mistake."""
    try:
        return find_data_folder(_given(settings))
    except EmbeddedError as error:
        raise Mistake(str(error), ExitCode.CONFIGURATION) from error


def _given(settings: Settings) -> Path | None:
    return Path(settings.data_dir) if settings.data_dir else None


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


def superuser_url(folder: DataFolder) -> str:
    """Where the superuser of the embedded PostgreSQL signs in, for making roles and database."""
    return EmbeddedPostgres(folder).superuser_url


def simulator_variables(url: str) -> dict[str, str]:
    """How the simulated company at this address is reached, as environment variables."""
    return {variable(field): value for field, value in _simulator_settings(url).items()}


def _simulator_settings(url: str) -> dict[str, str]:
    from trilha.simulators.mix.scenario import Login

    login = {f"mix_{field}": value for field, value in msgspec.structs.asdict(Login()).items()}
    return {**login, "mix_identity_url": f"{url}/core", "mix_api_url": url}


def running_holder(folder: DataFolder) -> int | None:
    """The process of the `trilha up` that runs on this folder; None where none does."""
    return folder.lock_holder(_SUPERVISOR)


def worker_troubles(folder: DataFolder) -> str:
    """What the worker on this folder cannot do now, in words; empty where all is well or nothing is known."""
    beat = read_heartbeat(heartbeat_file(folder.run))
    failing = [] if beat is None else [(role, one) for role, one in beat.roles.items() if one.state == "failing"]
    return "; ".join(f"worker: {role} fails since {one.since:%H:%M:%S} UTC ({one.error})" for role, one in failing)


def embedded_addresses(settings: Settings) -> Settings | None:
    """The settings with the servers of a running `trilha up` filled in; None where none runs on this data folder.

    In a demo those of the simulated company as well.
    """
    folder = existing_folder(settings)
    if folder is None or running_holder(folder) is None:
        return None
    found: dict[str, str | int] = {}
    feed = known_feed(folder.path)
    if feed is not None and feed.kind == DEMO:
        found |= _simulator_settings(f"http://{_HOST}:{_remembered_port(folder, 'simulator')}")
    if not settings.database_url:
        port = _remembered_port(folder, "postgres")
        passwords = role_passwords(folder)
        found |= {
            field: f"postgresql://{role}:{passwords[role]}@{_HOST}:{port}/{DATABASE}" for field, role in ROLES.items()
        }
    if not settings.nats_url:
        port = _remembered_port(folder, "nats")
        found["nats_url"] = f"nats://{NATS_USER}:{folder.secret('nats')}@{_HOST}:{port}"
    return msgspec.structs.replace(settings, **found)


def _remembered_port(folder: DataFolder, name: str) -> int:
    port = remembered_port(folder.run / f"{name}.port")
    if not port:
        raise Mistake("`trilha up` is just starting here: try again when it is ready", ExitCode.UNAVAILABLE)
    return port
