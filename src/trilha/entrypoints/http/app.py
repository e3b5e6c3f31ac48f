"""Putting the application together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar, Router

from trilha.entrypoints.http import document
from trilha.entrypoints.http.bodies import MAX_BODY_BYTES
from trilha.entrypoints.http.call import Call, Serving
from trilha.entrypoints.http.edge import Edge
from trilha.entrypoints.http.failures import EXCEPTION_HANDLERS
from trilha.entrypoints.http.feed_gauges import FeedGauges
from trilha.entrypoints.http.guard import require_token
from trilha.entrypoints.http.live.hub import Hub
from trilha.entrypoints.http.live.tickets import Tickets
from trilha.entrypoints.http.metrics import RequestMetrics
from trilha.entrypoints.http.parts import HttpParts
from trilha.entrypoints.http.routes import GUARDED, OPEN
from trilha.entrypoints.http.tenancy import Tenancy


def create_app(parts: HttpParts) -> Litestar:
    """The application around `parts`; their lifespan is entered when the server starts it."""
    hub = Hub(parts)

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        async with parts.lifespan():
            try:
                yield
            finally:
                await hub.close()

    app = Litestar(
        route_handlers=[
            Router("/", route_handlers=[*GUARDED], before_request=require_token),
            *OPEN,
            *document.ROUTES,
        ],
        request_class=Call,
        exception_handlers=EXCEPTION_HANDLERS,
        lifespan=[lifespan],
        request_max_body_size=MAX_BODY_BYTES,
        openapi_config=None,
        logging_config=None,
    )
    tenancy = Tenancy(parts.organisations)
    serving = Serving(
        parts=parts,
        tenancy=tenancy,
        metrics=RequestMetrics(parts.version),
        feed=FeedGauges(parts, tenancy),
        hub=hub,
        tickets=Tickets(parts.token_hash, parts.clock, parts.single_use),
    )
    app.asgi_handler = Edge(app.asgi_handler, serving)
    return app
