"""The OpenAPI document: a pure function of the code, so that it is kept in docs/ and served as bytes."""

from functools import cache

import msgspec
from litestar import Litestar, get
from litestar.handlers import HTTPRouteHandler

from trilha.entrypoints.http.answers import Answer
from trilha.entrypoints.http.call import Call
from trilha.entrypoints.http.documentation import openapi_config
from trilha.entrypoints.http.routes import GUARDED, OPEN
from trilha.entrypoints.http.routes.pages import DOCUMENT_PATH

API_VERSION = "1"
_MEDIA_TYPE = b"application/vnd.oai.openapi+json"


@cache
def render_openapi() -> bytes:
    """The document as JSON, indented and ending in a newline."""
    documented = Litestar(
        route_handlers=[*GUARDED, *OPEN],
        request_class=Call,
        openapi_config=openapi_config(API_VERSION),
        logging_config=None,
    )
    document = msgspec.to_builtins(documented.openapi_schema.to_schema(), order="deterministic")
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


@get(DOCUMENT_PATH, include_in_schema=False)
async def show_document() -> Answer:
    """The document as served."""
    return Answer(render_openapi(), media_type=_MEDIA_TYPE)


ROUTES: tuple[HTTPRouteHandler, ...] = (show_document,)
