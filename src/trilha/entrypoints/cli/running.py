"""Finding the servers that a running `trilha up` has on this machine."""

import logging
import os

from trilha.entrypoints.mistakes import ExitCode, Mistake
from trilha.entrypoints.settings import Settings, load_settings, variable


def operator_settings(process: str) -> Settings:
    """The settings for a command that works on what runs, with its log set up. Raises BadSettings and Mistake."""
    settings = running_settings(load_settings(os.environ))
    from trilha.entrypoints.logs import configure_logging

    configure_logging(settings.log_format, "warning", process)
    # a connection that a command ends with is no news; one that cannot be had is told by what the command raises
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)
    return settings


def running_settings(settings: Settings) -> Settings:
    """The settings with the addresses of the running embedded servers filled in where none are configured.

    Raises Mistake, naming the settings, where neither is there.
    """
    if settings.database_url and settings.nats_url:
        return settings
    from trilha.entrypoints.container.here import embedded_addresses

    found = embedded_addresses(settings)
    if found is None:
        raise Mistake(
            f"nothing runs on this data folder, and {variable('database_url')} and {variable('nats_url')} are not set: "
            f"start `trilha up` first, set {variable('data_dir')} to the folder of one that runs, or name your own "
            "servers",
            ExitCode.UNAVAILABLE,
        )
    return found
