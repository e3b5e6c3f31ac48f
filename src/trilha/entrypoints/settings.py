"""The configuration: one frozen Struct, read once at start from `TRILHA_*` variables, all mistakes told at once."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

PREFIX = "TRILHA_"
SHORTEST_TOKEN = 16
NOT_SETTINGS = ("TRILHA_TEST_", "TRILHA_SOAK_")
"""Variables that belong to the test suite."""

_DATABASES = ("database_url", "database_owner_url", "database_system_url")
_POSTGRES = (("postgresql", "postgres"), "postgresql://role:password@host:port/database")
_ADDRESSES = {
    **dict.fromkeys(_DATABASES, _POSTGRES),
    "nats_url": (("nats", "tls", "ws", "wss"), "nats://user:password@host:port"),
}

Port = Annotated[int, Meta(ge=0, le=65535)]
Positive = Annotated[int, Meta(ge=1)]
Days = Annotated[int, Meta(ge=1, le=36_525)]
Seconds = Annotated[float, Meta(gt=0)]


def _about(text: str, *, secret: bool = False) -> Meta:
    return Meta(description=text, extra={"secret": secret})


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that can be configured. The variable of a field is its name in capitals after `TRILHA_`."""

    data_dir: Annotated[
        str | None,
        _about("Folder for the embedded servers' data, logs and the API token. Default: `.trilha` in the project; as "
               "root a folder under `/var/lib/trilha`."),
    ] = None  # fmt: skip
    http_host: Annotated[str, _about("Address on which the API listens.")] = "127.0.0.1"
    http_port: Annotated[Port, _about("Port on which the API listens; 0, a free one, is not for `trilha up`.")] = 8000
    api_token: Annotated[
        str | None,
        _about(
            "Bearer token that guards `/v1`. Default: made at first start and kept in the data folder.", secret=True
        ),
    ] = None
    database_url: Annotated[
        str | None,
        _about("PostgreSQL 15 or newer as role `trilha_app` (row-level security applies). Default: embedded.",
               secret=True),
    ] = None  # fmt: skip
    database_owner_url: Annotated[
        str | None, _about("The same database as role `trilha_owner`, for migrations and partitions.", secret=True)
    ] = None
    database_system_url: Annotated[
        str | None, _about("The same database as role `trilha_system`, for relay and scheduler.", secret=True)
    ] = None
    database_pool_size: Annotated[Positive, _about("Connections that each process may open per role.")] = 12
    nats_url: Annotated[str | None, _about("NATS 2.10 or newer with JetStream. Default: embedded.", secret=True)] = None
    lease_ttl_s: Annotated[
        Annotated[float, Meta(ge=1, le=600)],
        _about("Seconds until another worker may take over from one that died; a living one renews in time."),
    ] = 15.0
    fleet_source: Annotated[
        str, _about("Adapter that master data and telemetry come from, by its name under `trilha.adapters`.")
    ] = "mix"
    mix_region: Annotated[
        Literal["us", "eu", "uk", "za", "au", "om", "uat"] | None,
        _about("Data centre of the MiX customer; gives both MiX base URLs (`us` serves the Americas)."),
    ] = None
    mix_identity_url: Annotated[str | None, _about("MiX identity base URL, if not by region.")] = None
    mix_api_url: Annotated[str | None, _about("MiX Integrate base URL, if not by region.")] = None
    mix_client_id: Annotated[str | None, _about("MiX application id.")] = None
    mix_client_secret: Annotated[str | None, _about("MiX application secret.", secret=True)] = None
    mix_username: Annotated[
        str | None, _about("MiX Fleet Manager user; a named login, there are no service accounts.")
    ] = None
    mix_password: Annotated[str | None, _about("Its password.", secret=True)] = None
    mix_client_auth: Annotated[
        Literal["basic", "form"], _about("How the application authenticates at the identity host.")
    ] = "basic"
    mix_organisation_ids: Annotated[
        tuple[int, ...],
        _about("MiX organisation group ids to bring in, separated by commas. Default: all that the login may see."),
    ] = ()
    mix_calls_per_minute: Annotated[Positive, _about("Calls that MiX allows a minute, shared by all workers.")] = 20
    mix_calls_per_hour: Annotated[Positive, _about("Calls that MiX allows an hour, shared by all workers.")] = 500
    mix_page_quantity: Annotated[
        Annotated[int, Meta(ge=1, le=1000)], _about("Records asked for in one page of a stream; MiX allows 1000.")
    ] = 1000
    mix_connect_timeout_s: Annotated[Seconds, _about("Seconds to wait for a connection to MiX.")] = 10.0
    mix_read_timeout_s: Annotated[Seconds, _about("Seconds to wait for an answer of MiX; large fleets are slow.")] = (
        120.0
    )
    retention_events_days: Annotated[
        Annotated[int, Meta(ge=90, le=36_525)],
        _about("Days for which events are kept; whole months go, so up to 31 more."),
    ] = 1827
    retention_trips_days: Annotated[
        Annotated[int, Meta(ge=90, le=36_525)],
        _about("Days for which trips are kept; whole months go, so up to 31 more."),
    ] = 1827
    retention_positions_days: Annotated[
        Annotated[int, Meta(ge=90, le=36_525)],
        _about("Days for which positions are kept; whole months go, so up to 31 more."),
    ] = 396
    retention_forms_days: Annotated[Days, _about("Days for which guidance forms are kept as they were printed.")] = 1827
    retention_alerts_days: Annotated[Days, _about("Days for which resolved alerts are kept; open ones stay.")] = 1827
    retention_raw_pages_days: Annotated[
        Days, _about("Days for which pages are kept as they came, for `trilha replay raw`.")
    ] = 90
    retention_sent_days: Annotated[
        Annotated[int, Meta(ge=30, le=36_525)], _about("Days for which sent and digested domain events are remembered.")
    ] = 30
    retention_settled_days: Annotated[
        Days, _about("Days for which settled dead letters and quarantine entries are kept; open ones stay.")
    ] = 90
    retention_runs_days: Annotated[
        Days, _about("Days for which the log of ingestion runs, and that of reports made later, is kept.")
    ] = 365
    retention_report_files_days: Annotated[
        Annotated[int, Meta(ge=1, le=365)], _about("Days for which a report that was made later can be fetched.")
    ] = 7
    report_direct_rows: Annotated[
        Annotated[int, Meta(ge=1, le=1_000_000)],
        _about("Rows of a report that are answered at once as CSV, XLSX or PDF; longer ones are made as jobs."),
    ] = 100_000
    report_json_rows: Annotated[
        Annotated[int, Meta(ge=1, le=100_000)], _about("Rows of a report that are answered at once as JSON.")
    ] = 10_000
    report_longest_days: Annotated[
        Annotated[int, Meta(ge=31, le=3_660)], _about("Days that a report may be about.")
    ] = 366
    report_waiting_jobs: Annotated[
        Annotated[int, Meta(ge=1, le=1_000)], _about("Reports of an organisation that may wait to be made.")
    ] = 50
    alerts_historic_hours: Annotated[
        Annotated[int, Meta(ge=1, le=744)],
        _about("Hours after which what is brought in raises no alert any more, for it is history."),
    ] = 24
    default_time_zone: Annotated[str, _about("IANA zone of organisations whose source names none that is known.")] = (
        "America/Sao_Paulo"
    )
    log_format: Annotated[
        Literal["auto", "json", "console"], _about("`auto` is readable in a terminal and JSON elsewhere.")
    ] = "auto"
    log_level: Annotated[Literal["debug", "info", "warning", "error"], _about("Least severity that is logged.")] = (
        "info"
    )


