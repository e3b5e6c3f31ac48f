"""Declaring operations, with what OpenAPI says of them beyond their signatures: parameters, bodies, every problem."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

import msgspec
from litestar import HttpMethod, Response, delete, get, post, route
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig, ResponseSpec
from litestar.openapi.spec import (
    Components,
    License,
    OpenAPIFormat,
    OpenAPIHeader,
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Operation,
    Parameter,
    RequestBody,
    Schema,
    SecurityRequirement,
    SecurityScheme,
    Tag,
)

from trilha.domain.reporting import KINDS
from trilha.entrypoints.http import tenancy
from trilha.entrypoints.http.problems import MEDIA_TYPE, Problem
from trilha.entrypoints.http.reading import SOURCE_ID_SCHEMA, Query, Reader, readers_of

Decorator = Callable[[Callable[..., Any]], HTTPRouteHandler]

_OF_AN_ORGANISATION = (400, 401, 404, 500, 503)
_OPEN = (400, 500)
_TENANT = Parameter(
    name=tenancy.HEADER,
    param_in="header",
    description="Which organisation; needed where there are several",
    schema=Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.UUID),
)
_OUR_ID = ("An id of ours", Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.UUID))
_REPORT_KINDS = [one.kind for one in KINDS]
_OURS = {
    "alert_id": _OUR_ID,
    "backfill_id": _OUR_ID,
    "entry_id": _OUR_ID,
    "form_id": (
        "An id of ours; with .pdf behind it the answer is the document",
        Schema(type=OpenAPIType.STRING, pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(\.pdf)?$"),
    ),
    "event_id": _OUR_ID,
    "plan_id": _OUR_ID,
    "geofence_id": _OUR_ID,
    "job_id": _OUR_ID,
    "schedule_id": _OUR_ID,
    "kind": ("A kind of report", Schema(type=OpenAPIType.STRING, enum=_REPORT_KINDS)),
    "report": (
        "A kind of report, with the ending of a format or without",
        Schema(type=OpenAPIType.STRING, pattern=f"^({'|'.join(_REPORT_KINDS)})(\\.(json|csv|xlsx|pdf))?$"),
    ),
    "rule_id": _OUR_ID,
    "consumer": ("The name of a consumer of events", Schema(type=OpenAPIType.STRING, pattern="^[a-z0-9-]{1,100}$")),
}
"""Names in paths that are no ids of the source."""
_NOTHING_ELSE: Mapping[str, OpenAPIType] = MappingProxyType({})
_SECURITY: list[SecurityRequirement] = [{"token": []}]


def reads(
    path: str,
    operation_id: str,
    answer: type[Any],
    *,
    tag: str,
    query: type[Query] = Query,
    of_an_organisation: bool = True,
    also: Mapping[str, OpenAPIType] = _NOTHING_ELSE,
    refused: Sequence[int] = (),
) -> Decorator:
    """Declare a GET under the bearer token. `also` are media types of the answer besides JSON.

    `refused` are statuses of refusals besides the usual ones.
    """
    parameters = [*_path_parameters(path), *_query_parameters(query)]
    if of_an_organisation:
        parameters.append(_TENANT)
    return get(
        path,
        operation_id=operation_id,
        tags=[tag],
        security=_SECURITY,
        responses={200: _answer(answer), **_problems((*_OF_AN_ORGANISATION, *refused))},
        operation_class=_documented(parameters, also=also),
    )


def commands(path: str, operation_id: str, answer: type[Any], *, tag: str, body: type[Any]) -> Decorator:
    """Declare a POST with a body that hands work over and answers 202 with a Location."""
    return _writes(HttpMethod.POST, path, operation_id, answer, tag=tag, body=body, status=HTTPStatus.ACCEPTED)


def creates(path: str, operation_id: str, answer: type[Any], *, tag: str, body: type[Any]) -> Decorator:
    """Declare a POST with a body that makes a thing at once and answers 201 with its Location."""
    return _writes(HttpMethod.POST, path, operation_id, answer, tag=tag, body=body, status=HTTPStatus.CREATED)


def replaces(path: str, operation_id: str, answer: type[Any], *, tag: str, body: type[Any]) -> Decorator:
    """Declare a PUT: the thing in the path becomes what the body says."""
    return _writes(HttpMethod.PUT, path, operation_id, answer, tag=tag, body=body, status=HTTPStatus.OK)


def changes(path: str, operation_id: str, answer: type[Any], *, tag: str, body: type[Any]) -> Decorator:
    """Declare a PATCH: what the body names changes about the thing in the path."""
    return _writes(HttpMethod.PATCH, path, operation_id, answer, tag=tag, body=body, status=HTTPStatus.OK)


def decides(path: str, operation_id: str, answer: type[Any], *, tag: str, body: type[Any]) -> Decorator:
    """Declare a POST with a body that decides about the thing in its path; the same decision twice is once."""
    return _writes(HttpMethod.POST, path, operation_id, answer, tag=tag, body=body, status=HTTPStatus.OK)


def removes(path: str, operation_id: str, *, tag: str) -> Decorator:
    """Declare a DELETE of the thing in the path; answers 204."""
    return delete(
        path,
        operation_id=operation_id,
        tags=[tag],
        security=_SECURITY,
        status_code=HTTPStatus.NO_CONTENT,
        responses=_problems((*_OF_AN_ORGANISATION, 409)),
        operation_class=_documented([*_path_parameters(path), _TENANT]),
    )


def says_methods(path: str, *methods: str) -> HTTPRouteHandler:
    """What a path with several handlers takes. Litestar's own answer knows but the first; this must come before it."""

    @route(path, http_method=HttpMethod.OPTIONS, include_in_schema=False, status_code=HTTPStatus.NO_CONTENT)
    async def say_methods() -> Response[None]:
        allowed = ", ".join(sorted({"OPTIONS", *methods}))
        return Response(None, status_code=HTTPStatus.NO_CONTENT, headers={"Allow": allowed})

    return say_methods


