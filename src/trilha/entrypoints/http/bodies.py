"""Reading JSON bodies: what is wrong with one is told with a pointer to the place."""

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import TypeVar

import msgspec
from litestar.exceptions.http_exceptions import RequestEntityTooLarge

from trilha.entrypoints.http.answers import JSON
from trilha.entrypoints.http.call import Call
from trilha.entrypoints.http.problems import Refusal, bad_body

MAX_BODY_BYTES = 1024 * 1024
MAX_DRAINED_BYTES = 16 * MAX_BODY_BYTES
"""How much of an oversized body is read and dropped so that the refusal arrives; beyond it the connection ends."""
_AT = re.compile(r" - at `(?:key in )?(\$[^`]*)`$")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
Body = TypeVar("Body")


async def read_json(request: Call, kind: type[Body], *, media_types: Sequence[bytes] = (JSON,)) -> tuple[bytes, Body]:
    """The body as it came and as `kind`; raises Refusal for another content type and for what is no such JSON."""
    declared = request.header(b"content-type") or b""
    if declared.partition(b";")[0].strip().lower() not in media_types:
        raise Refusal(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "request.unsupported_media_type",
            f"the body is declared as {declared.decode('latin-1')[:60]!r}; "
            f"expected {' or '.join(one.decode() for one in media_types)}",
            headers=(("Accept", ", ".join(one.decode() for one in media_types)),),
        )
    raw = await _bytes_of(request)
    try:
        return raw, msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError as error:
        message, pointer = _located(str(error))
        raise bad_body(pointer, "invalid_value", message) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise bad_body("", "request.malformed_json", f"the body is not JSON: {error}") from None


async def _bytes_of(request: Call) -> bytes:
    try:
        return await request.body()
    except RequestEntityTooLarge:
        # An answer while the client still sends ends in a reset connection, and the client never reads it.
        await _drain(request)
        raise


async def _drain(request: Call) -> None:
    dropped_bytes = 0
    while dropped_bytes < MAX_DRAINED_BYTES:
        message = await request.receive()
        if message["type"] != "http.request" or not message["more_body"]:
            return
        dropped_bytes += len(message["body"])


def _located(text: str) -> tuple[str, str]:
    """Tell msgspec's `Expected int - at $.kinds[0]` apart into the message and a JSON Pointer."""
    found = _AT.search(text)
    if found is None:
        return text, ""
    steps = (name or index for name, index in _STEP.findall(found[1]))
    return text[: found.start()], "".join(f"/{step.replace('~', '~0').replace('/', '~1')}" for step in steps)
