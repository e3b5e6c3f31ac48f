"""What another system says, made fit for our logs and errors."""

import re
from base64 import b64encode
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

from trilha.adapters.mix.settings import MixCredentials

EXCERPT_CHARACTERS = 500
_HIDDEN = "[hidden]"
_E_MAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]+")


class Redactor:
    """Takes the secrets it was given, in every form they travel in, and all e-mail addresses out of a text."""

    def __init__(self, credentials: MixCredentials) -> None:
        pair = f"{credentials.client_id}:{credentials.client_secret}".encode()
        self._fixed = _forms((credentials.client_secret, credentials.username, credentials.password))
        self._fixed.add(b64encode(pair).decode())

    def excerpt(self, body: bytes, *secrets: str | None) -> str:
        """The beginning of an answer, on one line. Redacts first and cuts then, so that no secret is cut in half."""
        text = " ".join(body.decode("utf-8", "replace").split())
        hidden = self._fixed | _forms(secret for secret in secrets if secret)
        for secret in sorted(hidden, key=len, reverse=True):
            text = text.replace(secret, _HIDDEN)
        text = _BEARER.sub(rf"\1 {_HIDDEN}", text)
        return _E_MAIL.sub("[e-mail]", text)[:EXCERPT_CHARACTERS]


def _forms(secrets: Iterable[str]) -> set[str]:
    return {form for secret in secrets if secret for form in (secret, quote(secret, safe=""), quote_plus(secret))}
