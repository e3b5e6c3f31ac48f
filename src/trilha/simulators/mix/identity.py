"""The identity host: discovery, password and refresh grants, and the tokens it gave out (section 2)."""

from base64 import b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from datetime import datetime, timedelta
from secrets import compare_digest, token_urlsafe
from urllib.parse import parse_qs, unquote_plus

from msgspec.json import encode

from trilha.simulators.mix.messages import HTML, Request, Response, json_response
from trilha.simulators.mix.scenario import Behaviour, Login

_SCOPES = frozenset({"offline_access", "MiX.Integrate"})
_FORM = "application/x-www-form-urlencoded"
HTML_PAGE = Response(200, b"<!DOCTYPE html><html><body><h1>Login</h1></body></html>", HTML)


class Identity:
    """Tokens live in memory only: after a restart every access token is refused, as after a real revocation."""

    def __init__(self, login: Login) -> None:
        self._login = login
        self._access: dict[str, datetime] = {}
        self._refresh: set[str] = set()

    def discovery(self, base_url: str) -> Response:
        """The OpenID document."""
        document = {
            "issuer": base_url,
            "token_endpoint": f"{base_url}/connect/token",
            "grant_types_supported": ["password", "refresh_token", "client_credentials"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        }
        return json_response(document)

    def token(self, request: Request, behaviour: Behaviour, now: datetime) -> Response:
        """Answer `POST /connect/token`."""
        if behaviour.html_identity:
            return HTML_PAGE
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
            return _denied("invalid_request", f"Content-Type must be {_FORM}")
        form = {name: values[-1] for name, values in parse_qs(request.body.decode("utf-8", "replace")).items()}
        if not self._knows_client(request, form):
            return _denied("invalid_client", "Unknown application or wrong secret (simulated)")
        return self._grant(form, behaviour, now)

    def client_of(self, access_token: str, now: datetime) -> str | None:
        """The client id behind a token that is valid now."""
        expires_at = self._access.get(access_token)
        return self._login.client_id if expires_at is not None and now < expires_at else None

    def revoke(self, *, access: bool = True, refresh: bool = True) -> int:
        """Make the tokens given out so far worthless; returns how many there were."""
        count = len(self._access) * access + len(self._refresh) * refresh
        if access:
            self._access.clear()
        if refresh:
            self._refresh.clear()
        return count

    def _grant(self, form: dict[str, str], behaviour: Behaviour, now: datetime) -> Response:
        match form.get("grant_type"):
            case "password" if behaviour.allow_password_grant:
                return self._password_grant(form, behaviour, now)
            case "refresh_token":
                return self._refresh_grant(form, behaviour, now)
            case "password" | "client_credentials":
                return _denied("unauthorized_client", "Grant not allowed for this application (simulated)")
            case _:
                return _denied("unsupported_grant_type", "grant_type must be password or refresh_token")

    def _knows_client(self, request: Request, form: dict[str, str]) -> bool:
        client_id, secret = _basic(request.headers.get("authorization", "")) or (
            form.get("client_id", ""),
            form.get("client_secret", ""),
        )
        return _same(client_id, self._login.client_id) and _same(secret, self._login.client_secret)

    def _password_grant(self, form: dict[str, str], behaviour: Behaviour, now: datetime) -> Response:
        right_user = _same(form.get("username", ""), self._login.username)
        if not (_same(form.get("password", ""), self._login.password) and right_user):
            return _denied("invalid_grant", "Invalid credentials (simulated)")
        scopes = set(form.get("scope", "").split())
        if "MiX.Integrate" not in scopes or not scopes <= _SCOPES:
            return _denied("invalid_scope", "scope must be: offline_access MiX.Integrate")
        return self._issue(behaviour, now, refreshable="offline_access" in scopes and behaviour.refresh_tokens)

    def _refresh_grant(self, form: dict[str, str], behaviour: Behaviour, now: datetime) -> Response:
        """A refresh token works once."""
        offered = form.get("refresh_token", "")
        if offered not in self._refresh:
            return _denied("invalid_grant", "Refresh token unknown, used or revoked (simulated)")
        self._refresh.discard(offered)
        return self._issue(behaviour, now, refreshable=behaviour.refresh_tokens)

    def _issue(self, behaviour: Behaviour, now: datetime, *, refreshable: bool) -> Response:
        self._access = {token: end for token, end in self._access.items() if now < end}
        access = _jwt_like(now + timedelta(seconds=behaviour.expires_in_s))
        self._access[access] = now + timedelta(seconds=behaviour.expires_in_s)
        payload: dict[str, object] = {
            "access_token": access,
            "expires_in": behaviour.expires_in_s,
            "token_type": "Bearer",
        }
        if refreshable:
            payload["refresh_token"] = token_urlsafe(24)
            self._refresh.add(str(payload["refresh_token"]))
        return json_response(payload).but(headers={"Cache-Control": "no-store", "Pragma": "no-cache"})


def _jwt_like(expires_at: datetime) -> str:
    """Three dotted parts as the real host's; the signature is random, since clients must treat it as opaque."""
    parts = ({"alg": "RS256", "typ": "JWT"}, {"exp": int(expires_at.timestamp()), "jti": token_urlsafe(8)})
    head, claims = (urlsafe_b64encode(encode(part)).rstrip(b"=").decode() for part in parts)
    return f"{head}.{claims}.{token_urlsafe(32)}"


def _basic(header: str) -> tuple[str, str] | None:
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, _, secret = b64decode(value, validate=True).decode().partition(":")
    except (Base64Error, UnicodeDecodeError):
        return "", ""
    return unquote_plus(client_id), unquote_plus(secret)


def _same(given: str, expected: str) -> bool:
    return compare_digest(given.encode(), expected.encode())


def _denied(error: str, description: str) -> Response:
    return json_response({"error": error, "error_description": description}).but(status=400)
