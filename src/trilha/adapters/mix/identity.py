"""The identity host: one request for a token, and what its answer means. Knows no cache and no retry."""

import asyncio
from base64 import b64encode
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, TypeVar

import httpx
import msgspec

from trilha.adapters.mix.redaction import Redactor
from trilha.adapters.mix.settings import ClientAuth, MixSettings
from trilha.application.ports import Clock, SourceToken
from trilha.domain.kernel import SourceRefused

SCOPE = "offline_access MiX.Integrate"
_DEFAULT_LIFE_S = 3600
_LONGEST_LIFE_S = 366 * 24 * 3600


class IdentityFailed(Exception):
    """No answer, or nonsense (an HTML page, say): nothing is known to be wrong, so try again."""


class IdentityRefused(Exception):
    """The host understood and said no; `error` is its OAuth code. Holds no secret."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(f"{error}: {description}" if description else error)
        self.error = error

    def as_source_refusal(self) -> SourceRefused:
        """What a person has to look at."""
        return SourceRefused(f"MiX gave no token ({self}). {_ADVICE.get(self.error, _ADVICE_OTHERWISE)}")


_ADVICE = {
    "invalid_grant": "Check TRILHA_MIX_USERNAME and TRILHA_MIX_PASSWORD: they are those of a Fleet Manager user, whose "
    "password may have expired",
    "invalid_client": "Check TRILHA_MIX_CLIENT_ID and TRILHA_MIX_CLIENT_SECRET, and that TRILHA_MIX_IDENTITY_URL is of "
    "the region that issued them",
    "unauthorized_client": "The application of TRILHA_MIX_CLIENT_ID may not use the password grant: check that id, and "
    "ask MiX to allow the grant",
    "invalid_scope": f"The application of TRILHA_MIX_CLIENT_ID lacks the scope '{SCOPE}': check that id, and ask MiX "
    "for the scope",
}
_ADVICE_OTHERWISE = "Check TRILHA_MIX_IDENTITY_URL and the four TRILHA_MIX_ credentials"


class _TokenAnswer(msgspec.Struct):
    access_token: str
    expires_in: Annotated[int, msgspec.Meta(ge=0, le=_LONGEST_LIFE_S)] = _DEFAULT_LIFE_S
    refresh_token: str | None = None


class _ErrorAnswer(msgspec.Struct):
    error: str
    error_description: str | None = None


_Answer = TypeVar("_Answer", _TokenAnswer, _ErrorAnswer)


class Identity:
    """Asks for tokens. Secrets leave only in the body or header of these requests, never in an address."""

    def __init__(self, http: httpx.AsyncClient, settings: MixSettings, clock: Clock, redactor: Redactor) -> None:
        self._http = http
        self._settings = settings
        self._clock = clock
        self._redactor = redactor
        self._url = f"{settings.hosts.identity_url.rstrip('/')}/connect/token"

    async def by_password(self) -> SourceToken:
        """Log in. Raises IdentityFailed or IdentityRefused."""
        login = self._settings.credentials
        grant = {"grant_type": "password", "username": login.username, "password": login.password, "scope": SCOPE}
        return self._understood(await self._ask(grant))

    async def by_refresh(self, old: SourceToken) -> SourceToken:
        """Spend the refresh token of `old`, which works once. Raises IdentityFailed or IdentityRefused."""
        answer = await self._ask({"grant_type": "refresh_token", "refresh_token": old.refresh_token or ""})
        return self._understood(answer, old.refresh_token)

    async def _ask(self, grant: Mapping[str, str]) -> httpx.Response:
        headers, form = self._authenticated(grant)
        try:
            async with asyncio.timeout(self._settings.timeouts.whole_s):
                return await self._http.post(self._url, data=form, headers=headers)
        except (httpx.RequestError, TimeoutError) as error:
            problem = type(error).__name__
        # Raised out here, without the cause: an httpx error holds its request, which holds the password.
        raise IdentityFailed(f"the identity host did not answer ({problem})")

    def _authenticated(self, grant: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
        login = self._settings.credentials
        if self._settings.client_auth is ClientAuth.FORM:
            return {}, {**grant, "client_id": login.client_id, "client_secret": login.client_secret}
        pair = b64encode(f"{login.client_id}:{login.client_secret}".encode()).decode()
        return {"Authorization": f"Basic {pair}"}, dict(grant)

    def _understood(self, response: httpx.Response, spent: str | None = None) -> SourceToken:
        if response.is_success:
            return self._token(response, spent)
        if not response.is_client_error:
            raise IdentityFailed(f"the identity host answered {response.status_code}")
        error = _decoded(response, _ErrorAnswer)
        if error is None:
            raise IdentityFailed(f"the identity host answered {response.status_code} without a reason we can read")
        description = self._redactor.excerpt((error.error_description or "").encode(), spent)
        raise IdentityRefused(self._redactor.excerpt(error.error.encode(), spent), description)

    def _token(self, response: httpx.Response, spent: str | None) -> SourceToken:
        answer = _decoded(response, _TokenAnswer)
        if answer is None or not answer.access_token:
            kind = response.headers.get("content-type", "no content type")
            raise IdentityFailed(f"the identity host answered {kind} where a token in JSON was due")
        expires_at = self._clock.now() + timedelta(seconds=answer.expires_in)
        # A host that does not rotate sends no new refresh token: then the old one goes on.
        return SourceToken(answer.access_token, answer.refresh_token or spent, expires_at)


def _decoded(response: httpx.Response, kind: type[_Answer]) -> _Answer | None:
    try:
        return msgspec.json.decode(response.content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
