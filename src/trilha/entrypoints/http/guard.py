"""Who may ask: whoever knows the installation's bearer token."""

import hashlib
import hmac
from typing import Any

from litestar import Request

from trilha.entrypoints.http.call import context_of
from trilha.entrypoints.http.problems import Refusal

_SCHEME = b"bearer "


async def require_token(request: Request[Any, Any, Any]) -> None:
    """Let a request pass that carries the token; runs before its handler.

    Bound to the routes and not to a prefix of the path: routing sees `//v1/drivers` as `/v1/drivers`, and a prefix
    check would not. No Litestar guard either: those that are no coroutines run in a thread, and all of them copy the
    handler for each request, which took four times as long as everything else. Hashes are compared, in constant time.
    """
    context = context_of(request.scope)
    given = context.headers.get(b"authorization")
    if given is None:
        raise _refused(
            "this needs the bearer token of the installation: Authorization: Bearer <token>", "missing_token"
        )
    if given[: len(_SCHEME)].lower() != _SCHEME:
        raise _refused("the Authorization header is not of the form: Bearer <token>", "malformed_token")
    digest = hashlib.sha256(given[len(_SCHEME) :].strip()).digest()
    if not hmac.compare_digest(digest, context.serving.parts.token_hash):
        raise _refused(
            "this is not the bearer token of the installation; `trilha token`, run where it was started, shows it",
            "wrong_token",
        )


def _refused(detail: str, reason: str) -> Refusal:
    challenge = 'Bearer realm="trilha"'
    if reason != "missing_token":
        challenge += ', error="invalid_token"'
    return Refusal(401, f"auth.{reason}", detail, headers=(("WWW-Authenticate", challenge),))
