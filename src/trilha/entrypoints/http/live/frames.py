"""What clients get: a snapshot first, then positions as they come, each with the cursor to resume from."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

import msgspec

from trilha.application.telemetry.views import VehiclePositionView
from trilha.domain.kernel import InvalidValue

_CURSOR = re.compile(r"[0-9]{1,40}")
_encoder = msgspec.json.Encoder()
Kind = Literal["snapshot", "positions", "heartbeat"]


class LiveUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """A message to a client. With a snapshot, forget what was before; `collapsed` tells that some were left out.

    Only positions that a newer one of the same vehicle made useless are ever left out.
    """

    type: Kind
    cursor: str
    positions: tuple[VehiclePositionView, ...] = ()
    collapsed: bool = False


class _Encoded(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A LiveUpdate whose positions are JSON already."""

    type: Kind
    cursor: str
    positions: list[msgspec.Raw]
    collapsed: bool = False


class Place(msgspec.Struct, frozen=True, gc=False):
    """The last known position of a vehicle, ready to send. `sequence` is that of the message that brought it."""

    sequence: int
    vehicle_id: int
    moment: tuple[datetime, int]
    raw: msgspec.Raw


class Frame(msgspec.Struct, frozen=True, gc=False):
    """A LiveUpdate as bytes, made once for all who get it; `cursor` is the sequence it reaches."""

    kind: Kind
    cursor: int
    body: bytes
    text: str


def frame(kind: Kind, cursor: int, places: Iterable[Place], *, collapsed: bool = False) -> Frame:
    """Encode once."""
    positions = [place.raw for place in places]
    body = _encoder.encode(_Encoded(type=kind, cursor=str(cursor), positions=positions, collapsed=collapsed))
    return Frame(kind, cursor, body, body.decode())


def place_of(sequence: int, view: VehiclePositionView) -> Place:
    """A position as a channel keeps it."""
    moment = (view.occurred_at, int(view.id))
    return Place(sequence, int(view.vehicle_id), moment, msgspec.Raw(_encoder.encode(view)))


def parse_cursor(text: str, field: str) -> int:
    """A cursor that a client gives back; raises InvalidValue."""
    if not _CURSOR.fullmatch(text):
        raise InvalidValue(field, text, "the cursor of a live message, 1 to 40 digits")
    return int(text)
