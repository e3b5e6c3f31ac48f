"""Turning whatever is raised into a problem. What nobody expected is logged whole and answered without detail."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap

from trilha.domain.kernel import DomainError, InvalidValue
from trilha.entrypoints.http.call import context_of
from trilha.entrypoints.http.problems import MEDIA_TYPE, FieldError, Refusal, encode_problem
from trilha.entrypoints.http.statuses import RETRY_AFTER_S, STATUS_OF_CODE

AnyRequest = Request[Any, Any, Any]
_log = structlog.stdlib.get_logger("trilha.http")

_CODES = {
    HTTPStatus.BAD_REQUEST: "request.malformed",
    HTTPStatus.NOT_FOUND: "route.not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "route.method_not_allowed",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "request.body_too_large",
}


def answer_refusal(request: AnyRequest, refusal: Refusal) -> Response[bytes]:
    """A problem as an answer."""
    return Response(
        encode_problem(refusal, context_of(request.scope).request_id),
        status_code=refusal.status,
        media_type=MEDIA_TYPE,
        headers=dict(refusal.headers),
    )


def answer_domain_error(request: AnyRequest, error: DomainError) -> Response[bytes]:
    """A named rule said no."""
    status = STATUS_OF_CODE.get(error.code, HTTPStatus.INTERNAL_SERVER_ERROR)
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        return answer_surprise(request, error)
    errors = (_field_error(request, error),) if isinstance(error, InvalidValue) else ()
    headers = (("Retry-After", _wait_of(error)),) if status == HTTPStatus.SERVICE_UNAVAILABLE else ()
    return answer_refusal(request, Refusal(status, error.code, str(error), errors=errors, headers=headers))


def answer_http_exception(request: AnyRequest, error: HTTPException) -> Response[bytes]:
    """The framework turned the request away: no such route, wrong method, body too large."""
    status = HTTPStatus(error.status_code)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return answer_surprise(request, error)
    code = _CODES.get(status, "request.refused")
    headers = tuple((error.headers or {}).items())
    return answer_refusal(request, Refusal(status, code, _explain(request, status, error), headers=headers))


def answer_surprise(request: AnyRequest, error: Exception) -> Response[bytes]:
    """A mistake of ours: the log has it all, the client has the request id."""
    _log.error("http.unexpected", exc_info=error)
    detail = "something went wrong here; the log has it under this request id"
    return answer_refusal(request, Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", detail))


EXCEPTION_HANDLERS: ExceptionHandlersMap = {
    Refusal: answer_refusal,
    DomainError: answer_domain_error,
    HTTPException: answer_http_exception,
    Exception: answer_surprise,
}


def _field_error(request: AnyRequest, error: InvalidValue) -> FieldError:
    place: dict[str, str] = {"parameter": error.field}
    if error.field.lower().encode() in context_of(request.scope).headers:
        place = {"header": error.field}
    elif request.method != "GET" and error.field not in request.path_params:
        place = {"pointer": f"/{error.field}"}
    return FieldError(message=str(error), code=error.code, **place)


def _wait_of(error: DomainError) -> str:
    wanted = getattr(error, "retry_after_s", None)
    return str(max(1, round(wanted)) if isinstance(wanted, int | float) else RETRY_AFTER_S)


def _explain(request: AnyRequest, status: HTTPStatus, error: HTTPException) -> str:
    explanations: dict[HTTPStatus, Callable[[], str]] = {
        HTTPStatus.NOT_FOUND: lambda: "there is no such route; /schema lists all of them",
        HTTPStatus.METHOD_NOT_ALLOWED: lambda: f"this route does not take {request.method}; see the header Allow",
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: lambda: "the body is larger than 1 MiB",
    }
    return explanations.get(status, lambda: str(error.detail))()
