"""What clients get instead of an answer: problems by RFC 9457, never a traceback."""

from http import HTTPStatus
from typing import Annotated

import msgspec

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:trilha:problem:"
_encoder = msgspec.json.Encoder()


class FieldError(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing wrong with a request: exactly one of the first three says where."""

    message: str
    code: str
    pointer: str | None = None
    """JSON Pointer into the body."""
    parameter: str | None = None
    """Name of a parameter of the query or of the path."""
    header: str | None = None
    """Name of a header."""


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a request was not fulfilled. `type` ends in a stable code; `detail` is for the person who can act."""

    type: Annotated[str, msgspec.Meta(pattern=f"^{TYPE_PREFIX}")]
    title: str
    status: Annotated[int, msgspec.Meta(ge=400, le=599)]
    detail: str
    request_id: str | None = None
    errors: tuple[FieldError, ...] = ()


class Refusal(Exception):
    """A request that the edge itself turns away, before any use case."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: tuple[FieldError, ...] = (),
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = errors
        self.headers = headers


def bad_parameter(name: str, code: str, message: str) -> Refusal:
    """A parameter of the query or the path that cannot be read."""
    return Refusal(
        HTTPStatus.BAD_REQUEST, code, message, errors=(FieldError(message=message, code=code, parameter=name),)
    )


def bad_header(name: str, code: str, message: str) -> Refusal:
    """A header that cannot be read, or is missing."""
    return Refusal(HTTPStatus.BAD_REQUEST, code, message, errors=(FieldError(message=message, code=code, header=name),))


def bad_body(pointer: str, code: str, message: str) -> Refusal:
    """A body that is not what the operation takes."""
    return Refusal(
        HTTPStatus.BAD_REQUEST, code, message, errors=(FieldError(message=message, code=code, pointer=pointer),)
    )


def encode_problem(refusal: Refusal, request_id: str | None) -> bytes:
    """The body of a problem; what JSON cannot hold (lone surrogates) is replaced, never a second failure."""
    problem = Problem(
        type=TYPE_PREFIX + refusal.code,
        title=HTTPStatus(refusal.status).phrase,
        status=int(refusal.status),
        detail=_printable(refusal.detail),
        request_id=request_id,
        errors=tuple(msgspec.structs.replace(error, message=_printable(error.message)) for error in refusal.errors),
    )
    return _encoder.encode(problem)


def _printable(text: str) -> str:
    return text.encode(errors="replace").decode()