def settles(path: str, operation_id: str, answer: type[Any], *, tag: str) -> Decorator:
    """Declare a POST without a body that decides about the thing in its path; the same decision twice is once."""
    return post(
        path,
        operation_id=operation_id,
        tags=[tag],
        security=_SECURITY,
        status_code=HTTPStatus.OK,
        responses={200: _answer(answer), **_problems((*_OF_AN_ORGANISATION, 409))},
        operation_class=_documented([*_path_parameters(path), _TENANT]),
    )


def tries(path: str, operation_id: str, answer: type[Any], *, tag: str, body: type[Any]) -> Decorator:
    """Declare a POST that changes nothing: what its body asks is answered, 200."""
    return post(
        path,
        operation_id=operation_id,
        tags=[tag],
        security=_SECURITY,
        status_code=HTTPStatus.OK,
        responses={200: _answer(answer), **_problems((*_OF_AN_ORGANISATION, 413, 415))},
        operation_class=_documented([*_path_parameters(path), _TENANT], body),
    )


def issues(path: str, operation_id: str, answer: type[Any], *, tag: str) -> Decorator:
    """Declare a POST under the bearer token that makes something small at once, from nothing, and answers 201."""
    return post(
        path,
        operation_id=operation_id,
        tags=[tag],
        security=_SECURITY,
        responses={201: _answer(answer), **_problems(_OF_AN_ORGANISATION)},
        operation_class=_documented([_TENANT]),
    )


def streams(path: str, operation_id: str, event: type[Any], *, tag: str, query: type[Query]) -> Decorator:
    """Declare a GET under the bearer token that answers with server-sent events without end; resumed by header."""
    resume = Parameter(
        name="Last-Event-ID",
        param_in="header",
        description="The id of the last event, when coming back",
        schema=Schema(type=OpenAPIType.STRING),
    )
    answer = ResponseSpec(
        event, media_type="text/event-stream", description="The data of each event", generate_examples=False
    )
    return get(
        path,
        operation_id=operation_id,
        tags=[tag],
        security=_SECURITY,
        responses={200: answer, **_problems(_OF_AN_ORGANISATION)},
        operation_class=_documented([*_query_parameters(query), resume, _TENANT]),
    )


def shows(path: str, operation_id: str, *, tag: str, responses: Mapping[int, ResponseSpec]) -> Decorator:
    """Declare a GET that is open to everybody."""
    return get(
        path,
        operation_id=operation_id,
        tags=[tag],
        security=[{}],
        responses={**responses, **_problems(_OPEN)},
        operation_class=_documented([]),
    )


def openapi_config(version: str) -> OpenAPIConfig:
    """What the document says of the whole."""
    return OpenAPIConfig(
        title="Trilha",
        version=version,
        description=(
            "Fleet and telemetry data of one organisation. Ids are strings that hold signed 64-bit integers; times are "
            "RFC 3339 in UTC. Lists are paged by cursor: pass next_cursor until it is null. Whatever is refused is a "
            "problem by RFC 9457 whose type ends in a stable code."
        ),
        license=License(name="Apache-2.0", identifier="Apache-2.0"),
        tags=[
            Tag("fleet", description="Master data: who drives what, and what an event means"),
            Tag("telemetry", description="What vehicles reported"),
            Tag("monitoring", description="What is watched: geofences, the visits to them, alert rules and alerts"),
            Tag("performance", description="What drivers and vehicles did, counted, scored and printed"),
            Tag("live", description="Where vehicles are now"),
            Tag("maintenance", description="What vehicles are due for"),
            Tag("reports", description="Tables that leave the house, at once, later, or every week"),
            Tag("etl", description="How the data come in"),
            Tag("identity", description="Whose data they are"),
            Tag("operations", description="For machines that watch this one"),
        ],
        components=Components(
            security_schemes={
                "token": SecurityScheme(
                    type="http", scheme="bearer", description="The installation's token; `trilha token` shows it"
                )
            }
        ),
        use_handler_docstrings=True,
        path="/never-served",
    )


