"""What clients of the live feed may ask for."""

from typing import Annotated

from litestar.openapi.spec import OpenAPIType, Schema

from trilha.domain.kernel import InvalidValue, parse_source_id
from trilha.entrypoints.http.live.filters import Wanted
from trilha.entrypoints.http.live.frames import parse_cursor
from trilha.entrypoints.http.problems import bad_parameter
from trilha.entrypoints.http.reading import SOURCE_ID_SCHEMA, Query, Reader

MAX_WAIT_S = 30
DEFAULT_WAIT_S = 25
MAX_TICKET_CHARS = 200


def _wait(text: str, field: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MAX_WAIT_S)) and int(text) <= MAX_WAIT_S):
        raise InvalidValue(field, text, f"0 to {MAX_WAIT_S}, in seconds")
    return int(text)


def _ticket(text: str, field: str) -> str:
    if len(text) > MAX_TICKET_CHARS:
        raise InvalidValue(field, "...", f"a ticket, which has fewer than {MAX_TICKET_CHARS} characters")
    return text


def _ids_of(what: str, described: str) -> Reader:
    return Reader(parse_source_id, SOURCE_ID_SCHEMA, f"Ids of {what}{described}; repeat it for several", many=True)


Groups = Annotated[tuple[int, ...], _ids_of("groups", ": their vehicles, and those of all groups below")]
Vehicles = Annotated[tuple[int, ...], _ids_of("vehicles", ", beside those of the groups")]
After = Annotated[
    int,
    Reader(
        parse_cursor,
        Schema(type=OpenAPIType.STRING, pattern="^[0-9]{1,40}$"),
        "The cursor of the last message: what came after it, or a snapshot if that is no longer kept",
    ),
]
Wait = Annotated[
    int,
    Reader(
        _wait,
        Schema(type=OpenAPIType.INTEGER, minimum=0, maximum=MAX_WAIT_S, default=DEFAULT_WAIT_S),
        "Seconds to wait for news",
    ),
]
Ticket = Annotated[str, Reader(_ticket, Schema(type=OpenAPIType.STRING), "A ticket of POST /v1/live/tickets")]


class LiveQuery(Query, frozen=True, kw_only=True):
    """Which vehicles, and since when."""

    group: Groups = ()
    vehicle: Vehicles = ()
    after: After | None = None

    @property
    def wanted(self) -> Wanted:
        """The filter."""
        return Wanted(frozenset(self.group), frozenset(self.vehicle))


class PollQuery(LiveQuery, frozen=True, kw_only=True):
    """And how long to wait for news."""

    wait: Wait = DEFAULT_WAIT_S


class SocketQuery(LiveQuery, frozen=True, kw_only=True):
    """And who asks."""

    ticket: Ticket = ""

    def __post_init__(self) -> None:
        """A socket has no other way to tell who it is."""
        if not self.ticket:
            told = "this needs a ticket of POST /v1/live/tickets, as the parameter ticket"
            raise bad_parameter("ticket", "auth.missing_ticket", told)
