"""Faults on demand: what to break, where, and how often."""

from collections.abc import Iterable
from enum import StrEnum, auto

from msgspec import Struct, structs


class Route(StrEnum):
    """The routes that are served, as counted and as named in faults."""

    DISCOVERY = auto()
    TOKEN = auto()
    VERSION = auto()
    ORGANISATIONS = auto()
    SUBGROUPS = auto()
    GROUP = auto()
    ORGANISATION_DETAILS = auto()
    ASSETS = auto()
    ASSET = auto()
    GROUP_ASSET = auto()
    DRIVERS = auto()
    GROUP_DRIVERS = auto()
    DRIVER = auto()
    LIBRARY = auto()
    EVENTS_SINCE = auto()
    EVENTS_SINCE_FILTERED = auto()
    EVENTS_SINCE_BY = auto()
    """By lists of groups, assets or drivers, as the other routes of this ending."""
    EVENTS_RANGE = auto()
    EVENTS_AMENDED = auto()
    POSITIONS_SINCE = auto()
    POSITIONS_SINCE_BY = auto()
    POSITIONS_RANGE = auto()
    TRIPS_SINCE = auto()
    TRIPS_SINCE_BY = auto()
    TRIPS_RANGE = auto()
    TRIPS_AMENDED = auto()
    ACTIVE_EVENTS_SINCE = auto()
    ACTIVE_EVENTS_SINCE_FILTERED = auto()
    ACTIVE_EVENTS_SINCE_BY = auto()
    UNKNOWN = auto()


class FaultKind(StrEnum):
    """What goes wrong."""

    UNAUTHORIZED = auto()
    FORBIDDEN = auto()
    TOO_MANY_REQUESTS = auto()
    """With `Retry-After` when the fault gives `retry_after_s`."""
    SERVER_ERROR = auto()
    UNAVAILABLE = auto()
    HTML = auto()
    """A login page with status 200 where JSON was due."""
    EMPTY_BODY = auto()
    """Status 200 and no body."""
    SILENT = auto()
    """No answer for `wait_s`, then the connection closes."""
    SLOW = auto()
    """The right answer after `wait_s`."""
    CUT_BODY = auto()
    """The connection closes half-way through the announced body."""
    TRUNCATED_JSON = auto()
    """Half of the JSON in a well-formed answer of that length."""
    MISSING_HEADERS = auto()
    """Neither `HasMoreItems` nor `GetSinceToken`."""
    MISSING_HAS_MORE = auto()
    MISSING_SINCE_TOKEN = auto()
    STUCK_TOKEN = auto()
    """The right page, with the token that was asked for as the next one."""
    REPEATED_PAGE = auto()
    """The same, and more is promised: whoever believes it reads this page for ever."""
    OVERSIZED_PAGE = auto()
    """Three times the quantity asked."""
    UNKNOWN_ENUM = auto()
    """Words outside the known lists in `EventCategory`, `ValueType`, `Source` and `Classification`."""
    ODD_VALUES = auto()
    """Sound JSON that breaks careless storage: NUL in a text, the first and last dates of .NET, the largest double."""
    MALFORMED_RECORD = auto()
    """One more record in the page, broken as `record` says; all sound ones are still there."""


class Malformed(StrEnum):
    """Ways in which one record of a page can be wrong."""

    MISSING_ID = auto()
    NULL_ID = auto()
    TEXT_ID = auto()
    FLOAT_ID = auto()
    ID_TOO_LARGE = auto()
    BAD_DATE = auto()
    TEXT_NUMBER = auto()
    LONE_SURROGATE = auto()
    NO_UTF8 = auto()
    WRONG_NESTING = auto()
    NOT_AN_OBJECT = auto()
    NULL = auto()


class Fault(Struct, frozen=True, forbid_unknown_fields=True):
    """Applies to the next `times` requests that it fits."""

    kind: FaultKind
    times: int = 1
    route: Route | None = None
    """Any route of the API when left out; faults of pages fit streams and ranges only, `html` the token endpoint."""
    retry_after_s: int | None = None
    wait_s: float = 30.0
    record: Malformed = Malformed.BAD_DATE


INSTEAD = frozenset(
    {
        FaultKind.UNAUTHORIZED,
        FaultKind.FORBIDDEN,
        FaultKind.TOO_MANY_REQUESTS,
        FaultKind.SERVER_ERROR,
        FaultKind.UNAVAILABLE,
        FaultKind.HTML,
        FaultKind.EMPTY_BODY,
        FaultKind.SILENT,
    }
)
"""Kinds that replace the answer."""
IN_PAGE = frozenset(
    {FaultKind.OVERSIZED_PAGE, FaultKind.UNKNOWN_ENUM, FaultKind.ODD_VALUES, FaultKind.MALFORMED_RECORD}
)
"""Kinds that change the content of a page."""
TOKENS = frozenset({FaultKind.STUCK_TOKEN, FaultKind.REPEATED_PAGE})
"""Kinds that lead the reader of pages in a circle."""
HEADERS = frozenset({FaultKind.MISSING_HEADERS, FaultKind.MISSING_HAS_MORE, FaultKind.MISSING_SINCE_TOKEN})
"""Kinds that drop headers of a page."""
ON_THE_WIRE = frozenset({FaultKind.SLOW, FaultKind.CUT_BODY, FaultKind.TRUNCATED_JSON})
"""Kinds that spoil the delivery of the right answer."""
SINCE = frozenset(route for route in Route if "_since" in route)
"""The created-since routes."""
RANGES = frozenset({Route.EVENTS_RANGE, Route.POSITIONS_RANGE, Route.TRIPS_RANGE})
AMENDED = frozenset({Route.EVENTS_AMENDED, Route.TRIPS_AMENDED})
_IDENTITY = frozenset({Route.DISCOVERY, Route.TOKEN})


class FaultBook:
    """The faults still to come, first in first out."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, *faults: Fault) -> None:
        """Queue behind those already there."""
        self._waiting += [fault for fault in faults if fault.times > 0]

    def clear(self) -> None:
        """Drop all of them."""
        self._waiting.clear()

    def waiting(self) -> list[Fault]:
        """What is still to come, `times` counted down."""
        return list(self._waiting)

    def take(self, route: Route, kinds: Iterable[FaultKind]) -> Fault | None:
        """The first fault of these kinds that fits the route, used up by one."""
        for place, fault in enumerate(self._waiting):
            if fault.kind in kinds and _fits(fault, route):
                left = structs.replace(fault, times=fault.times - 1)
                self._waiting[place : place + 1] = [left] if left.times else []
                return fault
        return None


def _fits(fault: Fault, route: Route) -> bool:
    if fault.kind in IN_PAGE and route not in SINCE | RANGES:
        return False
    if fault.kind in HEADERS | TOKENS and route not in SINCE:
        return False
    if fault.route is not None:
        return fault.route is route
    if fault.kind is FaultKind.HTML:
        return route is Route.TOKEN
    return route not in _IDENTITY