_IN_WORDS = {
    "Expected int, got str": "expected a whole number",
    "Expected float, got str": "expected a number",
    "Expected int <= 65535": "expected a port from 0 to 65535",
    "Expected int >= 0": "expected a port from 0 to 65535",
}
"""The decoder speaks to programmers."""


class BadSettings(Exception):
    """One or more settings are wrong; `problems` names each variable, what it holds and what was expected."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("the configuration has mistakes:\n" + "\n".join(f"  {problem}" for problem in problems))
        self.problems = problems


def variable(field: str) -> str:
    """The environment variable of a field."""
    return PREFIX + field.upper()


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Read and check every variable; raises BadSettings with all problems at once."""
    hints = get_type_hints(Settings, include_extras=True)
    values: dict[str, Any] = {}
    problems = _unknown(environ, hints)
    for field, hint in hints.items():
        text = environ.get(variable(field), "")
        if text.strip():
            try:
                values[field] = _parse(text.strip(), hint)
            except (msgspec.ValidationError, ValueError) as error:
                problems.append(f"{variable(field)} is {_shown(field, text)}: {_reason(error, hint)}")
    settings = Settings(**values)
    problems += _inconsistent(settings)
    if problems:
        raise BadSettings(problems)
    return settings


def missing_mix_settings(settings: Settings) -> list[str]:
    """What is still needed before MiX can be asked."""
    needed = ["mix_client_id", "mix_client_secret", "mix_username", "mix_password"]
    told = [
        f"{variable(field)} is not set: {describe(field).rstrip('.')}"
        for field in needed
        if getattr(settings, field) is None
    ]
    if settings.mix_region is None and not (settings.mix_identity_url and settings.mix_api_url):
        addresses = f"{variable('mix_identity_url')} and {variable('mix_api_url')}"
        told.append(f"{variable('mix_region')} is not set, nor {addresses}: {describe('mix_region').rstrip('.')}")
    return told


