"""One call of the API: granted by the limiter, carried by the token, repeated where that can help.

Errors are raised without their technical cause: an httpx error holds its request, and that holds the token.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import TypeVar

import httpx
import msgspec

from trilha.adapters.mix import log_events
from trilha.adapters.mix.redaction import Redactor
from trilha.adapters.mix.session import Session
from trilha.adapters.mix.settings import MixSettings
from trilha.adapters.mix.split import UnreadableAnswer
from trilha.adapters.mix.waiting import Waiting, retry_after
from trilha.application.ports import Clock, Priority, RateLimiter, SourceToken
from trilha.application.rate_limiting import MARGIN
from trilha.domain.kernel import (
    SinceTokenTooOld,
    SourceError,
    SourceNotPermitted,
    SourceRefused,
    SourceUnavailable,
)

_LOG = logging.getLogger(__name__)
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _REQUEST_TIMEOUT, _THROTTLED = 401, 403, 404, 408, 429

Read = TypeVar("Read")


LARGEST = 64 * 2**20
"""Bytes of a decompressed answer that has no pages: some 150,000 positions, which are decoded and stored at once."""


class Call(msgspec.Struct, frozen=True):
    """A question to the API, posted where it has a body; all of them only read, so any can be repeated.

    `organisation_id` is whose data it asks for, where it asks for anybody's. Where its caller `may_ask_for_less`, an
    answer that takes too long is not waited for again, and one that is LARGEST is not read to its end.
    """

    path: str
    priority: Priority
    organisation_id: int | None = None
    body: bytes | None = None
    may_ask_for_less: bool = False


class _Progress(msgspec.Struct):
    token: SourceToken | None = None
    rejected: SourceToken | None = None
    failed: int = 0
    throttled: int = 0
    was_slow: bool = False


class Transport:
    """Sends calls; every call and every repetition counts against the limiter, token requests do not."""

    def __init__(
        self,
        *,
        http: httpx.AsyncClient,
        settings: MixSettings,
        session: Session,
        limiter: RateLimiter,
        clock: Clock,
        waiting: Waiting,
        redactor: Redactor,
    ) -> None:
        self._http = http
        self._settings = settings
        self._session = session
        self._limiter = limiter
        self._clock = clock
        self._waiting = waiting
        self._redactor = redactor
        self._base = settings.hosts.api_url.rstrip("/")

    async def ask(self, call: Call, read: Callable[[httpx.Response], Read]) -> Read:
        """What `read` makes of the answer; an UnreadableAnswer from it counts as a fault of the answer.

        Raises SourceUnavailable, SourceRefused, SourceNotPermitted, SinceTokenTooOld.
        """
        progress = _Progress()
        while True:
            answer = await self._answer(call, progress)
            if isinstance(answer, str):
                problem: str | None = answer
            elif answer.is_success:
                try:
                    return read(answer)
                except UnreadableAnswer as error:
                    problem = str(error)
            else:
                problem = await self._react(call, answer, progress)
            if problem is not None:
                await self._back_off(call, progress, problem)

    async def _answer(self, call: Call, progress: _Progress) -> httpx.Response | str:
        token = await self._token_before_turn(call, progress.rejected)
        progress.token = token
        try:
            async with asyncio.timeout(self._settings.timeouts.whole_s):
                return await self._sent(call, token)
        except (httpx.ReadTimeout, TimeoutError) as error:
            progress.was_slow = True
            return f"no whole answer in time ({type(error).__name__})"
        except httpx.RequestError as error:
            return f"no whole answer ({type(error).__name__})"

    async def _token_before_turn(self, call: Call, rejected: SourceToken | None) -> SourceToken:
        """A renewal takes seconds; calls granted before it would go out together after it, more than MiX allows."""
        token = await self._session.token(rejected)
        asked_at = self._clock.now()
        await self._limiter.acquire(self._settings.key, call.priority)
        has_waited = self._clock.now() - asked_at > MARGIN
        return await self._session.token(rejected) if has_waited else token

    async def _sent(self, call: Call, token: SourceToken) -> httpx.Response:
        request = self._request(call, token)
        if not call.may_ask_for_less:
            return await self._http.send(request)
        response = await self._http.send(request, stream=True)
        try:
            body = await _bounded(response, call)
        finally:
            await response.aclose()
        headers = httpx.Headers(response.headers)
        headers.pop("Content-Encoding", None)  # it is decompressed
        return httpx.Response(response.status_code, headers=headers, content=body, request=request)

    def _request(self, call: Call, token: SourceToken) -> httpx.Request:
        headers = {"Authorization": f"Bearer {token.access_token}"}
        if call.body is None:
            return self._http.build_request("GET", self._base + call.path, headers=headers)
        headers["Content-Type"] = "application/json; charset=utf-8"
        return self._http.build_request("POST", self._base + call.path, headers=headers, content=call.body)

    async def _react(self, call: Call, response: httpx.Response, progress: _Progress) -> str | None:
        """Prepare the next try, say what makes it one that may fail again, or raise what is final."""
        status = response.status_code
        if status == _UNAUTHORIZED and progress.rejected is None:
            progress.rejected = progress.token
            return None
        if status == _THROTTLED:
            await self._throttle(call, response, progress)
            return None
        if status == _REQUEST_TIMEOUT or not response.is_client_error:
            return f"status {status}"
        raise self._refusal(call, response, progress)

    async def _throttle(self, call: Call, response: httpx.Response, progress: _Progress) -> None:
        """Everybody waits; the next `acquire` of this call does so too."""
        policy, now = self._settings.retries, self._clock.now()
        wait = retry_after(response.headers.get("Retry-After"), now, policy.throttle_wait)
        await self._limiter.pause(self._settings.key, now + wait)
        progress.throttled += 1
        _LOG.warning(log_events.THROTTLED, extra={"path": call.path, "wait_s": wait.total_seconds()})
        if progress.throttled > policy.throttle_tries or wait > policy.longest_throttle:
            raise SourceUnavailable(
                f"MiX throttles us (429): {self._excerpt(response, progress)}. Another tool may spend the same quota; "
                "see TRILHA_MIX_CALLS_PER_MINUTE and TRILHA_MIX_CALLS_PER_HOUR",
                retry_after_s=wait.total_seconds(),
            )

    async def _back_off(self, call: Call, progress: _Progress, problem: str) -> None:
        progress.failed += 1
        if progress.failed >= self._settings.retries.tries or (progress.was_slow and call.may_ask_for_less):
            tries = "1 try" if progress.failed == 1 else f"{progress.failed} tries"
            raise SourceUnavailable(f"MiX did not answer {call.path} in {tries}: {problem}")
        _LOG.warning(log_events.CALL_REPEATED, extra={"path": call.path, "problem": problem})
        await self._waiting.after(progress.failed)

    def _refusal(self, call: Call, response: httpx.Response, progress: _Progress) -> SourceError:
        status, text = response.status_code, self._excerpt(response, progress)
        said = f"MiX answered {status} to {call.path}: {text or 'nothing more'}"
        folded = text.casefold()
        if "sincetoken" in folded and "older" in folded:
            return SinceTokenTooOld(said)
        if status in (_UNAUTHORIZED, _FORBIDDEN):
            if call.organisation_id is not None:
                return SourceNotPermitted("organisation", call.organisation_id)
            return SourceRefused(f"{said}. Check that the user of TRILHA_MIX_USERNAME may use MiX Integrate")
        if status == _NOT_FOUND:
            return SourceRefused(f"{said}. Check TRILHA_MIX_API_URL")
        return SourceRefused(said)

    def _excerpt(self, response: httpx.Response, progress: _Progress) -> str:
        token = progress.token
        secrets = () if token is None else (token.access_token, token.refresh_token)
        return self._redactor.excerpt(response.content, *secrets)


async def _bounded(response: httpx.Response, call: Call) -> bytes:
    """The whole body; raises SourceUnavailable where it is too large to be held and stored at once."""
    parts: list[bytes] = []
    size = 0
    async for part in response.aiter_bytes():
        parts.append(part)
        size += len(part)
        if size > LARGEST:
            raise SourceUnavailable(f"the answer to {call.path} is larger than {LARGEST} bytes: ask for a shorter time")
    return b"".join(parts)
