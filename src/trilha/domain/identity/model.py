"""Organisations and where their data come from."""

from datetime import datetime

import msgspec

from trilha.domain.kernel import InvalidValue, OrganisationId

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
