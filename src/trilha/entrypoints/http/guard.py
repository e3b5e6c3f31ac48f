"""Who may ask: whoever knows the installation's bearer token."""

import hashlib
import hmac
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from trilha.entrypoints.http.call import context_of
from trilha.entrypoints.http.problems import Refusal

_SCHEME = b"bearer "


def require_token(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Let a request pass that carries the token.

    Bound to the routes and not to a prefix of the path: routing sees `//v1/drivers` as `/v1/drivers`, and a prefix
    check would not. Hashes are compared, in constant time.
    """
    context = context_of(connection.scope)
    given = context.headers.get(b"authorization")
    if given is None:
        raise _refused(
            "this needs the bearer token of the installation: Authorization: Bearer <token>", "missing_token"
        )
    if given[: len(_SCHEME)].lower() != _SCHEME:
        raise _refused("the Authorization header is not of the form: Bearer <token>", "malformed_token")
    digest = hashlib.sha256(given[len(_SCHEME) :].strip()).digest()
    if not hmac.compare_digest(digest, context.serving.parts.token_hash):
        raise _refused("this is not the bearer token of the installation; `trilha token` shows it", "wrong_token")


def _refused(detail: str, reason: str) -> Refusal:
    challenge = 'Bearer realm="trilha"'
    if reason != "missing_token":
        challenge += ', error="invalid_token"'
    return Refusal(401, f"auth.{reason}", detail, headers=(("WWW-Authenticate", challenge),))
