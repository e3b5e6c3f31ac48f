"""Organisations and where their data come from; people, who may belong to several."""

from datetime import datetime

import msgspec

from trilha.domain.identity.emails import EmailAddress
from trilha.domain.kernel import InvalidValue, OrganisationId, UserId, utc

MAX_NAME_CHARS = 200
OPERATOR = "operator"
"""Who is said to have acted with the installation's own token; people have none of their own yet."""


class Organisation(msgspec.Struct, frozen=True):
    """A fleet, a city of walks, or both. Everything else belongs to exactly one.

    `time_zone` is an IANA name; the days, weeks and schedules of the organisation are cut in it.
    """

    id: OrganisationId
    name: str
    time_zone: str
    created_at: datetime

    def __post_init__(self) -> None:
        if not 1 <= len(self.name.strip()) <= MAX_NAME_CHARS:
            raise InvalidValue("name", self.name, f"1 to {MAX_NAME_CHARS} characters")
        if not self.time_zone.strip():
            raise InvalidValue("time_zone", self.time_zone, "an IANA zone such as America/Sao_Paulo")


class OrganisationSource(msgspec.Struct, frozen=True):
    """The outside organisation that feeds ours, such as a MiX organisation group. At most one each."""

    organisation_id: OrganisationId
    source: str
    external_id: int


class User(msgspec.Struct, frozen=True, kw_only=True):
    """A person who can sign in, anywhere in the installation. `version` guards against two writers.

    `password_hash` is the hasher's own text, None for who came through an outside provider or was only invited.
    Sessions of another than the `session_epoch` are over: one write ends them all, in every organisation.
    """

    id: UserId
    email: EmailAddress
    name: str
    created_at: datetime
    password_hash: str | None = None
    email_verified_at: datetime | None = None
    session_epoch: int = 1
    disabled_at: datetime | None = None
    version: int = 1

    def __post_init__(self) -> None:
        if not (1 <= len(self.name.strip()) <= MAX_NAME_CHARS and "\0" not in self.name):
            # not with the value: a person's name belongs into no error
            raise InvalidValue("name", "...", f"1 to {MAX_NAME_CHARS} characters, none of them NUL")
        utc(self.created_at, "created_at")

    def __repr__(self) -> str:
        """Only what names nobody."""
        return f"User(id={self.id}, version={self.version})"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        """The same for consoles that draw objects by their members."""
        return [("id", self.id), ("version", self.version)]

    @property
    def can_sign_in(self) -> bool:
        """Whether the account is open and its address proven."""
        return self.disabled_at is None and self.email_verified_at is not None


def with_password(user: User, password_hash: str) -> User:
    """A new password ends every session: whoever had the old one must not stay."""
    return _changed(user, password_hash=password_hash, session_epoch=user.session_epoch + 1)


def rehashed(user: User, password_hash: str) -> User:
    """The same password under newer settings of the hasher; nobody is signed out."""
    return _changed(user, password_hash=password_hash)


def email_verified(user: User, now: datetime) -> User:
    """The owner of the address has shown that it is his. The first time counts."""
    return user if user.email_verified_at is not None else _changed(user, email_verified_at=now)


def signed_out(user: User) -> User:
    """Every session of the user is over."""
    return _changed(user, session_epoch=user.session_epoch + 1)


def closed(user: User, now: datetime) -> User:
    """The account cannot sign in any more, nor go on where it is signed in. Closing twice is once."""
    if user.disabled_at is not None:
        return user
    return _changed(user, disabled_at=now, session_epoch=user.session_epoch + 1)


def reopened(user: User) -> User:
    """It can sign in again; its old sessions stay over."""
    return user if user.disabled_at is None else _changed(user, disabled_at=None)


def _changed(user: User, **changes: object) -> User:
    return msgspec.structs.replace(user, version=user.version + 1, **changes)