def describe(field: str) -> str:
    """What a field is for."""
    return str(_meta(field).description)


def choices_of(hint: object) -> list[str]:
    """The words that a field accepts, where it accepts only some."""
    if get_origin(hint) is Literal:
        return [str(choice) for choice in get_args(hint)]
    return [choice for part in get_args(hint) if get_origin(part) or get_args(part) for choice in choices_of(part)]


def is_secret(field: str) -> bool:
    """Whether the value must never be shown."""
    return bool((_meta(field).extra or {}).get("secret"))


def _meta(field: str) -> Meta:
    hint = get_type_hints(Settings, include_extras=True)[field]
    return next(meta for meta in reversed(hint.__metadata__) if isinstance(meta, Meta) and meta.description)


def _parse(text: str, hint: Any) -> object:  # noqa: ANN401 - a type of the Struct
    bare = getattr(hint, "__origin__", hint)
    if bare == tuple[int, ...]:
        return tuple(msgspec.convert(part.strip(), int, strict=False) for part in text.split(",") if part.strip())
    return msgspec.convert(text, hint, strict=False)


def _unknown(environ: Mapping[str, str], hints: Mapping[str, object]) -> list[str]:
    known = {variable(field) for field in hints}
    problems = []
    for name in sorted(environ):
        if name.startswith(PREFIX) and not name.startswith(NOT_SETTINGS) and name not in known:
            close = get_close_matches(name, known, n=1)
            problems.append(f"{name} is no setting of Trilha" + (f"; did you mean {close[0]}?" if close else ""))
    return problems


def _inconsistent(settings: Settings) -> list[str]:
    return [*_incomplete_addresses(settings), *_weak_token(settings), *_no_zone(settings.default_time_zone)]


def _no_zone(name: str) -> list[str]:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return [f"{variable('default_time_zone')} is {name!r}: expected an IANA zone such as America/Sao_Paulo"]
    return []


def _weak_token(settings: Settings) -> list[str]:
    token = settings.api_token
    if token is None or (len(token) >= SHORTEST_TOKEN and token.isascii() and token.isprintable() and " " not in token):
        return []
    expected = f"expected at least {SHORTEST_TOKEN} printable ASCII characters without spaces"
    return [f"{variable('api_token')} is a secret value that is easy to guess or cannot be sent: {expected}"]


def _incomplete_addresses(settings: Settings) -> list[str]:
    given = [field for field in _DATABASES if getattr(settings, field)]
    problems = [
        f"{variable(field)} is no address that can be used; expected {example}"
        for field, (schemes, example) in _ADDRESSES.items()
        if (address := getattr(settings, field)) and not _is_address(address, schemes)
    ]
    if given and len(given) < len(_DATABASES):
        absent = ", ".join(variable(field) for field in _DATABASES if field not in given)
        problems.append(f"{variable(given[0])} is set but {absent} is not: an own PostgreSQL needs all three roles")
    return problems


def _is_address(text: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in schemes and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def _shown(field: str, text: str) -> str:
    return "set to a secret value" if is_secret(field) else repr(text)


def _reason(error: Exception, hint: object) -> str:
    choices = choices_of(hint)
    if choices:
        return f"expected one of {', '.join(choices)}"
    return _IN_WORDS.get(str(error).replace("`", ""), str(error).replace("`", "'"))
