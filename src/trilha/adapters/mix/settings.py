"""Where MiX Integrate is, who we are to it, and how patient we are."""

import hashlib
from datetime import timedelta
from enum import StrEnum
from typing import Any, Self
from urllib.parse import urlsplit

import msgspec

from trilha.domain.kernel import InvalidValue

MOST_ITEMS = 1000
"""The largest page that MiX lets one ask for."""


class Region(StrEnum):
    """The data centres. A customer lives in exactly one, and ids mean nothing in another."""

    AMERICAS = "us"
    EUROPE = "eu"
    UNITED_KINGDOM = "uk"
    SOUTH_AFRICA = "za"
    AUSTRALIA = "au"
    MIDDLE_EAST = "om"
    ACCEPTANCE_TEST = "uat"


class ClientAuth(StrEnum):
    """How the application proves itself at the token endpoint; both are in use, and MiX takes either."""

    BASIC = "basic"
    FORM = "form"


class MixHosts(msgspec.Struct, frozen=True):
    """The base addresses: identity ends in `/core`, the API's paths begin with `/api`."""

    identity_url: str
    api_url: str

    def __post_init__(self) -> None:
        _check_url("TRILHA_MIX_IDENTITY_URL", self.identity_url)
        _check_url("TRILHA_MIX_API_URL", self.api_url)

    @classmethod
    def of(cls, region: Region) -> Self:
        """The addresses of a data centre."""
        return cls(
            identity_url=f"https://identity.{region}.mixtelematics.com/core",
            api_url=f"https://integrate.{region}.mixtelematics.com",
        )


class MixCredentials(msgspec.Struct, frozen=True):
    """An application and the Fleet Manager user it acts for. Prints as nothing but its name."""

    client_id: str
    client_secret: str
    username: str
    password: str

    def __repr__(self) -> str:
        """Nothing that belongs in a log."""
        return "MixCredentials(hidden)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """The same for consoles that draw objects by their members."""
        return []


class Timeouts(msgspec.Struct, frozen=True):
    """Seconds to wait. Large organisations answer slowly; `whole_s` bounds an answer that only trickles."""

    connect_s: float = 10.0
    read_s: float = 120.0
    whole_s: float = 300.0


class RetryPolicy(msgspec.Struct, frozen=True):
    """How often to try, and how long to wait in between.

    Waits before the second, third, ... try grow twofold from `first_wait`; half of each is chance, so that many
    clients do not come back at once. A throttled call (429) waits as long as the source says, else `throttle_wait`;
    past `longest_throttle` it is given back to the caller, who holds a lease meanwhile.
    """

    tries: int = 3
    first_wait: timedelta = timedelta(seconds=2)
    throttle_tries: int = 3
    throttle_wait: timedelta = timedelta(seconds=60)
    longest_throttle: timedelta = timedelta(seconds=120)


class MixSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the client needs to know. `page_size` is asked for; an answer may hold more."""

    hosts: MixHosts
    credentials: MixCredentials
    client_auth: ClientAuth = ClientAuth.BASIC
    timeouts: Timeouts = Timeouts()
    retries: RetryPolicy = RetryPolicy()
    page_size: int = MOST_ITEMS

    def __post_init__(self) -> None:
        if not 1 <= self.page_size <= MOST_ITEMS:
            raise InvalidValue("page_size", self.page_size, f"1 to {MOST_ITEMS}")

    @property
    def key(self) -> str:
        """Names the credential set in shared stores: the same for every worker, and it tells nothing."""
        parts = (self.hosts.identity_url, self.credentials.client_id, self.credentials.username)
        return "mix-" + hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def _check_url(name: str, url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
        shown = f"{parts.scheme}://{parts.hostname}"
        raise InvalidValue(name, shown, "an address such as https://integrate.us.mixtelematics.com, without a login")
