"""Whose data a request is about: the only organisation there is, or the one that the client names."""

import asyncio
from collections.abc import Sequence
from time import monotonic
from uuid import UUID

from trilha.domain.identity import Organisation, Organisations
from trilha.domain.kernel import OrganisationId
from trilha.entrypoints.http.problems import FieldError, Refusal, bad_header
from trilha.entrypoints.http.statuses import RETRY_AFTER_S

HEADER = "Trilha-Organisation"
FRESH_S = 5.0
"""How long the list of organisations is believed. One that was just connected shows up this much later."""


class Tenancy:
    """Keeps the short list of organisations, so that a request need not read it first."""

    def __init__(self, organisations: Organisations, fresh_s: float = FRESH_S) -> None:
        self._organisations = organisations
        self._fresh_s = fresh_s
        self._known: Sequence[Organisation] = ()
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()

    async def pick(self, header: bytes | None) -> OrganisationId:
        """The organisation of a request.

        Raises Refusal for one that does not exist, where none is connected or several are and none is named.
        """
        if header is not None:
            return await self._named(_parsed(header))
        known = await self.all()
        if not known:
            raise _none_connected()
        if len(known) > 1:
            raise bad_header(
                HEADER,
                "organisation.not_named",
                f"there are {len(known)} organisations; name one of GET /v1/organisations in the header {HEADER}",
            )
        return known[0].id

    async def all(self) -> Sequence[Organisation]:
        """Every organisation, oldest first."""
        if not self._known or monotonic() - self._read_at > self._fresh_s:
            await self._refresh(monotonic())
        return self._known

    async def _named(self, wanted: UUID) -> OrganisationId:
        for organisation in await self.all():
            if organisation.id == wanted:
                return organisation.id
        raise _no_such(wanted)

    async def _refresh(self, asked_at: float) -> None:
        async with self._reading:
            if self._read_at < asked_at:
                self._known = await self._organisations.all()
                self._read_at = monotonic()


def _parsed(header: bytes) -> UUID:
    text = header.decode("latin-1")
    try:
        return UUID(text)
    except ValueError:
        raise bad_header(
            HEADER, "invalid_value", f"{HEADER} is {text[:60]!r}; expected the UUID of an organisation"
        ) from None


def _no_such(wanted: UUID) -> Refusal:
    told = f"there is no organisation {wanted}; GET /v1/organisations lists them"
    return Refusal(404, "not_found", told, errors=(FieldError(message=told, code="not_found", header=HEADER),))


def _none_connected() -> Refusal:
    return Refusal(
        503,
        "organisation.none_connected",
        "no organisation is connected yet; the worker connects them as soon as the source lets it sign in: "
        "try again shortly, and if this stays, `trilha doctor` says what is wrong",
        headers=(("Retry-After", str(RETRY_AFTER_S)),),
    )
