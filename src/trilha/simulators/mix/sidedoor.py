"""The side door under `/_sim/`: time, faults, tokens, late events, counts and the truth. It needs no token.

GET    /_sim/                this list
GET    /_sim/clock           {"now"}
POST   /_sim/clock           ClockChange: {"advance_s"} or {"set", "stop"} or {"reset": true}
POST   /_sim/events          LateEvents: {"count", "late_by_s"} -> the events made; served from the next second on;
                             /_sim/positions, /_sim/trips, /_sim/activeevents likewise
POST   /_sim/amendments      Amend: {"kind": "events"|"trips", "id", "new_driver_id"}; without a driver to quarantine
POST   /_sim/spend           Spending: {"calls"}: another tool with the same credentials makes that many calls now
POST   /_sim/tokens/revoke   Revocation: {"access", "refresh"} -> {"revoked"}
GET    /_sim/faults          those still to come
POST   /_sim/faults          a list of Fault: {"kind", "times", "route", "retry_after_s", "wait_s", "record"}
DELETE /_sim/faults
GET    /_sim/behaviour
PATCH  /_sim/behaviour       any members of Behaviour
GET    /_sim/calls           calls and statuses of each route
DELETE /_sim/calls           forget them, and the quota used
GET    /_sim/truth           ?kind=events|positions|trips|activeevents (events when left out)
                             &since=&until= (ISO 8601, UTC); from the epoch (recordings: the first) to now when left out
GET    /_sim/truth/amendments  the same for the amendments of events or trips, by their dates
GET    /_sim/tracks          recordings: file, vehicle, shift in time, points, trips, points dropped; files ignored
"""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Protocol, TypeVar

import msgspec
from msgspec import Meta, Struct

from trilha.simulators.mix.amendments import AmendmentTruth
from trilha.simulators.mix.faults import Fault, FaultBook, Route
from trilha.simulators.mix.messages import TEXT, Request, Response, json_response
from trilha.simulators.mix.records import Kind
from trilha.simulators.mix.scenario import Behaviour
from trilha.simulators.mix.tracked import Tracks
from trilha.simulators.mix.truth import Truth
from trilha.simulators.mix.wire import Amendment, Streamed

Shape = TypeVar("Shape")


class ClockChange(Struct, frozen=True, forbid_unknown_fields=True):
    """Shift, set (and stop) or reset the clock."""

    advance_s: float | None = None
    set: Annotated[datetime, Meta(tz=True)] | None = None
    stop: bool = False
    reset: bool = False


class LateEvents(Struct, frozen=True, forbid_unknown_fields=True):
    """Records that the server creates now and that happened before."""

    count: Annotated[int, Meta(ge=1, le=100_000)] = 1
    late_by_s: Annotated[float, Meta(ge=0)] = 86_400.0
    kind: Kind = Kind.EVENTS


class Amend(Struct, frozen=True, forbid_unknown_fields=True):
    """A record to amend, by the id it was sent with."""

    id: int
    kind: Kind = Kind.EVENTS
    new_driver_id: int | None = None


class Spending(Struct, frozen=True, forbid_unknown_fields=True):
    """Calls of somebody else."""

    calls: Annotated[int, Meta(ge=1)]


class Revocation(Struct, frozen=True, forbid_unknown_fields=True):
    """Which tokens lose their worth."""

    access: bool = True
    refresh: bool = False


class RouteCalls(Struct):
    """How often a route was called, and what it answered (0: a connection closed without an answer)."""

    calls: int = 0
    statuses: Counter[int] = msgspec.field(default_factory=Counter)


