"""One request, as handlers see it."""

import hashlib
import re
from collections.abc import Sequence
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from litestar import Request
from litestar.datastructures import State
from litestar.types import Scope

from trilha.application.ports import IdempotencyScope
from trilha.domain.identity import Organisation
from trilha.domain.kernel import OrganisationId, parse_source_id
from trilha.entrypoints.http.feed_gauges import FeedGauges
from trilha.entrypoints.http.live.hub import Hub
from trilha.entrypoints.http.live.tickets import Tickets
from trilha.entrypoints.http.metrics import RequestMetrics
from trilha.entrypoints.http.parts import HttpParts
from trilha.entrypoints.http.problems import bad_header
from trilha.entrypoints.http.reading import Query, parse_uuid
from trilha.entrypoints.http.tenancy import Tenancy

KEY_HEADER = "Idempotency-Key"
_KEY = re.compile(rb"[!-~]{1,200}")
Asked = TypeVar("Asked", bound=Query)


class Serving(msgspec.Struct, frozen=True):
    """What lives as long as the application does."""

    parts: HttpParts
    tenancy: Tenancy
    metrics: RequestMetrics
    feed: FeedGauges
    hub: Hub
    tickets: Tickets


class CallContext:
    """What the edge learnt of a request before anything else ran."""

    __slots__ = ("headers", "request_id", "serving")

    def __init__(self, serving: Serving, headers: dict[bytes, bytes], request_id: str) -> None:
        self.serving = serving
        self.headers = headers
        self.request_id = request_id


class Call(Request[Any, Any, State]):
    """A request with the ways to read it that our operations share."""

    @property
    def parts(self) -> HttpParts:
        """Queries and use cases."""
        return context_of(self.scope).serving.parts

    @property
    def serving(self) -> Serving:
        """What all requests share."""
        return context_of(self.scope).serving

    async def organisations(self) -> Sequence[Organisation]:
        """Every organisation, oldest first."""
        return await context_of(self.scope).serving.tenancy.all()

    async def organisation(self) -> OrganisationId:
        """Whose data are asked for; see Tenancy."""
        context = context_of(self.scope)
        return await context.serving.tenancy.pick(context.headers.get(b"trilha-organisation"))

    def asks(self, kind: type[Asked]) -> Asked:
        """The query string as `kind`; raises InvalidValue or Refusal naming the parameter."""
        return kind.parse(self.scope["query_string"])

    def source_id(self, name: str) -> int:
        """An id in the path; raises InvalidValue."""
        return parse_source_id(self.scope["path_params"][name], name)

    def uuid(self, name: str, *, ending: str = "") -> UUID:
        """An id of ours in the path, with or without an ending; raises InvalidValue."""
        return parse_uuid(self.scope["path_params"][name].removesuffix(ending), name)

    def header(self, name: bytes) -> bytes | None:
        """A header by its name in lower case."""
        return context_of(self.scope).headers.get(name)

    def scope_of(self, organisation_id: OrganisationId, body: bytes) -> IdempotencyScope | None:
        """What makes this command repeatable, if the client gave it a key."""
        key = self.idempotency_key()
        if key is None:
            return None
        return IdempotencyScope(
            organisation_id=organisation_id,
            user="token",
            route=f"{self.method} {self.scope['path']}",
            key=key,
            body_digest=hashlib.sha256(body).hexdigest(),
        )

    def idempotency_key(self) -> str | None:
        """The key that makes a command repeatable; raises Refusal for one that is not printable ASCII."""
        key = self.header(b"idempotency-key")
        if key is not None and not _KEY.fullmatch(key):
            message = f"{KEY_HEADER} is {key.decode('latin-1')[:60]!r}; expected 1 to 200 printable ASCII characters"
            raise bad_header(KEY_HEADER, "invalid_value", message)
        return None if key is None else key.decode()


def context_of(scope: Scope) -> CallContext:
    """The context that the edge put into the scope."""
    context: CallContext = scope["trilha"]  # type: ignore[typeddict-item] # ASGI lets servers and applications add keys
    return context