def _writes(
    method: HttpMethod,
    path: str,
    operation_id: str,
    answer: type[Any],
    *,
    tag: str,
    body: type[Any],
    status: HTTPStatus,
) -> Decorator:
    key = Parameter(
        name="Idempotency-Key",
        param_in="header",
        description="Makes a repeated request harmless for 24 hours: the first answer is given again",
        schema=Schema(type=OpenAPIType.STRING, min_length=1, max_length=200, pattern="^[!-~]+$"),
    )
    return route(
        path,
        http_method=method,
        operation_id=operation_id,
        tags=[tag],
        security=_SECURITY,
        status_code=status,
        responses={int(status): _answer(answer), **_problems((*_OF_AN_ORGANISATION, 409, 413, 415, 422))},
        operation_class=_documented([*_path_parameters(path), key, _TENANT], body),
    )


def json_body(kind: type[Any]) -> Schema:
    """The JSON Schema of a request body, as msgspec reads it."""
    (schema,), components = msgspec.json.schema_components([kind], ref_template="{name}")
    return _as_schema(schema, components)


def _documented(
    parameters: Sequence[Parameter], body: type[Any] | None = None, also: Mapping[str, OpenAPIType] = _NOTHING_ELSE
) -> type[Operation]:
    @dataclass
    class Documented(Operation):
        def __post_init__(self) -> None:
            first, _, rest = (self.description or "").partition("\n")
            self.summary, self.description = first.rstrip("."), rest.strip() or None
            self.parameters = list(parameters) or None
            if body is not None:
                self.request_body = RequestBody(
                    content={"application/json": OpenAPIMediaType(schema=json_body(body))}, required=True
                )
                for status in {"201", "202"} & (self.responses or {}).keys():
                    made = (self.responses or {})[status]
                    if isinstance(made, OpenAPIResponse):
                        made.headers = {"Location": OpenAPIHeader(schema=Schema(type=OpenAPIType.STRING))}
            answered = (self.responses or {}).get("200")
            if isinstance(answered, OpenAPIResponse) and answered.content is not None:
                answered.content |= {kind: OpenAPIMediaType(schema=Schema(type=what)) for kind, what in also.items()}

    return Documented


def _path_parameters(path: str) -> list[Parameter]:
    names = [part[1:-1].partition(":")[0] for part in path.split("/") if part.startswith("{")]
    return [_path_parameter(name) for name in names]


def _path_parameter(name: str) -> Parameter:
    description, schema = _OURS.get(name, ("An id of the source", SOURCE_ID_SCHEMA))
    return Parameter(name=name, param_in="path", required=True, description=description, schema=schema)


def _query_parameters(query: type[Query]) -> list[Parameter]:
    return [
        Parameter(name=name, param_in="query", description=reader.description, schema=_schema_of(reader))
        for name, (_, reader) in readers_of(query).items()
    ]


def _schema_of(reader: Reader) -> Schema:
    return Schema(type=OpenAPIType.ARRAY, items=reader.schema) if reader.many else reader.schema


def _answer(kind: type[Any]) -> ResponseSpec:
    return ResponseSpec(kind, description="As asked", generate_examples=False)


def _problems(statuses: Sequence[int]) -> dict[int, ResponseSpec]:
    return {
        status: ResponseSpec(
            Problem, media_type=MEDIA_TYPE, description=HTTPStatus(status).phrase, generate_examples=False
        )
        for status in statuses
    }


def _as_schema(raw: Mapping[str, Any], components: Mapping[str, Any]) -> Schema:
    """JSON Schema as Litestar's object, references put in place; only the keywords that our bodies use."""
    if "$ref" in raw:
        return _as_schema(components[raw["$ref"]], components)

    def inner(part: Mapping[str, Any]) -> Schema:
        return _as_schema(part, components)

    more = raw.get("additionalProperties")
    return Schema(
        type=OpenAPIType(raw["type"]) if "type" in raw else None,
        description=raw.get("description"),
        enum=raw.get("enum"),
        const=raw.get("const"),
        format=raw.get("format"),
        default=raw.get("default"),
        minimum=raw.get("minimum"),
        maximum=raw.get("maximum"),
        exclusive_minimum=raw.get("exclusiveMinimum"),
        exclusive_maximum=raw.get("exclusiveMaximum"),
        min_length=raw.get("minLength"),
        max_length=raw.get("maxLength"),
        pattern=raw.get("pattern"),
        any_of=[inner(part) for part in raw["anyOf"]] if "anyOf" in raw else None,
        prefix_items=[inner(part) for part in raw["prefixItems"]] if "prefixItems" in raw else None,
        items=inner(raw["items"]) if raw.get("items") else None,
        min_items=raw.get("minItems"),
        max_items=raw.get("maxItems"),
        properties={name: inner(part) for name, part in raw["properties"].items()} if "properties" in raw else None,
        required=raw.get("required") or None,
        additional_properties=inner(more) if isinstance(more, Mapping) else more,
    )
