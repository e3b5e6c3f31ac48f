"""Finding the servers that a running `trilha up` has on this machine."""

from trilha.entrypoints.cli.output import CommandFailed, ExitCode
from trilha.entrypoints.settings import Settings, variable


def running_settings(settings: Settings) -> Settings:
    """The settings with the addresses of the running embedded servers filled in where none are configured.

    Raises CommandFailed, naming the settings, where neither is there.
    """
    if settings.database_url and settings.nats_url:
        return settings
    from trilha.entrypoints.container.here import embedded_addresses

    found = embedded_addresses(settings)
    if found is None:
        raise CommandFailed(
            f"nothing runs on this data folder, and {variable('database_url')} and {variable('nats_url')} are not set: "
            "start `trilha up` first, or name your own servers",
            ExitCode.UNAVAILABLE,
        )
    return found
