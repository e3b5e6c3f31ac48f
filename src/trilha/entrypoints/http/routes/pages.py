"""Pages for people: a front door, and the API to browse and try. They load nothing from elsewhere."""

from functools import cache
from importlib.resources import files

from litestar import get
from litestar.handlers import HTTPRouteHandler

from trilha.entrypoints.http import pages
from trilha.entrypoints.http.answers import Answer

DOCUMENT_PATH = "/schema/openapi.json"
_HTML = b"text/html; charset=utf-8"
_ASSETS = {
    "/": ("landing.html", _HTML),
    "/schema": ("explorer.html", _HTML),
    "/docs": ("explorer.html", _HTML),  # where people look first
} | {
    f"/schema/{name}": (name, media_type)
    for name, media_type in (
        ("explorer.js", b"text/javascript; charset=utf-8"),
        ("pages.css", b"text/css; charset=utf-8"),
        ("trilha.svg", b"image/svg+xml"),
    )
}


@cache
def _content(name: str) -> bytes:
    return files(pages).joinpath(name).read_bytes()


def _asset(path: str, name: str, media_type: bytes) -> HTTPRouteHandler:
    @get(path, include_in_schema=False, name=f"page:{path}")
    async def show() -> Answer:
        return Answer(_content(name), media_type=media_type)

    return show


ROUTES = tuple(_asset(path, name, media_type) for path, (name, media_type) in _ASSETS.items())