class Controls(Protocol):
    """What the side door works on; the simulator itself offers the same to tests in its process."""

    faults: FaultBook
    behaviour: Behaviour
    tracks: Tracks

    def now(self) -> datetime:
        """The simulated time."""
        ...

    def change_clock(self, change: ClockChange) -> datetime:
        """Returns the time after the change."""
        ...

    def add_late_events(self, request: LateEvents) -> list[Streamed]:
        """Returns the records made."""
        ...

    def revoke_tokens(self, *, access: bool = True, refresh: bool = False) -> int:
        """Returns how many."""
        ...

    def calls(self) -> dict[Route, RouteCalls]:
        """Counts since the start or the last reset."""
        ...

    def reset_calls(self) -> None:
        """Forget the counts and the quota used."""
        ...

    def truth(self, since: datetime | None = None, until: datetime | None = None, kind: Kind = Kind.EVENTS) -> Truth:
        """What a lossless consumer of that span holds."""
        ...

    def amend(self, request: Amend) -> Amendment:
        """Returns the amendment made."""
        ...

    def amendment_truth(
        self, since: datetime | None = None, until: datetime | None = None, kind: Kind = Kind.EVENTS
    ) -> AmendmentTruth:
        """What the amendments of that span come to."""
        ...

    def spend(self, calls: int) -> None:
        """Use up some of the quota."""
        ...


class SideDoor:
    """Answers requests under `/_sim/`."""

    def __init__(self, controls: Controls) -> None:
        self._controls = controls
        self._routes: dict[tuple[str, str], Callable[[Request], object]] = {
            ("GET", "/_sim/clock"): lambda _: {"now": controls.now()},
            ("POST", "/_sim/clock"): lambda request: {"now": controls.change_clock(_body(request, ClockChange))},
            **{("POST", f"/_sim/{kind}"): partial(self._add, kind) for kind in Kind},
            ("POST", "/_sim/tokens/revoke"): self._revoke,
            ("GET", "/_sim/faults"): lambda _: controls.faults.waiting(),
            ("POST", "/_sim/faults"): self._add_faults,
            ("DELETE", "/_sim/faults"): self._clear_faults,
            ("GET", "/_sim/behaviour"): lambda _: controls.behaviour,
            ("PATCH", "/_sim/behaviour"): self._change_behaviour,
            ("GET", "/_sim/calls"): lambda _: controls.calls(),
            ("DELETE", "/_sim/calls"): self._reset_calls,
            ("GET", "/_sim/truth"): lambda request: controls.truth(*_span(request)),
            ("GET", "/_sim/truth/amendments"): lambda request: controls.amendment_truth(*_span(request)),
            ("POST", "/_sim/amendments"): lambda request: controls.amend(_body(request, Amend)),
            ("GET", "/_sim/tracks"): lambda _: controls.tracks,
            ("POST", "/_sim/spend"): self._spend,
        }

    def answer(self, request: Request) -> Response:
        """400 names what is wrong with the request; unknown paths show the list."""
        handler = self._routes.get((request.method, request.path))
        if handler is None:
            status = 200 if request.path in {"/_sim", "/_sim/"} else 404
            return Response(status, (__doc__ or "").encode(), TEXT)
        try:
            return json_response(handler(request))
        except (msgspec.MsgspecError, ValueError) as error:
            return Response(400, str(error).encode(), TEXT)

    def _add(self, kind: Kind, request: Request) -> object:
        return self._controls.add_late_events(msgspec.structs.replace(_body(request, LateEvents), kind=kind))

    def _revoke(self, request: Request) -> object:
        asked = _body(request, Revocation)
        return {"revoked": self._controls.revoke_tokens(access=asked.access, refresh=asked.refresh)}

    def _add_faults(self, request: Request) -> object:
        self._controls.faults.add(*_body(request, list[Fault]))
        return self._controls.faults.waiting()

    def _clear_faults(self, _: Request) -> object:
        self._controls.faults.clear()
        return []

    def _change_behaviour(self, request: Request) -> object:
        changes = _body(request, dict[str, object])
        self._controls.behaviour = msgspec.convert(
            msgspec.structs.asdict(self._controls.behaviour) | changes, Behaviour
        )
        return self._controls.behaviour

    def _reset_calls(self, _: Request) -> object:
        self._controls.reset_calls()
        return {}

    def _spend(self, request: Request) -> object:
        self._controls.spend(_body(request, Spending).calls)
        return {}


def _span(request: Request) -> tuple[datetime | None, datetime | None, Kind]:
    asked = request.parameters()
    return _moment(asked.get("since")), _moment(asked.get("until")), Kind(asked.get("kind") or Kind.EVENTS)


def _body(request: Request, shape: type[Shape]) -> Shape:
    return msgspec.json.decode(request.body or b"{}", type=shape)


def _moment(text: str | None) -> datetime | None:
    """No zone means UTC."""
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
