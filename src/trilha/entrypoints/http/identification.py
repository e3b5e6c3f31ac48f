"""Telling requests apart: the id a client may choose, and the W3C trace it may be part of."""

import os
import re

import msgspec

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._:-]{1,128}")
_TRACEPARENT = re.compile(rb"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(?:-.*)?")


class Identification(msgspec.Struct, frozen=True, gc=False):
    """`request_id` is the client's own, or the trace id; `traceparent` names this server's span."""

    request_id: str
    trace_id: str
    traceparent: bytes


def identify(request_id: bytes | None, traceparent: bytes | None) -> Identification:
    """Follow what the client says where it is well formed, else begin a new trace."""
    random = os.urandom(24).hex()
    flags, trace_id = b"00", random[:32]
    if traceparent is not None and (match := _TRACEPARENT.fullmatch(traceparent)):
        trace_id, flags = match[1].decode(), match[2]
    known = request_id.decode() if request_id is not None and _REQUEST_ID.fullmatch(request_id) else trace_id
    return Identification(
        request_id=known,
        trace_id=trace_id,
        traceparent=b"00-%b-%b-%b" % (trace_id.encode(), random[32:].encode(), flags),
    )
