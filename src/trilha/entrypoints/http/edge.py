"""The outermost layer, around routing too: ids, headers, metrics and the access log of every request.

One raw ASGI application instead of a stack of middlewares, for each layer costs a wrapped `send` and a coroutine a
request.
"""

from http import HTTPMethod
from time import perf_counter

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from trilha.entrypoints.http.access import AccessLine, silent
from trilha.entrypoints.http.call import CallContext, Serving
from trilha.entrypoints.http.identification import Identification, identify
from trilha.entrypoints.http.live.socket import PATH as SOCKET_PATH
from trilha.entrypoints.http.live.socket import serve_socket

MAX_LOGGED_PATH_CHARS = 200
_METHODS = frozenset(HTTPMethod)
_QUIET_ROUTES = frozenset({"/health/live", "/health/ready", "/metrics"})
_SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"content-security-policy", b"default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
)


class Edge:
    """Wraps the whole application."""

    def __init__(self, app: ASGIApp, serving: Serving) -> None:
        self._app = app
        self._serving = serving
        self._metrics = serving.metrics
        self._access_log = serving.parts.access_log
        self._clock = serving.parts.clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        headers = dict(scope["headers"])
        ids = identify(headers.get(b"x-request-id"), headers.get(b"traceparent"))
        context = CallContext(self._serving, headers, ids.request_id)
        structlog.contextvars.bind_contextvars(request_id=ids.request_id, trace_id=ids.trace_id)
        if scope["type"] == ScopeType.WEBSOCKET:
            started = perf_counter()
            status = await serve_socket(context, scope, receive, send)
            self._log(
                scope,
                "GET",
                SOCKET_PATH if scope["path"] == SOCKET_PATH else "unmatched",
                ids,
                status,
                perf_counter() - started,
            )
            return
        scope["trilha"] = context  # type: ignore[typeddict-unknown-key] # ASGI lets applications add keys
        await self._answer(scope, receive, send, ids)

    async def stop(self) -> None:
        """Send away those who listen; returns when they are gone, or will not go."""
        await self._serving.hub.wind_down()

    async def _answer(self, scope: HTTPScope, receive: Receive, send: Send, ids: Identification) -> None:
        started = perf_counter()
        status = 0
        own_headers = (
            (b"x-request-id", ids.request_id.encode()),
            (b"traceparent", ids.traceparent),
            *_SECURITY_HEADERS,
        )

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *own_headers]
            await send(message)

        self._metrics.in_progress += 1
        try:
            await self._app(scope, receive, send_on)
        finally:
            self._metrics.in_progress -= 1
            self._note(scope, ids, status, perf_counter() - started)

    def _note(self, scope: HTTPScope, ids: Identification, status: int, duration_s: float) -> None:
        route = scope.get("path_template") or "unmatched"
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        self._metrics.observe(method, route, status, duration_s)
        if route not in _QUIET_ROUTES:
            self._log(scope, method, route, ids, status, duration_s)

    def _log(self, scope: Scope, method: str, route: str, ids: Identification, status: int, duration_s: float) -> None:
        if self._access_log is silent:
            return
        self._access_log(
            AccessLine(
                timestamp=self._clock.now(),
                method=method,
                path=scope["path"][:MAX_LOGGED_PATH_CHARS],
                route=route,
                status=status,
                duration_ms=round(duration_s * 1_000, 3),
                request_id=ids.request_id,
                trace_id=ids.trace_id,
            )
        )
