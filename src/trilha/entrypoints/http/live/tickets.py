"""Tickets for sockets: browsers cannot send a header with them, and a token in a URL ends up in logs.

A ticket says for which organisation it is and until when, and is signed with a key that all processes derive from the
installation's token; that it is used once is kept where they all see it.
"""

import hashlib
import hmac
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from datetime import UTC, datetime, timedelta
from struct import Struct
from uuid import UUID

from trilha.application.ports import Clock, SingleUse
from trilha.domain.kernel import OrganisationId
from trilha.entrypoints.http.problems import FieldError, Refusal

VALID_FOR = timedelta(seconds=30)
_CONTENT = Struct(">16s16sQ")
_MAC_BYTES = 32
_LENGTH = _CONTENT.size + _MAC_BYTES


class Tickets:
    """Gives tickets and takes them back."""

    def __init__(self, token_hash: bytes, clock: Clock, single_use: SingleUse) -> None:
        self._key = hmac.digest(token_hash, b"trilha live tickets", hashlib.sha256)
        self._clock = clock
        self._single_use = single_use

    def issue(self, organisation_id: OrganisationId) -> tuple[str, datetime]:
        """A ticket, and when it expires."""
        expires_at = self._clock.now() + VALID_FOR
        content = _CONTENT.pack(organisation_id.bytes, os.urandom(16), _milliseconds(expires_at))
        return urlsafe_b64encode(content + self._sign(content)).decode().rstrip("="), expires_at

    async def redeem(self, ticket: str) -> OrganisationId:
        """Whose data it opens, this once. Raises Refusal."""
        content = self._checked(ticket)
        organisation, nonce, expires_at = _CONTENT.unpack(content)
        if expires_at <= _milliseconds(self._clock.now()):
            raise _refused(
                "expired_ticket", f"this ticket was good for {VALID_FOR.seconds} seconds, until {_at(expires_at)}"
            )
        if not await self._single_use.spend(nonce.hex()):
            raise _refused("used_ticket", "this ticket was used already; each opens one socket")
        return OrganisationId(UUID(bytes=organisation))

    def _checked(self, ticket: str) -> bytes:
        try:
            raw = urlsafe_b64decode(ticket + "=" * (-len(ticket) % 4))
        except (Base64Error, ValueError):
            raw = b""
        content, mac = raw[: _CONTENT.size], raw[_CONTENT.size :]
        if len(raw) != _LENGTH or not hmac.compare_digest(mac, self._sign(content)):
            raise _refused("wrong_ticket", "this is no ticket of this installation")
        return content

    def _sign(self, content: bytes) -> bytes:
        return hmac.digest(self._key, content, hashlib.sha256)


def _refused(reason: str, detail: str) -> Refusal:
    told = f"{detail}; POST /v1/live/tickets gives a new one"
    return Refusal(401, f"auth.{reason}", told, errors=(FieldError(told, f"auth.{reason}", parameter="ticket"),))


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000)


def _at(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1_000, UTC).isoformat(timespec="seconds")
