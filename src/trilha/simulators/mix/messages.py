"""HTTP requests and answers as the simulator's handlers see them."""

from urllib.parse import parse_qs

from msgspec import Struct, structs

from trilha.simulators.mix.wire import encode

JSON = "application/json; charset=utf-8"
TEXT = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"


class Request(Struct, frozen=True):
    """One request; header names are in lower case."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    def parameters(self) -> dict[str, str]:
        """The query string, last value of each name."""
        return {name: values[-1] for name, values in parse_qs(self.query, keep_blank_values=True).items()}


class Response(Struct, frozen=True):
    """One answer, and how to spoil its delivery."""

    status: int
    body: bytes = b""
    content_type: str = JSON
    headers: dict[str, str] = {}
    wait_s: float = 0.0
    """Silence before the first byte."""
    cut: bool = False
    """Close the connection after half of the announced bytes of the body."""
    never_answer: bool = False
    """Close the connection after `wait_s` without a byte."""

    def but(self, **changes: object) -> "Response":
        """A copy with some members replaced."""
        return structs.replace(self, **changes)


def json_response(payload: object, *, explicit_nulls: bool = False) -> Response:
    """200 with compact JSON."""
    return Response(200, encode(payload, explicit_nulls=explicit_nulls))


def refusal(status: int, exception: str, message: str, **headers: str) -> Response:
    """An error as MiX words it: the name of a .NET exception, a colon, a message, in plain text."""
    return Response(status, f"{exception}: {message}".encode(), TEXT, headers)


NOT_AUTHORISED = refusal(401, "UnauthorizedAccessException", "Not Authorised")
